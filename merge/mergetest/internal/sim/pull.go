package sim

import (
	"bytes"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// page is the result of a pull: lines, and the cursor after them.
type page struct {
	lines  []line
	cursor string
	parts  []part
}

// part is the result of one request.
type part struct {
	lines []byte
	next  string
	upto  int // the number of decoded lines up to its end
}

// pull lets a device pull until there is nothing new.
func (w *world) pull(d *device, m schedule.Manner) {
	if w.Breach != nil || d.client != nil && d.client.busy {
		return
	}
	if d.client != nil {
		d.cursor = d.client.Cursor()
	}
	r := &request{Manner: m, pull: d, does: d.name + " pulls" + m.String()}
	p, ok := w.read(r, d.id, d.cursor)
	if m.Closed && !m.Lost && ok && d.interrupted(p) {
		p, ok = w.read(&request{pull: d, does: r.does}, d.id, d.cursor)
	}
	if m.Lost {
		w.Count("answer to a pull lost")
		w.Tell(d.name+" pulls, answer lost", "")
		return
	}
	w.tellPull(r, p)
	w.mustSayWhy(d, p)
	evicted := d.applyPulled(p.lines)
	if d.cursor = p.cursor; ok {
		d.overlay, d.pulled = nil, w.Now
	}
	if d.client != nil && ok {
		d.client.mustPull, d.client.joined = false, nil
	}
	if ok && w.Breach == nil && !r.met {
		w.JudgePull(d.reader(), d.confirmedWrites(), nil)
	}
	if d.client != nil && w.Breach == nil {
		d.handPulled(p, ok)
	}
	if evicted && !r.met {
		w.auditEviction()
	}
	if r.met { // a write that arrived during the pull may be missing now, but not after the next pull
		w.pull(d, schedule.Manner{})
	}
}

// read pulls until there is nothing new. A pull that meets another request may fail.
func (w *world) read(r *request, client clock.ClientID, cursor string) (p page, ok bool) {
	p.cursor = cursor
	pages, page := 0, 0
	for range 1000 {
		since := w.Tick()
		var lines []byte
		var next string
		var err error
		w.serve(r, func() { lines, next, err = w.pullFrom(client, p.cursor) })
		if err != nil {
			if w.serving == nil && !r.met {
				w.Broken(law.Answered, "Pull(%q): %v", p.cursor, err)
			}
			return p, false
		}
		var decoded []line
		if len(bytes.TrimSpace(lines)) > 0 {
			decoded, err = w.decode(lines)
			if err != nil {
				w.Unreadable("Pull(%q) returned %v", p.cursor, err)
				return p, false
			}
			decoded = w.raiseLines(client, decoded)
			if countRecords(decoded) > 0 {
				pages++
			}
			if pages > 1 && !r.met { // if r.met, the page may contain only records that arrived during the pull
				w.Able |= check.CanPage
			}
			for _, l := range decoded {
				w.JudgeText(l.record)
			}
			p.lines = append(p.lines, decoded...)
		}
		p.parts = append(p.parts, part{lines, next, len(p.lines)})
		w.judgePage(r.pull.as(client), lines, decoded, since)
		w.mustNotReset(decoded, len(p.parts) > 1 && since == page)
		if since == w.Tick() { // otherwise the fence may have moved within the request
			w.mustTell(decoded)
		}
		if w.Breach != nil {
			return p, false
		}
		if next == p.cursor {
			return p, true
		}
		p.cursor, page = next, since
		w.serve(r, func() { w.letInBetween(r) })
	}
	w.Broken(law.Readable, "the cursor changed 1,000 times: from %q to %q, %q, %q and so on", cursor, p.parts[0].next, p.parts[1].next, p.parts[2].next)
	return p, false
}

// Fresh returns the state that a new device pulls from the beginning.
func (w *world) Fresh() map[oracle.FieldKey]oracle.Write {
	found, _ := w.freshFrom("")
	return found
}

// freshFrom returns what a device that knows nothing pulls from a cursor, and the next cursor.
func (w *world) freshFrom(cursor string) (found map[oracle.FieldKey]oracle.Write, next string) {
	v := view{confirmed: check.Confirmed{}}
	p, _ := w.read(&request{pull: &device{}, does: "a new device pulls"}, schedule.Newcomer(), cursor)
	for _, l := range p.lines {
		w.apply(&v, l)
	}
	return v.confirmedWrites(), p.cursor
}

// confirmedWrites returns the confirmed state in the form of the ledger.
func (v *view) confirmedWrites() map[oracle.FieldKey]oracle.Write {
	found := map[oracle.FieldKey]oracle.Write{}
	for id, fields := range v.confirmed {
		for name, v := range fields {
			found[oracle.FieldKey{ID: id, Field: name}] = check.WriteOf(v)
		}
	}
	return found
}
