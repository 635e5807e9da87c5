package memory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// backend is a server whose process may crash before and after it stores a push.
type backend struct {
	*memory.Server
	env *mergetest.Env
}

func newBackend(env *mergetest.Env) (mergetest.Backend, error) {
	return backend{&memory.Server{Now: env.Now, Imports: importIDs(), PageSize: 1}, env}, nil
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

// Import brings the rows of a source over.
func (b backend) Import(id clock.ClientID, rows []mergetest.ImportRow) error {
	source := make([]imports.Row, len(rows))
	for i, row := range rows {
		source[i] = imports.Row(row)
	}
	a, err := b.Server.Import(id, source)
	for _, r := range a.Results {
		if !r.Accepted() {
			return r.Refusal
		}
	}
	return err
}

// importIDs returns the IDs of the imports of the kit.
func importIDs() []clock.ClientID { return []clock.ClientID{mergetest.ImportID()} }

// Restart returns a new process over the same store.
func (b backend) Restart() (mergetest.Backend, error) { return b, nil }

func TestConvergence(t *testing.T) {
	var o mergetest.Options
	if testing.Short() {
		o.Seeds = 20
	}
	mergetest.Run(t, newBackend, o)
}

// taskAt returns a mutation of the title of a task.
func taskAt(t *testing.T, id string, stamp clock.Stamp) record.Mutation {
	m, err := record.New(record.Key{Table: "tasks", ID: id}).Edit(stamp).Set("title", "Paint the fence").Mutation()
	require.NoError(t, err)
	return m
}

var (
	ana  = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben  = clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
	noon = clock.MustParseTimestamp("2026-03-02T12:00:00Z")
)

// TestConcurrentPushesAreStoredAndPulled: pushes from several goroutines are all stored, and a
// client that pulls at the same time, page by page, misses none of them.
func TestConcurrentPushesAreStoredAndPulled(t *testing.T) {
	const clients, pushes = 8, 50
	s := &memory.Server{PageSize: 3}
	var group sync.WaitGroup
	for c := range clients {
		id := clock.ClientID{byte(c + 1)}
		group.Go(func() {
			for i := range pushes {
				m := taskAt(t, fmt.Sprint(i), clock.Stamp{Time: noon + clock.Timestamp(i), Client: id})
				_, err := s.Push(id, m.AppendJSON(nil))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	var pulled merge.Fold
	cursor, finished := "", false
	for {
		select {
		case <-done:
			finished = true
		default:
		}
		lines, next, err := s.Pull(ben, cursor)
		require.NoError(t, err)
		for line := range strings.Lines(string(lines)) {
			d := record.Decoder{Trusted: true}
			m, err := d.Mutation([]byte(line))
			require.NoError(t, err)
			pulled.Add(m.Data)
		}
		if finished && next == cursor {
			break
		}
		cursor = next
	}
	require.Equal(t, pushes, s.Records().Len())
	require.True(t, pulled.Collection().Equal(s.Records()))
}

// TestGatewayPushDoesNotLowerWatermarks: if a gateway pushes an older write of a client, the
// watermark of that client stays, so its next write below the watermark is noted as rewound.
func TestGatewayPushDoesNotLowerWatermarks(t *testing.T) {
	s := &memory.Server{}
	apply := func(actor clock.ClientID, m record.Mutation) merge.Result {
		a, err := s.Apply(merge.Request{Actor: actor, AnyClient: true, Wall: noon.Time(), Items: []record.Item{{Mutation: m}}})
		require.NoError(t, err)
		return a.Results[0]
	}
	apply(ana, taskAt(t, "1", clock.Stamp{Time: noon + 9, Client: ana}))
	apply(ben, taskAt(t, "2", clock.Stamp{Time: noon + 1, Client: ana}))
	r := apply(ana, taskAt(t, "3", clock.Stamp{Time: noon + 5, Client: ana}))
	require.Equal(t, []merge.Code{merge.Rewound}, r.Notes)
}

// TestPullChecksCursorsAndPages: Pull refuses a cursor that this server did not return, and
// returns each record once, at most PageSize of them.
func TestPullChecksCursorsAndPages(t *testing.T) {
	s := &memory.Server{}
	s.Put(taskAt(t, "1", clock.Stamp{Time: noon, Client: ana}).Data)
	for _, cursor := range []string{"2", "-1", "x", " "} {
		_, _, err := s.Pull(ana, cursor)
		require.ErrorIs(t, err, memory.ErrCursor, cursor)
	}
	lines, next, err := s.Pull(ana, "")
	require.NoError(t, err)
	require.Equal(t, "1", next)
	require.Contains(t, string(lines), `{"seq":1,"table":"tasks","id":"1",`)
	s.Put(taskAt(t, "1", clock.Stamp{Time: noon + 1, Client: ana}).Data)
	lines, next, err = s.Pull(ana, "")
	require.NoError(t, err)
	require.Equal(t, "2", next)
	require.Equal(t, 1, strings.Count(string(lines), "\n"), "a record that changed twice is pulled once, with its last sequence")
	for i := range 3 {
		s.Put(taskAt(t, fmt.Sprint("of three/", i), clock.Stamp{Time: noon, Client: ana}).Data)
	}
	s.PageSize = 2
	lines, next, err = s.Pull(ana, next)
	require.NoError(t, err)
	require.Equal(t, "4", next)
	require.Equal(t, 2, strings.Count(string(lines), "\n"))
}
