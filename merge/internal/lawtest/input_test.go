package lawtest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// input is all that an answer depends on: what is pushed, and all that is stored.
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

// stored loads what a push asks for, as a backend does.
func (in input) stored(p *merge.Push) merge.Stored {
	return merge.Stored{Records: in.Current.Lookup(p.Keys()), Watermarks: in.Watermarks, StorageFull: in.StorageFull}
}

func keysOf(e *merge.Engine, in input) []record.Key { return e.Prepare(in.request()).Keys() }

// applied prepares, loads and applies.
func applied(e *merge.Engine, in input) merge.Answer {
	p := e.Prepare(in.request())
	a, err := p.Apply(in.stored(p))
	if err != nil {
		panic(err)
	}
	return a
}

// journaled returns the line of a push.
func journaled(e *merge.Engine, in input) []byte {
	p := e.Prepare(in.request())
	return p.AppendJournal(nil, in.stored(p), applied(e, in))
}

// replayed returns what a line answers once more, which must be what it answered before.
func replayed(t require.TestingT, line []byte) merge.Answer {
	l, err := merge.ParseJournalLine(line)
	require.NoError(t, err)
	a, err := l.Replay()
	require.NoError(t, err)
	require.Equal(t, l.Answer, a.Digest())
	return a
}
