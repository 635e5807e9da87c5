package mergetest

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

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
	upto  int // how many records came until its end
}

// pull lets a device pull until there is nothing new.
func (w *world) pull(d *device, m manner) {
	if w.breach != nil || d.client != nil && d.client.busy {
		return
	}
	if d.client != nil {
		d.cursor = d.client.Cursor()
	}
	p, ok := w.read(d.id, d.cursor)
	if m.closed && !m.lost && ok && d.interrupted(p) {
		p, ok = w.read(d.id, d.cursor)
	}
	if m.lost {
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
	if d.client != nil && w.breach == nil {
		d.handPulled(p)
	}
}

// read pulls until there is nothing new. A pull within a pause may fail.
func (w *world) read(client clock.ClientID, cursor string) (p page, ok bool) {
	p.cursor = cursor
	pages := 0
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
			if pages++; pages > 1 {
				w.able |= canPage
			}
			items, err := decoder.Batch(lines)
			if err != nil {
				w.unreadable("Pull(%q) returned what is no batch: %v", p.cursor, err)
				return p, false
			}
			for _, it := range items {
				if it.Err != nil {
					w.unreadable("Pull(%q): %v", p.cursor, it.Err)
					return p, false
				}
				w.judgeText(it.Mutation.Data)
				p.records = append(p.records, it.Mutation.Data)
			}
		}
		p.parts = append(p.parts, part{lines, next, len(p.records)})
		if next == p.cursor {
			return p, true
		}
		p.cursor = next
	}
	w.broken(lawReadable, "the cursor changed 1,000 times: from %q to %q, %q, %q and so on", cursor, p.parts[0].next, p.parts[1].next, p.parts[2].next)
	return p, false
}

// unreadable names the law that is broken by a pull that cannot be read.
func (w *world) unreadable(format string, args ...any) {
	l := lawReadable
	if w.last.damage == w.sendings {
		l = lawDamaged
	}
	w.broken(l, format, args...)
}

// judgeText looks for names of which a part was replaced since it could not be read.
func (w *world) judgeText(r record.Record) {
	if w.last.damage != w.sendings {
		return
	}
	names := []string{r.Key().Table, r.Key().ID}
	for name := range r.All() {
		names = append(names, name)
	}
	for _, name := range names {
		if strings.ContainsRune(name, utf8.RuneError) {
			w.broken(lawDamaged, "a pull returned %q, which nobody sent", name)
		}
	}
}

// fresh returns what a device sees that begins anew.
func (w *world) fresh() map[fieldKey]write {
	d := &device{w: w, name: "a new device", index: 0}
	d.install()
	p, _ := w.read(newcomer(), "")
	d.take(p.records)
	return d.found()
}

// found returns the confirmed state in the form of the ledger.
func (d *device) found() map[fieldKey]write {
	found := map[fieldKey]write{}
	for id, fields := range d.confirmed {
		for name, v := range fields {
			found[fieldKey{id, name}] = writeOf(v)
		}
	}
	return found
}
