package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// TestUsersOfADeviceDoNotShareAStore: only another client of the same user takes over the edits that wait.
// Entries of an earlier version belong to the first user that opens them.
func TestUsersOfADeviceDoNotShareAStore(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("secret"))
	d.save()
	for _, c := range []struct {
		id   clock.ClientID
		user string
		err  error
	}{{ana, "", nil}, {ana, "Ana", nil}, {ana, "Ben", replica.ErrUser}, {ana, "", nil}, {ben, "Ben", replica.ErrUser}, {ben, "Ana", nil}} {
		r, err := replica.Open(replica.Options{ID: c.id, User: c.user, Saved: entries(d.disk)})
		require.ErrorIs(t, err, c.err)
		if err == nil {
			require.Equal(t, 1, r.NumWaiting())
			write(t, d.disk, r.TakeSaves())
		} else {
			require.Nil(t, r)
			require.NotContains(t, err.Error(), "Ana")
		}
	}
}
