package check

import (
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// TestMarkReason: a client from which nothing was accepted has no time.
func TestMarkReason(t *testing.T) {
	ana := oracle.Write{Stamp: oracle.Stamp{Time: schedule.Start().UnixNano(), Client: schedule.ClientID(0, 0)}}
	for _, test := range []struct {
		sure time.Duration // since the start
		want string
	}{
		{-time.Second, "what was accepted from ana before ends at -1s, below this edit"},
		{time.Second, "what was accepted from ana before reaches up to +1s, so this edit may have come before"},
	} {
		if got := markReason(oracle.Mark{Sure: schedule.Start().Add(test.sure).UnixNano()}, ana); got != test.want {
			t.Error(got)
		}
	}
	if got := markReason(oracle.Mark{}, ana); got != "nothing was accepted from ana before" {
		t.Error(got)
	}
}
