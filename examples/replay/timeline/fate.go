package timeline

import (
	"errors"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// written is a write of one of the fields that a log covers.
type written struct {
	field string
	record.FieldValue
}

// book holds the facts about a log that the facts about single events depend on.
type book struct {
	numbers map[written]int     // the event that first shows each write
	stored  map[written]arrival // the first event that brought each write to the server
	losses  map[written]int     // the number of the event that decided that a write is a lost edit
	winners map[int]written     // the winner of each of these events
	ends    map[written]int     // the last event that made a write count that counts at the end
	faults  map[int]*clockFault // by the number of the first event with a corrected clock
}

// arrival is the event that first brought a write to the server, and its line.
type arrival struct{ number, line int }

// clockFault is a refusal because of a clock that was ahead.
type clockFault struct {
	number int // of the refused event
	*clock.AheadError
}

// newBook reads a whole log.
func newBook(l *fieldlog.Log) *book {
	b := &book{
		numbers: make(map[written]int), stored: make(map[written]arrival), losses: make(map[written]int),
		winners: make(map[int]written), ends: make(map[written]int), faults: make(map[int]*clockFault),
	}
	open := make(map[clock.ClientID]*clockFault)
	for i, e := range l.Events {
		n, w := i+1, written{e.Field, e.Incoming}
		if _, known := b.numbers[w]; !known && !e.Incoming.IsZero() {
			b.numbers[w] = n
		}
		if _, known := b.stored[w]; !known && e.Refusal == nil {
			b.stored[w] = arrival{n, e.Line}
		}
		if e.Lost() {
			b.losses[written{e.Field, e.Loser()}] = n
			b.winners[n] = written{e.Field, e.Winner()}
		}
		again := b.stored[w].number < n && b.stored[w].line == e.Line
		if isStanding(l, w) && (e.Won() || e.Found) && !again {
			b.ends[w] = n
		}
		b.addClock(e, n, open)
	}
	return b
}

// isStanding reports whether a write is stored at the end.
func isStanding(l *fieldlog.Log, w written) bool {
	return w.field == l.Field && w.FieldValue == l.Stands() || w.field == record.DeletedField && w.FieldValue == l.Mark()
}

// addClock notes refusals because of a clock that was ahead, and the first later write by the same
// client that was accepted.
func (b *book) addClock(e fieldlog.Event, n int, open map[clock.ClientID]*clockFault) {
	client := e.Incoming.Stamp.Client
	if e.Refusal != nil {
		f := &clockFault{number: n}
		if errors.As(e.Refusal.Err, &f.AheadError) {
			open[client] = f
		}
		return
	}
	if f := open[client]; f != nil && !e.Found && e.Incoming.Stamp.Time < f.Stamp {
		b.faults[n] = f
		delete(open, client)
	}
}

// first returns the number of the event that first shows the write of an event.
func (b *book) first(e fieldlog.Event) int { return b.numbers[written{e.Field, e.Incoming}] }

// isRepeated reports whether an earlier event than n brought the write to the server.
func (b *book) isRepeated(e fieldlog.Event, n int) bool {
	first, known := b.stored[written{e.Field, e.Incoming}]
	return known && first.number < n
}

// number returns the number of a write.
func (b *book) number(field string, w record.FieldValue) int { return b.numbers[written{field, w}] }

// fate returns how event n ended.
func (b *book) fate(e fieldlog.Event, n int) shape {
	w := written{e.Field, e.Incoming}
	first := b.stored[w]
	_, isLost := b.losses[w]
	switch {
	case e.Found && e.Incoming.IsZero():
		return removed
	case e.Refusal != nil || e.Outcome == merge.FieldGone:
		return refused
	case first.number < n && !e.Found && (!e.Won() || first.line == e.Line):
		return repeat
	case isLost:
		return lost
	case b.ends[w] == n:
		return stands
	case e.Found || e.Won():
		return won
	}
	return late
}
