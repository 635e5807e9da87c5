package lawtest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// input holds all that an answer depends on: the request, and the whole stored state.
type input struct {
	Actor       clock.ClientID
	AnyClient   bool
	Wall        time.Time
	Items       []record.Item
	Current     merge.Collection
	Watermarks  []clock.Stamp
	StorageFull bool
}

func (in input) request() merge.Request {
	return merge.Request{Actor: in.Actor, AnyClient: in.AnyClient, Wall: in.Wall, Items: in.Items}
}

// stored loads the records of a push, as a backend does.
func (in input) stored(p *merge.Push) merge.Stored {
	return merge.Stored{Records: in.Current.Lookup(p.Keys()), Watermarks: in.Watermarks, StorageFull: in.StorageFull}
}

func keysOf(e *merge.Engine, in input) []record.Key { return e.Prepare(in.request()).Keys() }

// applied prepares a push, loads its records and applies it.
func applied(e *merge.Engine, in input) merge.Answer {
	p := e.Prepare(in.request())
	a, err := p.Apply(in.stored(p))
	if err != nil {
		panic(err)
	}
	return a
}

// journaled returns the journal line of a push.
func journaled(e *merge.Engine, in input) []byte {
	p := e.Prepare(in.request())
	return p.AppendJournal(nil, in.stored(p), applied(e, in))
}

// replayed replays a journal line and returns its answer, which must be the recorded answer.
func replayed(t require.TestingT, line []byte) merge.Answer {
	l, err := merge.ParseJournalLine(line)
	require.NoError(t, err)
	a, err := l.Replay()
	require.NoError(t, err)
	require.Equal(t, l.Answer, a.Digest())
	return a
}
