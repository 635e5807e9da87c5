package mergetest

import (
	"bytes"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// request is a push that is being served, and what is to happen within it.
type request struct {
	manner
	does           string // how it is told
	pauses, points int
	met, dead      bool
}

// serve lets a request run within which something may happen.
func (w *world) serve(r *request, call func()) {
	outer := w.serving
	w.serving = r
	call()
	w.serving = outer
}

// pause lets another device in, if now is the time.
func (w *world) pause() {
	w.able.pause = true
	r := w.serving
	if r == nil || r.at == 0 || r.met {
		return
	}
	if r.pauses++; r.pauses < r.at {
		return
	}
	r.met = true
	w.count("meets")
	d := w.device(r.whom)
	w.told(r.does, "does not end yet")
	w.push(d, manner{})
	w.pull(d, false)
}

// crash tells the server to die, if now is the time.
func (w *world) crash() error {
	w.able.crash = true
	r := w.serving
	if r == nil || r.dies == 0 {
		return nil
	}
	if r.points++; r.points < r.dies {
		return nil
	}
	if !r.dead {
		r.dead = true
		w.count("crashes")
	}
	return errCrash
}

// push sends the outbox of a device, or a part of it.
func (w *world) push(d *device, m manner) {
	if d.guest != nil {
		w.pushGuest(d, m)
		return
	}
	items := slices.Clone(d.outbox)
	if len(items) == 0 {
		return
	}
	if m.last {
		items = items[len(items)-1:]
	}
	if m.reversed {
		slices.Reverse(items)
	}
	b := batch{d.id, items}
	d.batches = append(d.batches, b)
	w.countPush(m, b)
	h, ok := w.deliver(d.name+" "+"pushes"+m.String(), b, m)
	if m.twice && w.breach == nil {
		w.deliver("the network repeats that", b, manner{})
	}
	if ok && !m.lost && w.breach == nil {
		d.hear(items, h.replies)
	}
	w.audit()
}

// resend delivers an old batch once more.
func (w *world) resend(d *device, n int) {
	if len(d.batches) == 0 {
		return
	}
	w.count("resends")
	b := d.batches[len(d.batches)-1-n%len(d.batches)]
	w.deliver("the network repeats a push of "+d.name, b, manner{})
	w.audit()
}

// body returns a batch as it is sent.
func (b batch) body() []byte {
	var raws [][]byte
	for _, it := range b.items {
		raws = append(raws, it.raw)
	}
	return slices.Concat([]byte("["), bytes.Join(raws, []byte(",")), []byte("]"))
}

// page is what a client pulled, and how far it came.
type page struct {
	records []record.Record
	cursor  string
	parts   []part
}

// part is what one request returned.
type part struct {
	lines []byte
	next  string
}

// pull lets a device pull until there is nothing new.
func (w *world) pull(d *device, lost bool) {
	if w.breach != nil || d.guest != nil && d.guest.busy {
		return
	}
	if d.guest != nil {
		d.cursor = d.guest.Cursor()
	}
	p, ok := w.read(d.id, d.cursor)
	if lost {
		w.count("answer to a pull lost")
		w.tell(d.name+" pulls, answer lost", "")
		return
	}
	w.tellPull(d, p)
	d.take(p.records)
	d.cursor = p.cursor
	if ok && w.breach == nil {
		w.judge(d.name, d.found(), nil)
	}
	if d.guest != nil && w.breach == nil {
		d.hand(p)
	}
}

// read pulls until there is nothing new. A pull within a pause may fail.
func (w *world) read(client clock.ClientID, cursor string) (p page, ok bool) {
	p.cursor = cursor
	var decoder record.Decoder
	for range 1000 {
		lines, next, err := w.backend.Pull(client, p.cursor)
		if err != nil {
			if w.serving == nil {
				w.broken(lawAnswered, "Pull(%q): %v", p.cursor, err)
			}
			return p, false
		}
		if len(bytes.TrimSpace(lines)) > 0 {
			items, err := decoder.Batch(lines)
			if err != nil {
				w.broken(lawReadable, "Pull(%q) returned what is no batch: %v", p.cursor, err)
				return p, false
			}
			for _, it := range items {
				if it.Err != nil {
					w.broken(lawReadable, "Pull(%q): %v", p.cursor, it.Err)
					return p, false
				}
				p.records = append(p.records, it.Mutation.Data)
			}
		}
		p.parts = append(p.parts, part{lines, next})
		if next == p.cursor {
			return p, true
		}
		p.cursor = next
	}
	w.broken(lawReadable, "the cursor changed 1,000 times")
	return p, false
}

// fresh returns what a device sees that begins anew.
func (w *world) fresh() map[spot]write {
	d := &device{w: w, name: "a new device", index: 0}
	d.install()
	p, _ := w.read(newcomer(), "")
	d.take(p.records)
	return d.found()
}

// found returns the confirmed state in the form of the ledger.
func (d *device) found() map[spot]write {
	found := map[spot]write{}
	for id, fields := range d.confirmed {
		for name, v := range fields {
			found[spot{id, name}] = writeOf(v)
		}
	}
	return found
}
