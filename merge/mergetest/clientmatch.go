package mergetest

import (
	"maps"
	"slices"
)

// carried is a write as a Client sent it.
type carried struct {
	write
	base  stamp
	based bool
}

// match compares what a Client sends with what it must send.
func (d *device) match(items []*item) {
	sent := map[fieldKey][]carried{}
	for _, it := range items {
		for _, x := range it.writes {
			base, ok := it.m.Base[x.field]
			sent[x.fieldKey] = append(sent[x.fieldKey], carried{x.write, stampOf(base), ok})
		}
	}
	keys := maps.Clone(sent)
	for k := range d.client.wants {
		keys[k] = nil
	}
	for _, k := range slices.SortedFunc(maps.Keys(keys), compareFieldKeys) {
		all := sent[k]
		slices.SortStableFunc(all, func(a, b carried) int { return compareWrites(a.write, b.write) })
		if d.matchField(k, all); d.w.breach != nil {
			return
		}
	}
}

// matchField compares what is sent of one field, in ascending order, with what was edited:
// from the last one on, since of several edits the earlier ones need not be sent.
func (d *device) matchField(k fieldKey, sent []carried) {
	wants, kept := d.client.wants[k], []want{}
	rest := wants
	for _, x := range slices.Backward(sent) {
		i := len(rest) - 1
		for i >= 0 && !rest[i].fits(x.write) {
			i--
		}
		if i < 0 {
			if p := d.w.ledger.pasts[k]; x.client == d.id && p != nil && p.writes[x.write] != nil && p.writes[x.write].state == accepted {
				continue // needless, and harmless
			}
			d.brokenSending(k, x)
			return
		}
		if len(kept) == 0 && i < len(wants)-1 {
			break
		}
		if gone, is := d.unknown(k, sent, x.base); is {
			d.w.broken(lawClientBase, "%s sends  %s\nbase       that of its own %s, which no server knows: %s", d.name, short(written{k, x.write}), short(written{k, gone.write}), gone.fate())
			return
		}
		if !x.based || !based(rest[:i+1], sent, x.base) {
			d.w.broken(lawClientBase, "%s sends  %s\nshown      %s, when that was edited\nbase       %s, %s", d.name, short(written{k, x.write}), seen(rest[i].base), seen(x.base), map[bool]string{true: "which is in the item", false: "since the item has none"}[x.based])
			return
		}
		rest[i].write, rest[i].base, rest[i].loose, rest[i].again, rest[i].sent = x.write, x.base, false, false, true
		kept = append(kept, rest[i])
		rest = rest[:i]
	}
	if len(kept) == 0 && len(wants) > 0 {
		d.brokenOrder(k, sent)
		d.w.broken(lawClientKeeps, "%s edited %s, has no final answer to that, and does not send it", d.name, short(written{k, wants[len(wants)-1].write}))
		return
	}
	slices.Reverse(kept)
	if len(kept) > 0 {
		d.client.wants[k] = kept
	}
}

// brokenOrder tells of a last edit that is sent, and below another one.
func (d *device) brokenOrder(k fieldKey, sent []carried) {
	wants := d.client.wants[k]
	last := wants[len(wants)-1]
	for i, x := range sent {
		if i < len(sent)-1 && last.fits(x.write) {
			d.w.broken(lawClientOrder, "%s sends  %s\nabove      %s, which it edited last", d.name, short(written{k, sent[len(sent)-1].write}), short(written{k, x.write}))
		}
	}
}

// based reports whether a base is that of the edit, or of an earlier one that it takes the place
// of. If that was stamped anew, it may be an own write by its new stamp, which is sent with it.
func based(wants []want, sent []carried, base stamp) bool {
	with := slices.ContainsFunc(sent, func(x carried) bool { return x.stamp == base })
	return slices.ContainsFunc(wants, func(w want) bool { return w.base == base || w.again && with })
}

// unknown reports whether a base is the stamp of an own write that no server knows. One that was
// too far ahead may be known all the same: if the network sent it again, later on.
func (d *device) unknown(k fieldKey, sent []carried, base stamp) (gone want, is bool) {
	for _, x := range sent {
		if x.stamp == base {
			return gone, false
		}
	}
	if p := d.w.ledger.pasts[k]; p != nil && p.knows(base) {
		return gone, false
	}
	for _, w := range d.client.wants[k] {
		if w.stamp == base && (!w.sent || w.loose) {
			return w, true
		}
	}
	return gone, false
}

// fate says why no server knows a write.
func (w want) fate() string {
	if w.sent {
		return "it was too far ahead, and is stamped anew"
	}
	return "another one took its place before it was sent"
}

// brokenSending names the law that is broken by a Client that sends what it should not.
func (d *device) brokenSending(k fieldKey, x carried) {
	l, is := lawClientInvents, "which the kit did not ask for"
	for _, w := range d.client.wants[k] {
		if sameValue(w.write, x.write) {
			l, is = lawClientRetry, "which was edited as "+short(written{k, w.write})
		}
	}
	for w := range d.client.refused {
		if l == lawClientInvents && w.fieldKey == k && sameValue(w.write, x.write) {
			l, is = lawClientRefused, "which was refused for good"
		}
	}
	d.w.broken(l, "%s sends %s of %s, %s", d.name, short(written{k, x.write}), d.w.place(k.id), is)
}
