package lawtest

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
)

// The oracle of purging is written from the protocol, on a world of one record with the fields
// f, g and $deleted. It shares no code with package merge.

// mark is a write: its kind and its stamp. Writes with the same stamp are ordered by kind.
type mark struct{ kind, at int8 }

const (
	absent  = iota
	set     // of $deleted: false
	removed // of $deleted: true
	erased  // of $deleted: true, and $erased is true as well
)

// triple is a record, or the writes of an item: f, g and $deleted.
type triple [3]mark

const life = 2 // the index of $deleted

func (c mark) above(d mark) bool {
	return c.kind != absent && (d.kind == absent || c.at > d.at || c.at == d.at && c.kind > d.kind)
}

func (t triple) join(u triple) triple {
	for i := range t {
		if u[i].above(t[i]) {
			t[i] = u[i]
		}
	}
	return t
}

func (t triple) empty() bool { return t == triple{} }

// newest returns the greatest stamp.
func (t triple) newest() (at int8) {
	for _, c := range t {
		at = max(at, c.at)
	}
	return at
}

func (t triple) deleted() bool { return t[life].kind >= removed }

func (t triple) dead(fence int8) bool { return t.deleted() && t.newest() <= fence }

// normal is the normal form of a stored record.
func (t triple) normal(fence, level int8) triple {
	if fence == 0 || t.empty() {
		return t
	}
	if t.dead(fence) {
		if level == 1 {
			return triple{life: {removed, t[life].at}}
		}
		return triple{}
	}
	kept := t
	for i := range life {
		if t[i].kind == removed && t[i].at <= fence {
			kept[i] = mark{}
		}
	}
	if kept.empty() {
		last := 0
		if t[1].at > t[0].at {
			last = 1
		}
		kept[last] = t[last]
	}
	return kept
}

// purgeItem is an item of one record.
type purgeItem struct {
	writes triple
	isNew  bool
}

// purgeVerdict is what becomes of a batch: the writes of each item that are joined, none if the
// item is gone, and the record afterwards.
type purgeVerdict struct {
	joined []triple
	after  triple
}

// purgeWorld is a server with one record.
type purgeWorld struct {
	stored       triple
	fence, level int8
	whole        bool
}

// judge returns what becomes of a batch. Each item is judged against the same record.
func (w purgeWorld) judge(items []purgeItem) purgeVerdict {
	before := w.stored.normal(w.fence, w.level)
	v := purgeVerdict{joined: make([]triple, len(items)), after: before}
	if before[life].kind == erased {
		return v // every item is gone
	}
	neverExisted := before.empty() && (w.fence == 0 || w.level == 1)
	base := before
	var starts []int
	if !neverExisted && (before.empty() || before.dead(w.fence)) {
		base = triple{}
		for i, item := range items {
			above := item.isNew
			for _, c := range item.writes {
				above = above && (c.kind == absent || c.at > w.fence)
			}
			if above {
				starts = append(starts, i)
				base = base.join(item.writes)
				v.joined[i] = item.writes
			}
		}
		if len(starts) == 0 {
			return v
		}
		v.after = base
	}
	for i, item := range items {
		if slices.Contains(starts, i) {
			continue
		}
		joined := item.writes
		for n, c := range item.writes {
			if c.kind == absent || w.fence == 0 {
				continue
			}
			lateDeletion := n == life && c.kind == removed &&
				(base[0].kind != absent && base[0].at < c.at || base[1].kind != absent && base[1].at < c.at)
			gone := !neverExisted && base[n].kind == absent && c.at <= w.fence && !lateDeletion
			stale := w.whole && c.at <= w.fence && c != base[n]
			if gone || stale {
				joined[n] = mark{}
			}
		}
		if w.whole && joined != item.writes {
			continue
		}
		v.joined[i] = joined
		v.after = v.after.join(joined)
	}
	return v
}

// verdictOf reads an answer of the Engine as a purgeVerdict.
func (w purgeWorld) verdictOf(items []purgeItem, a merge.Answer) purgeVerdict {
	v := purgeVerdict{joined: make([]triple, len(items)), after: w.stored.normal(w.fence, w.level)}
	for i, r := range a.Results {
		if !r.Accepted() {
			continue
		}
		for _, d := range r.Fields {
			if n := slices.Index(purgeFields, d.Field); d.Outcome != merge.FieldGone {
				v.joined[i][n] = items[i].writes[n]
			}
		}
	}
	for _, u := range a.Updates {
		v.after = tripleOf(u.After)
	}
	return v
}
