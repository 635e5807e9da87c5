package remote_test

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// diskOf makes a client store its entries in a file, and returns the name of the file.
func diskOf(t *testing.T, c *remote.Client) (name string) {
	name = filepath.Join(t.TempDir(), "replica")
	disk := make(map[string]string)
	c.Save = func(entries []replica.Entry) error {
		for _, e := range entries {
			if disk[e.Key] = e.Value; e.Value == "" {
				delete(disk, e.Key)
			}
		}
		var lines []byte
		for _, key := range slices.Sorted(maps.Keys(disk)) {
			lines = append(append(append(append(lines, key...), '\t'), disk[key]...), '\n')
		}
		return os.WriteFile(name, lines, 0o600)
	}
	return name
}

// book edits the meetings "gone" and "kept", which are in conflict. Each value of the meeting "gone",
// and nothing else, contains the text "covert".
func book(t *testing.T, c *remote.Client, by string) {
	t.Helper()
	now := time.Now().Add(24 * time.Hour)
	slot := record.MustOf(rooms.Slot{Room: "Lind", Start: now, End: now.Add(48 * time.Hour)})
	for id, text := range map[string]string{"gone": "covert-" + by, "kept": "kept-" + by} {
		require.NoError(t, c.Replica.Edit(record.Key{Table: rooms.Table, ID: id}, map[string]record.Value{
			rooms.FieldTitle: record.MustOf(text), rooms.FieldSlot: slot, text: record.MustOf(true),
		}))
	}
}

// TestNextPullErasesWhatAClientStored erases a record. Each client has stored it in a different state:
// as pulled, with the reasons of its values, as accepted and not pulled, or in its outbox. After its
// next sync, no client may have any of it in its storage, even if the server was restored meanwhile.
func TestNextPullErasesWhatAClientStored(t *testing.T) {
	for _, isRestored := range []bool{false, true} {
		ctx := t.Context()
		d, err := syncserver.OpenDatabase(ctx, filepath.Join(t.TempDir(), "server.db"))
		require.NoError(t, err)
		defer d.Close()
		s, err := syncserver.New(ctx, d, syncserver.Options{
			Open: "demo", Rules: rooms.Checker(), Erasures: filepath.Join(t.TempDir(), "erasures"), Log: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		h := httptest.NewServer(s.Handler())
		defer h.Close()
		var clients []*remote.Client
		var disks []string
		for range 4 {
			c := member(t, h.URL)
			clients, disks = append(clients, c), append(disks, diskOf(t, c))
		}
		pulled, why, accepted, waiting := clients[0], clients[1], clients[2], clients[3]
		for _, c := range clients {
			book(t, c, "x")
			require.NoError(t, c.Sync(ctx))
		}
		require.NoError(t, why.Sync(ctx))
		require.NoError(t, pulled.Sync(ctx))
		book(t, accepted, "accepted")
		require.NoError(t, accepted.Push(ctx))
		book(t, waiting, "waiting")
		h.Close()
		require.Error(t, waiting.Push(ctx)) // saves the edits first
		h = httptest.NewServer(s.Handler())
		defer h.Close()
		stored := func(i int, text string) bool {
			all, err := os.ReadFile(disks[i])
			require.NoError(t, err)
			require.Contains(t, string(all), "kept-")
			return bytes.Contains(all, []byte(text))
		}
		for i := range clients {
			clients[i].Server.URL = h.URL
			require.True(t, stored(i, "covert-x"))
		}
		require.True(t, stored(2, "accepted/") && stored(2, "covert-accepted"))
		require.True(t, stored(3, "outbox/") && stored(3, "covert-waiting"))
		require.True(t, stored(1, "why/") && stored(1, violation.DefaultTable+"\x00"))

		_, err = s.Erase(ctx, "demo", record.Key{Table: rooms.Table, ID: "gone"})
		require.NoError(t, err)
		if isRestored {
			_, _, err = s.Restored(ctx)
			require.NoError(t, err)
		}
		for i, c := range clients {
			require.NoError(t, c.Sync(ctx))
			require.False(t, stored(i, "covert"), "client %d", i)
			require.NotContains(t, string(c.Replica.Shown(record.Key{Table: rooms.Table, ID: "gone"}).AppendJSON(nil)), "covert")
		}
		var told []merge.Code
		for _, n := range waiting.Replica.TakeNotices() {
			if n.Kind == replica.Refused {
				told = append(told, n.Code)
			}
		}
		require.Contains(t, told, merge.Gone, "the user is told that the waiting edit is gone")
	}
}
