package lawtest

// The laws of imports.
const (
	lawPeople law = "a run changes no write of a person that stands"
	lawSource law = "a run changes a field only if the source changed"
	lawBrings law = "a run brings what is new in the source"
	lawStands law = "a run stores the values of the source, above the fence and the runs before"
	lawTwice  law = "a second run changes nothing"
	lawLater  law = "an edit stamped above the import wins"
	lawLate   law = "a late older edit is superseded or gone as it would be without the import"
)

// plain returns a record for the oracle of purging, which knows no imports: without what was imported.
func (r importRecord) plain() (t triple) {
	for n, c := range r {
		switch {
		case c.imported || c.value == 0:
		case c.value == lost:
			t[n] = mark{removed, c.at}
		default:
			t[n] = mark{set, c.at}
		}
	}
	return t
}

// whole returns a record for the oracle of purging, with what was imported.
func (r importRecord) whole() triple {
	for n := range r {
		r[n].imported = false
	}
	return r.plain()
}

// stands returns the normal form of the stored record, by the oracle of purging.
func (w *importWorld) stands() importRecord {
	r, kept := w.stored, w.stored.whole().normal(w.fence, w.level)
	for n := range r {
		if kept[n].kind == absent {
			r[n] = importCell{}
		}
	}
	return r
}

// changed reports whether the source has another value than a run has seen.
func (w *importWorld) changed(n int) bool {
	return w.source[n] != 0 && w.seen[n] != 0 && w.source[n] != w.seen[n]
}

// wanted returns the fields that a run writes.
func (w *importWorld) wanted() (fields [2]bool) {
	before := w.stands()
	if before == (importRecord{}) || before.whole().dead(w.fence) {
		// People have deleted the record, or it never existed.
		begins := w.changed(0) || w.changed(1) || w.seen == [2]int8{} && before == importRecord{}
		for n, v := range w.source {
			fields[n] = begins && v != 0
		}
		return fields
	}
	for n, v := range w.source {
		isNew := v != 0 && v != w.seen[n]
		fields[n] = isNew && before[n].value == 0 || before[n].imported && v != 0 && v != before[n].value
	}
	return fields
}

// checkRun returns the law that a run breaks, if any: w is the state before it, and after the state
// after it.
func (w *importWorld) checkRun(after *importWorld) law {
	before, now, wanted := w.stands(), after.stands(), w.wanted()
	begins := before == (importRecord{}) || before.whole().dead(w.fence)
	for n := range before {
		switch {
		case n < life && wanted[n]:
			c := now[n]
			if c == before[n] {
				return lawBrings
			}
			if c.value != w.source[n] || !c.imported || c.at <= w.fence || c.at <= w.last[n] {
				return lawStands
			}
		case now[n] == before[n]:
		case n < life && before[n].value == lost && before[n].at <= w.fence && now[n].value == 0:
			// The last field of a live record was deleted, and it is purged now that there is another.
		case n == life && begins && wanted != [2]bool{}:
		case !before[n].imported && before[n].value != 0:
			return lawPeople
		default:
			return lawSource
		}
	}
	return ""
}

// note notes what the laws need to know about a run.
func (w *importWorld) note() {
	for n, v := range w.source {
		if v != 0 {
			w.seen[n] = v
		}
		if c := w.stored[n]; c.imported && c.at > w.last[n] {
			w.last[n], w.from[n] = c.at, w.fence
		}
	}
}

// checkItem returns the law that an item breaks, if any: w is the state before it arrived, after the
// state after it, and joined the set of its fields that were joined.
func (w *importWorld) checkItem(item lateItem, after *importWorld, joined [3]bool) law {
	older := true
	for n, c := range item.writes {
		if n < life && joined[n] && c.at >= w.from[n]+10 && after.stored[n].imported {
			return lawLater
		}
		for _, standing := range w.stored {
			older = older && (c.value == 0 || c.at <= w.fence && !(standing.imported && standing.at < c.at))
		}
	}
	people := w.stands().plain()
	if !older || people.empty() && w.level < 2 {
		return "" // TestCreationThatIsLateIsGoneAfterAnImport shows what happens otherwise
	}
	without := purgeWorld{stored: people, fence: w.fence, level: w.level}
	v := without.judge([]purgeItem{{item.writes.plain(), item.isNew}})
	real, ideal := effect(w.stands().whole(), after.stands().whole()), effect(people, v.after.normal(w.fence, w.level))
	if real != ideal {
		return lawLate
	}
	return ""
}

// effect returns what users see of a change: the fields that change, or the record as a whole.
func effect(before, after triple) (seen [3]bool) {
	v, w := before.shown(), after.shown()
	if seen[life] = v.exists != w.exists; !seen[life] {
		seen[0], seen[1] = v.fields[0] != w.fields[0], v.fields[1] != w.fields[1]
	}
	return seen
}
