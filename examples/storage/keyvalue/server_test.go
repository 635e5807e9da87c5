package keyvalue

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// backend is a Server whose process may die before and after a push is stored.
type backend struct {
	*Server
	path string
	env  *mergetest.Env
}

// openBackend opens a file for the kit, without waiting for the disk: the crashes of the kit
// end a process, not the machine.
func openBackend(path string, env *mergetest.Env) (mergetest.Backend, error) {
	s, err := Open(path, env.Now)
	if err != nil {
		return nil, err
	}
	s.PageSize, s.db.NoSync, s.db.NoFreelistSync = 1, true, true
	return backend{s, path, env}, nil
}

func (b backend) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	b.env.Pause()
	if err := b.env.Crash(); err != nil {
		return nil, err
	}
	answer, err := b.Server.Push(client, batch)
	b.env.Pause()
	if err := b.env.Crash(); err != nil {
		return nil, err
	}
	return answer, err
}

// Restart opens the file of this backend again.
func (b backend) Restart() (mergetest.Backend, error) {
	if err := b.Server.Close(); err != nil {
		return nil, err
	}
	return openBackend(b.path, b.env)
}

// Close removes the file as well, because the kit repeats a failing run thousands of times.
func (b backend) Close() error {
	if err := b.Server.Close(); err != nil {
		return err
	}
	return os.Remove(b.path)
}

func TestConvergence(t *testing.T) {
	dir, files := t.TempDir(), 0
	mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
		files++
		return openBackend(filepath.Join(dir, fmt.Sprint(files)), env)
	}, mergetest.Options{Seeds: 40})
}

var (
	ana  = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	noon = clock.MustParseTimestamp("2026-03-02T12:00:00Z")
)

func open(t *testing.T) *Server {
	s, err := Open(filepath.Join(t.TempDir(), "sync.db"), func() time.Time { return noon.Time() })
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// task is an item that sets the title of a task.
func task(t *testing.T, id string, by clock.Stamp) []byte {
	m, err := record.New(record.Key{Table: "tasks", ID: id}).Edit(by).Set("title", "Paint the fence").Mutation()
	require.NoError(t, err)
	return m.AppendJSON(nil)
}

func TestConcurrentPushesAreAllStored(t *testing.T) {
	const clients, pushes = 4, 10
	s := open(t)
	s.db.NoSync = true
	var group sync.WaitGroup
	for c := range clients {
		client := clock.ClientID{byte(c + 1)}
		for i := range pushes {
			batch := task(t, fmt.Sprint(i), clock.Stamp{Time: noon + clock.Timestamp(i), Client: client})
			group.Go(func() {
				_, err := s.Push(client, batch)
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
	lines, _, err := s.Pull(ana, "")
	require.NoError(t, err)
	require.Equal(t, pushes, strings.Count(string(lines), "\n"))
	require.Equal(t, pushes, strings.Count(string(lines), clock.ClientID{clients}.String()), "the greatest client ID must win each tie")
}

func TestPullRefusesUnknownCursors(t *testing.T) {
	s := open(t)
	_, err := s.Push(ana, task(t, "1", clock.Stamp{Time: noon, Client: ana}))
	require.NoError(t, err)
	for _, cursor := range []string{"2", "-1", "x"} {
		_, _, err := s.Pull(ana, cursor)
		require.ErrorIs(t, err, ErrCursor, cursor)
	}
	_, next, err := s.Pull(ana, "1")
	require.NoError(t, err)
	require.Equal(t, "1", next)
}

func TestMalformedBatchIsRefusedAsAWhole(t *testing.T) {
	s := open(t)
	_, err := s.Push(ana, []byte(`{"table":`))
	var malformed *record.Error
	require.ErrorAs(t, err, &malformed)
	lines, next, err := s.Pull(ana, "")
	require.NoError(t, err)
	require.Empty(t, lines)
	require.Empty(t, next)
}

func TestKeysOfDifferentRecordsDiffer(t *testing.T) {
	require.NotEqual(t, recordKey(record.Key{Table: "a", ID: "b/c"}), recordKey(record.Key{Table: "a/b", ID: "c"}))
}

// TestServerWriteWinsOverStampsAheadOfItsClock: a stored stamp may be some minutes ahead.
func TestServerWriteWinsOverStampsAheadOfItsClock(t *testing.T) {
	s := open(t)
	ahead := noon + clock.TimestampOf(time.Unix(60, 0))
	_, err := s.Push(ana, task(t, "1", clock.Stamp{Time: ahead, Client: ana}))
	require.NoError(t, err)
	require.NoError(t, s.Write(record.Key{Table: "tasks", ID: "1"}, "title", record.MustOf("Done")))
	lines, _, err := s.Pull(ana, "")
	require.NoError(t, err)
	require.Contains(t, string(lines), `"value":"Done"`)
}
