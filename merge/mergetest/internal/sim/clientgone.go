package sim

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// judgeShown compares what a Client shows with what it must show. Once the Client was told a fence,
// what it must show depends on how its edits are divided into items, so the kit asks for them.
func (d *device) judgeShown() {
	d.client.Judged, d.client.Told = nil, d.fence
	if d.fence > 0 || d.w.Sight != nil || d.hasErased() {
		if !d.client.busy {
			d.client.waiting = d.readOutbox()
		}
		d.client.Judged = func(id string) record.Record { return d.judged(id, d.client.waiting) }
	}
	if d.w.Breach == nil {
		d.client.JudgeShown(d.confirmed)
	}
}

// waitsFor adds an edit to the items that a Client must send, while it cannot be asked for them.
func (d *device) waitsFor(id string, before record.Record, fields map[string]record.Value) {
	if !d.client.busy {
		return
	}
	written := map[string]record.FieldValue{}
	shown := d.client.Shown(d.w.Key(id))
	for name := range fields {
		written[name], _ = shown.Get(name)
	}
	m := record.Mutation{Data: check.RecordOf(d.w.Key(id), written), New: before.Len() == 0}
	d.client.waiting = append(d.client.waiting, check.NewItem(id, m))
}

// isDead reports whether a Client shows a dead record, or was told that a record is erased. Its user
// cannot edit it.
func (d *device) isDead(id string, shown record.Record) bool {
	_, erased := d.confirmed[id][record.ErasedField]
	return erased || shown.Len() > 0 && merge.Purge(shown, d.fence, 2).Len() == 0
}

// hasErased reports whether a confirmed record is erased.
func (d *device) hasErased() bool {
	for _, fields := range d.confirmed {
		if _, erased := fields[record.ErasedField]; erased {
			return true
		}
	}
	return false
}

// judgeEdit judges the items that contain an edit by a Client under a fence. They reveal mistakes that
// the shown record hides, because an edit that is gone at once is not shown.
func (d *device) judgeEdit(id string, before record.Record, fields map[string]record.Value) {
	if d.fence == 0 && d.w.Sight == nil || d.client.busy {
		return
	}
	creates, last := false, clock.Timestamp(0)
	items := d.decodeOutbox()
	for _, it := range items {
		if it.ID != id {
			continue
		}
		creates = creates || it.M.New
		for name, v := range it.M.Data.All() {
			if fields[name] == v.Value {
				last = max(last, v.Stamp.Time)
			}
		}
	}
	switch {
	case d.w.Breach != nil:
	case last > 0 && last <= d.mustSee():
		d.w.Broken(law.ClientObserves, "%s edited %s\nstamped   %s\nseen      %s before the edit, or as the clock at the end of a pull", d.name, id, last, d.mustSee())
	case before.Len() == 0 && !creates:
		d.w.Broken(law.ClientCreates, "%s edited %s, which had no fields, and sends\n%s", d.name, id, listedItems(items))
	}
}

// seen returns the greatest time among the confirmed stamps and the clocks at the end of pulls.
func (d *device) seen() clock.Timestamp { return max(d.confirmed.Floor(), d.floor) }

// mustSee returns the greatest time that a Client must have observed. A write of the server may lie just above the
// bound. A Client whose edit above it was refused as too far ahead need not follow it any longer, because the server
// would refuse all of its edits. It must follow the clocks at the end of pulls in any case.
func (d *device) mustSee() clock.Timestamp {
	floor := d.floor
	for _, fields := range d.confirmed {
		for _, v := range fields {
			if t := v.Stamp.Time; t <= d.client.bound || t > d.client.beyond {
				floor = max(floor, t)
			}
		}
	}
	return floor
}

// clientLearns notes what a pulled line tells a Client, before the line is applied.
func (d *device) clientLearns(l line) {
	switch {
	case l.reset && l.epoch:
		d.client.aside = append(d.client.aside, d.own()...)
		d.client.spare = append(d.client.spare, d.client.joined...)
		d.overlay, d.client.joined = nil, nil
	case l.reset:
		d.w.Count("client reset")
	case l.told != nil && l.told.fence > d.fence:
		d.client.AllowRestampBelow(int64(l.told.fence))
	}
	id, _ := d.w.IDOf(l.record.Key())
	for name, v := range l.record.All() {
		if v.Stamp.Client == d.id {
			d.client.Returned[check.WrittenOf(oracle.FieldKey{ID: id, Field: name}, v.Value, v.Stamp)] = true
		}
	}
}

// own returns the writes of a Client itself that the server has confirmed.
func (d *device) own() (all []oracle.Written) {
	add := func(id, name string, v record.FieldValue) {
		if v.Stamp.Client == d.id {
			all = append(all, check.WrittenOf(oracle.FieldKey{ID: id, Field: name}, v.Value, v.Stamp))
		}
	}
	for id, fields := range d.confirmed {
		for name, v := range fields {
			add(id, name, v)
		}
	}
	for _, it := range d.overlay {
		for name, v := range it.M.Data.All() {
			add(it.ID, name, v)
		}
	}
	return all
}

// mustSendAgain reports a broken law if a Client does not send again its own writes that a restored
// server lacks. It may leave out writes that may be gone, and writes that another write of it replaces. It need not
// have kept a write that was accepted without a fence and that a write of another client replaced.
func (d *device) mustSendAgain() {
	aside := d.client.aside
	all := append(slices.Clone(aside), d.client.spare...)
	if d.client.aside, d.client.spare = nil, nil; len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b oracle.Written) int {
		return cmp.Or(oracle.CompareFields(a.FieldKey, b.FieldKey), oracle.Compare(a.Write, b.Write))
	})
	all = slices.Compact(all)
	items := d.decodeOutbox()
	// Writes that share a stamp are sent together, even if the server lacks only some of them.
	isSent := func(x oracle.Written) bool {
		return slices.ContainsFunc(items, func(it *check.Item) bool {
			return slices.Contains(it.Writes, x) && slices.ContainsFunc(it.Writes, func(y oracle.Written) bool { return slices.Contains(all, y) && d.lacks(y) })
		})
	}
	for i, x := range all {
		replaced := len(d.client.Wants[x.FieldKey]) > 0 || slices.ContainsFunc(all[i+1:], func(y oracle.Written) bool {
			return y.FieldKey == x.FieldKey && (slices.Contains(aside, y) || isSent(y))
		})
		switch {
		case isSent(x):
			d.client.SendsAgain(x)
			d.w.Count("client sends again")
		case !slices.Contains(aside, x) || !d.lacks(x):
		case !replaced && !d.mayBeGone(x) && !(d.w.Sight != nil && d.confirmed[x.ID] == nil):
			d.w.Broken(law.ClientResends, "%s had confirmed %s of %s, which the restored server lacks, and sends\n%s", d.name, x.Field, x.ID, listedItems(items))
			return
		}
	}
}

// lacks reports whether the server lacks a write. The device knows it after a complete pull.
func (d *device) lacks(x oracle.Written) bool {
	v, ok := d.confirmed[x.ID][x.Field]
	above, _ := oracle.Rule(x.Write, check.WriteOf(v))
	return above || !ok
}

// mayBeGone reports whether a restored server may refuse a write of a Client as gone.
func (d *device) mayBeGone(x oracle.Written) bool {
	if _, erased := d.confirmed[x.ID][record.ErasedField]; erased || d.fence == 0 {
		return erased
	}
	_, ok := d.confirmed[x.ID][x.Field]
	dead := merge.Purge(check.RecordOf(d.w.Key(x.ID), d.confirmed[x.ID]), d.fence, 2).Len() == 0
	return dead || !ok && clock.Timestamp(x.Time) <= d.fence
}
