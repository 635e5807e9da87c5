package mergetest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// parts are what an app knows of buckets.
type parts struct {
	in     map[record.Key][]string // the buckets of each confirmed record
	hidden map[hiddenWrite]bool    // the waiting and accepted writes of records that left since
}

type hiddenWrite struct {
	key   record.Key
	field string
	at    clock.Stamp
}

func newParts() parts { return parts{map[record.Key][]string{}, map[hiddenWrite]bool{}} }

// bucketQuirks are the possible mistakes of a client of a server with buckets.
type bucketQuirks struct {
	partial bool // it knows of buckets, which is correct

	unites         bool // adds the buckets of a line instead of replacing them
	ignoresBuckets bool // ignores the list of its buckets
	ignoresResets  bool // ignores resets
	forgetsEarly   bool // forgets a record that leaves one of its buckets
	showsHidden    bool // shows edits of records that left
	hidesForever   bool // does not show edits of a record that came back
	dropsHidden    bool // drops the edits of a record that left
	deletesLeft    bool // deletes a record that left
}

// leave removes buckets from all records, and forgets the records that are then in none.
func (a *app) leave(lost func(bucket string) bool) {
	for key, in := range a.in {
		kept := slices.DeleteFunc(slices.Clone(in), lost)
		a.in[key] = kept
		if len(kept) == 0 || a.forgetsEarly && len(kept) < len(in) {
			a.forget(key)
		}
	}
}

// forget forgets a record, and hides the edits of it.
func (a *app) forget(key record.Key) {
	if a.deletesLeft && a.confirmed[key].Len() > 0 {
		a.Edit(key, map[string]record.Value{record.DeletedField: record.Bool(true)})
	}
	delete(a.confirmed, key)
	delete(a.in, key)
	if a.partial {
		a.hide(key, true)
	}
	if a.dropsHidden {
		a.outbox = slices.DeleteFunc(a.outbox, func(m record.Mutation) bool { return m.Data.Key() == key })
	}
}

// enter notes the buckets of a pulled record, and shows the edits of it again.
func (a *app) enter(key record.Key, line []byte) {
	if !a.partial {
		return
	}
	var l struct{ In []string }
	if json.Unmarshal(line, &l) == nil && a.unites {
		l.In = append(l.In, a.in[key]...)
	}
	a.in[key] = l.In
	if !a.hidesForever {
		a.hide(key, false)
	}
}

// hide hides the edits of a record, or shows them again.
func (a *app) hide(key record.Key, hide bool) {
	for _, m := range slices.Concat(a.overlay, a.outbox) {
		if m.Data.Key() == key {
			a.mark(m, hide)
		}
	}
}

func (a *app) mark(m record.Mutation, hide bool) {
	for name, v := range m.Data.All() {
		a.hidden[hiddenWrite{m.Data.Key(), name, v.Stamp}] = hide
	}
}

// hideAgain hides those items of the outbox that were hidden before they were restamped.
func (a *app) hideAgain(before []record.Mutation) {
	for i, m := range before {
		a.mark(a.outbox[i], a.isHidden(m))
	}
}

// isHidden reports whether an item is not shown, because its record left after it was made.
func (a *app) isHidden(m record.Mutation) bool {
	for name, v := range m.Data.All() {
		if !a.hidden[hiddenWrite{m.Data.Key(), name, v.Stamp}] || a.showsHidden {
			return false
		}
	}
	return m.Data.Len() > 0
}

// TestCorrectClientsOfSharersPass checks that a correct client passes with a correct server with buckets.
func TestCorrectClientsOfSharersPass(t *testing.T) {
	t.Parallel()
	partial := bucketQuirks{partial: true}
	for name, test := range map[string]struct {
		make  newClient
		seeds int
	}{
		"replaces unsent edits":   {newApp(clientQuirks{coalesces: true, bucketQuirks: partial}), *seeds / 5},
		"closed and opened again": {newClosableWith(clientQuirks{bucketQuirks: partial}, nil), *seeds / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, sharing(shareRule{purgeRule: purgeRule{level: 2}}), some(Options{Seeds: max(test.seeds, 1), NewClient: test.make}))
		})
	}
}

// clientsOfSharers are the mistakes of a client of a server with buckets.
func clientsOfSharers() []brokenClient {
	with := func(q bucketQuirks) newClient {
		q.partial = true
		return newApp(clientQuirks{bucketQuirks: q})
	}
	return []brokenClient{
		{"buckets are added instead of replaced", with(bucketQuirks{unites: true}), []law.Law{law.ClientForgets}},
		{"the list of buckets is ignored", with(bucketQuirks{ignoresBuckets: true}), []law.Law{law.ClientForgets, law.ClientHides}},
		{"resets are ignored", with(bucketQuirks{ignoresResets: true}), []law.Law{law.ClientForgets}},
		{"a record that leaves one bucket is forgotten", with(bucketQuirks{forgetsEarly: true}), []law.Law{law.ClientShows}},
		{"accepted items are confirmed at once", newApp(clientQuirks{purgeQuirks: purgeQuirks{joinsAccepted: true}, bucketQuirks: bucketQuirks{partial: true}}), []law.Law{law.ClientJudges, law.ClientHides, law.ClientForgets}},
		{"edits of records that left are shown", with(bucketQuirks{showsHidden: true}), []law.Law{law.ClientHides}},
		{"edits of records that came back are not shown", with(bucketQuirks{hidesForever: true}), []law.Law{law.ClientEdit, law.ClientShows}},
		{"edits of records that left are dropped", with(bucketQuirks{dropsHidden: true}), []law.Law{law.ClientKeeps, law.ClientEdit}},
		{"records that left are deleted", with(bucketQuirks{deletesLeft: true}), []law.Law{law.ClientInvents}},
		{"the buckets are lost on reopening", newClosableWith(clientQuirks{bucketQuirks: bucketQuirks{partial: true}}, func(a *app) { a.in = map[record.Key][]string{} }), []law.Law{law.ClientForgets}},
		{"what left is lost on reopening", newClosableWith(clientQuirks{bucketQuirks: bucketQuirks{partial: true}}, func(a *app) { a.hidden = map[hiddenWrite]bool{} }), []law.Law{law.ClientReopens, law.ClientHides}},
	}
}

// TestBrokenClientsOfSharersAreFound checks that the kit finds each mistake of a client of a server with
// buckets and names a law that it breaks.
func TestBrokenClientsOfSharersAreFound(t *testing.T) {
	tests := map[string]brokenClient{}
	for _, c := range clientsOfSharers() {
		tests[c.name] = c
	}
	var all []broken
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		all = append(all, broken{name, sharing(shareRule{purgeRule: purgeRule{level: 2}}), tests[name].laws})
	}
	checkAll(t, all, func(t *testing.T, b broken) { b.check(t, Options{Steps: 150, NewClient: tests[b.name].make}) })
}
