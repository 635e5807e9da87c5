package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// Devices of the old version have the state that all devices have, in the new form. Their pushes are
// translated into the old form on the way to the server, and answers and pulls are translated back. Only an edit of a field that
// becomes several has to be another one: it writes all of them.

// pushTo pushes a batch in the form of the client's version.
func (w *world) pushTo(client clock.ClientID, batch []byte) ([]byte, error) {
	if !w.IsOld(client) {
		return w.backend.Push(client, batch)
	}
	w.Count("pushes in the old form")
	lowered, err := w.o.Old.Lower(batch)
	if err != nil {
		return nil, err
	}
	return w.backend.Old().Push(client, lowered)
}

// pullFrom pulls in the form of the client's version, and decodes the lines.
func (w *world) pullFrom(client clock.ClientID, cursor string) ([]byte, string, error) {
	if !w.IsOld(client) {
		return w.backend.Pull(client, cursor)
	}
	w.Count("pulls in the old form")
	return w.backend.Old().Pull(client, cursor)
}

// raiseLines returns pulled lines in the new form.
func (w *world) raiseLines(client clock.ClientID, lines []line) []line {
	if !w.IsOld(client) {
		return lines
	}
	lines = slices.Clone(lines)
	for i, l := range lines {
		raised, err := w.o.Old.Raise(l.record)
		if err != nil {
			w.Broken(law.OldPull, "a device of the old version pulled %s with %v", l.record.Key(), err)
		}
		lines[i].record = raised
	}
	return lines
}

// raiseReplies gives the replies to an old client the names of the new form.
func (w *world) raiseReplies(b check.Batch, replies []merge.Reply) {
	if !w.IsOld(b.Client) {
		return
	}
	for i, it := range b.Items[:min(len(b.Items), len(replies))] {
		r := &replies[i]
		if table, _ := w.o.KeyOf(it.ID); table != w.o.Old.Table {
			continue
		}
		w.judgeNamesOf(*r)
		if r.Fields == nil {
			continue
		}
		fields := map[string]merge.FieldReply{}
		for _, x := range it.Writes {
			if said, ok := r.Fields[w.o.Old.OldName(x.Field)]; ok {
				fields[x.Field] = said
			}
		}
		r.Fields = fields
	}
}

// judgeNamesOf reports a broken law if a reply to an old client has a name of the new version. The client sent that name
// itself if the code is newer_name.
func (w *world) judgeNamesOf(r merge.Reply) {
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		if w.o.Old.IsNewer(name) {
			w.Broken(law.OldAnswer, "reply %d, to %s/%s, names the field %q, which only the new version has", r.Index, r.Table, schedule.Clipped(r.ID), name)
		}
	}
	for _, f := range w.o.Old.Fields {
		for _, name := range f.New {
			rest, ok := strings.CutPrefix(r.Path, "data."+record.PathName(name))
			if ok && w.o.Old.IsNewer(name) && r.Code != merge.NewerName && (rest == "" || strings.ContainsAny(rest[:1], "./")) {
				w.Broken(law.OldAnswer, "reply %d, to %s/%s, has the path %q, which only the new version has", r.Index, r.Table, schedule.Clipped(r.ID), r.Path)
			}
		}
	}
}

// whole returns the assignments of an edit by a device. If the device is old and writes one of several fields that are
// one field in the old version, it writes them all.
func (d *device) whole(seen record.Record, sets []schedule.Assignment) (all []schedule.Assignment) {
	if !d.w.IsOld(d.id) || seen.Key().Table != d.w.o.Old.Table {
		return sets
	}
	done := map[string]bool{}
	for _, a := range sets {
		parts := d.w.o.Old.Parts(a.Name)
		switch {
		case parts != nil && done[parts[0]]:
		case parts == nil:
			all = append(all, a)
		default:
			done[parts[0]] = true
			all = append(all, d.parts(seen, parts, sets)...)
		}
	}
	return all
}

// parts returns the assignments to all of several fields.
func (d *device) parts(seen record.Record, parts []string, sets []schedule.Assignment) (all []schedule.Assignment) {
	values, deleted := make([]record.Value, len(parts)), false
	for i, part := range parts {
		if w, ok := seen.Get(part); ok {
			values[i] = w.Value
		}
		for _, a := range sets {
			if a.Name == part && a.Value == "deleted" {
				deleted = true
			} else if a.Name == part {
				v, err := record.ParseValue([]byte(a.Value))
				d.w.Must(err)
				values[i] = v
			}
		}
	}
	if !deleted {
		whole, err := d.w.o.Old.Whole(parts[0], values)
		d.w.Must(err)
		values = whole
	}
	for i, part := range parts {
		if deleted {
			all = append(all, schedule.Assignment{Name: part, Value: "deleted"})
		} else if i < len(values) {
			all = append(all, schedule.Assignment{Name: part, Value: values[i].JSON()})
		}
	}
	return all
}

// can returns what the run uses of the abilities of the backend. If a field became several, nothing is purged: then one
// part may be gone, and the other one may be stored.
func (w *world) can() check.Abilities {
	if w.o.Old.Splits() {
		return w.backend.can() &^ (check.CanPurge | check.CanErase)
	}
	return w.backend.can()
}
