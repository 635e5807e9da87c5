package fieldlog

import (
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Event is one write of an item, or a change that a push found stored although no push brought it.
type Event struct {
	// If the item was refused, only Field and Incoming of the Decision are known. If the item could
	// not be read, only Field is known.
	merge.Decision
	Line    int            // line of the push; of a found change, the line that found it
	Wall    time.Time      // time of that push by the server's clock
	Actor   clock.ClientID // the client that pushed; zero if it is unknown, or if Found
	Refusal *merge.Refusal // why the item was refused; nil if it was accepted, or if Found
	Notes   []merge.Code   // notes on the item; with several writes, the last event has them
	Stays   bool           // whether the write is stored after its push
	// Found reports that the change was found stored, without a push. Incoming is the zero
	// FieldValue if the write Before is no longer stored and no other write has replaced it.
	Found bool
	Since int // if Found, the last earlier line that listed the record, or 0
	// Purged reports that the write Before, which is no longer stored, was deleted data at or below
	// the fence of the push, so it was purged.
	Purged bool
}

// Effect returns a sentence about what a write changes for users, or nothing if its value shows that. Users
// never see a write that another item of the same push replaced.
func (e Event) Effect() []string {
	was, _ := e.Before.Value.Bool()
	is, _ := e.Incoming.Value.Bool()
	switch {
	case !e.Stays || !e.Won():
	case e.Field == record.DeletedField && is && !was:
		return []string{"From then on the record is deleted, and its fields are not shown."}
	case e.Field == record.DeletedField && was && !is:
		return []string{"From then on the record is restored, and its fields are shown again."}
	case e.Incoming.Deleted() && !e.Before.Deleted() && !e.Before.IsZero():
		return []string{"From then on the field has no value."}
	}
	return nil
}

// Unread is a refused item of the record whose writes the journal does not hold.
type Unread struct {
	Line    int
	Wall    time.Time      // time of the push by the server's clock
	Actor   clock.ClientID // zero if it is unknown
	Refusal *merge.Refusal
}

// fieldsOfItem returns the names of the fields that an item writes, in the order of the Decisions
// in its Result.
func fieldsOfItem(data record.Record) []string {
	names := make([]string, 0, data.Len())
	for name := range data.All() {
		names = append(names, name)
	}
	return names
}

// notesOn returns the notes on an item, without those about fields that the log does not cover.
func notesOn(events []Event, notes []merge.Code) []merge.Code {
	return slices.DeleteFunc(slices.Clone(notes), func(code merge.Code) bool {
		switch code {
		case merge.LostEdit:
			return !slices.ContainsFunc(events, func(e Event) bool { return e.Lost() })
		case merge.StampCollision:
			return !slices.ContainsFunc(events, func(e Event) bool { return e.Outcome == merge.Collision })
		}
		return false
	})
}
