package merge

import (
	"iter"
	"log/slog"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Decision is the decision of an Engine on one write of one field: the winner, the loser,
// the step of the rule that decided, and whether the winner's author had seen the loser. A
// Decision costs no more than the comparison; its words and attributes are made on demand.
type Decision struct {
	Key   record.Key
	Field string
	Change
	// Seen says whether the author of the winner had seen the loser. It is known
	// only for writes by different clients, from the base that an item may carry.
	Seen Seen
	// IncomingImported and BeforeImported report whether an import made the write: see
	// Request.Imports. The time of such a write says nothing about when a person wrote. So the
	// sentences leave it out, and the margin between the two writes means nothing.
	IncomingImported, BeforeImported bool
}

// Lost reports whether the loser is a lost edit: another client wrote it, its value
// differs, and the author of the winner had not seen it.
func (d Decision) Lost() bool {
	return d.Seen == SeenNo && d.Before.Value != d.Incoming.Value
}

// Decisions returns all decisions, in the order of the items and then of the field names. It
// leaves out writes with the outcome FieldGone, because nothing was decided about them.
func (a Answer) Decisions() iter.Seq[Decision] {
	return func(yield func(Decision) bool) {
		for _, r := range a.Results {
			for _, d := range r.Fields {
				if d.Outcome != FieldGone && !yield(d) {
					return
				}
			}
		}
	}
}

// LostEdits returns the decisions in which an edit was lost, sorted by key, field
// and loser. It returns each pair of writes once, even if two items hold the same write.
func (a Answer) LostEdits() []Decision {
	var lost []Decision
	for d := range a.Decisions() {
		if d.Lost() {
			lost = append(lost, d)
		}
	}
	slices.SortFunc(lost, Decision.compare)
	return slices.CompactFunc(lost, func(d, e Decision) bool { return d.compare(e) == 0 })
}

// compare orders by key, field and loser. A write is lost to at most one winner.
func (d Decision) compare(e Decision) int {
	if c := d.Key.Compare(e.Key); c != 0 {
		return c
	}
	if c := strings.Compare(d.Field, e.Field); c != 0 {
		return c
	}
	return d.Loser().Compare(e.Loser())
}

// isImported reports whether one of the writes is imported.
func (d Decision) isImported() bool { return d.IncomingImported || d.BeforeImported }

// LogValue returns the decision as attributes for log/slog, without values: table, id, field,
// outcome, step, margin, lost, and the stamps of winner and loser. If one of the writes is
// imported, there is no margin, and the imported one has "imported" instead of a time.
func (d Decision) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("table", d.Key.Table),
		slog.String("id", d.Key.ID),
		slog.String("field", d.Field),
		slog.String("outcome", d.Outcome.String()),
		slog.String("step", d.Step().String()),
	}
	if !d.isImported() {
		attrs = append(attrs, slog.Duration("margin", d.Margin()))
	}
	winner, loser := d.IncomingImported, d.BeforeImported
	if !d.Won() {
		winner, loser = loser, winner
	}
	attrs = append(attrs, slog.Bool("lost", d.Lost()), stampAttr("winner", d.Winner().Stamp, winner))
	if w := d.Loser(); !w.IsZero() {
		attrs = append(attrs, stampAttr("loser", w.Stamp, loser))
	}
	return slog.GroupValue(attrs...)
}

func stampAttr(name string, s clock.Stamp, imported bool) slog.Attr {
	if imported {
		return slog.Group(name, slog.Bool("imported", true), slog.String("clientId", s.Client.String()))
	}
	return slog.Group(name, slog.String("updatedAt", s.Time.String()), slog.String("clientId", s.Client.String()))
}
