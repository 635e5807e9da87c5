package mergetest

// rounds is how often everybody pushes and pulls until all must be settled.
const rounds = 10

// heal ends all faults, lets everybody push and pull, and compares.
func (w *world) heal() {
	if w.breach != nil {
		return
	}
	w.tell("all faults end; everybody pushes and pulls", "")
	w.healing = true
	for range rounds {
		busy := false
		for _, d := range w.devices {
			if d != nil && w.breach == nil {
				w.push(d, manner{})
				w.pull(d, false)
				busy = busy || len(d.outbox) > 0
			}
		}
		if !busy {
			break
		}
	}
	for _, d := range w.devices {
		if d == nil || w.breach != nil {
			continue
		}
		if len(d.outbox) > 0 {
			w.broken(lawSettle, "after %d rounds the outbox of %s has %d items", rounds, d.name, len(d.outbox))
		}
		w.pull(d, false)
	}
	w.audit()
	w.compare()
}

// compare looks whether all devices ended alike, also where nobody got an answer and so
// two ends are permitted.
func (w *world) compare() {
	if w.breach != nil {
		return
	}
	fresh := w.fresh()
	for _, d := range w.devices {
		if d == nil {
			continue
		}
		found := d.found()
		for _, s := range w.ledger.spots {
			f, ok := found[s]
			g, there := fresh[s]
			if f != g {
				w.broken(lawSkip, "field     %s/%s %s\nfound     %s, by a new device\nfound     %s, by %s", w.o.Table, s.id, s.field, w.long(g, there), w.long(f, ok), d.name)
			}
		}
	}
}
