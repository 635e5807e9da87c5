package check

import (
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// TestMarkReasonShowsNoTimeForNewClient checks that the reason names the time of the watermark,
// unless nothing was accepted from the client.
func TestMarkReasonShowsNoTimeForNewClient(t *testing.T) {
	ana := oracle.Write{Stamp: oracle.Stamp{Time: schedule.Start().UnixNano(), Client: schedule.ClientID(0, 0)}}
	for _, test := range []struct {
		sure time.Duration // since the start of the run
		want string
	}{
		{-time.Second, "the greatest stamp accepted from ana before is -1s, below this edit"},
		{time.Second, "the greatest stamp accepted from ana before is +1s, so this edit may have arrived before"},
	} {
		if got := markReason(oracle.Mark{Sure: schedule.Start().Add(test.sure).UnixNano()}, ana); got != test.want {
			t.Error(got)
		}
	}
	if got := markReason(oracle.Mark{}, ana); got != "nothing from ana was accepted before" {
		t.Error(got)
	}
}
