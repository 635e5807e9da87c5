package mergetest

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// carried is a write as a Client sent it.
type carried struct {
	write
	base  clock.Stamp
	based bool
}

// match compares what a Client sends with what it must send.
func (d *device) match(items []*item) {
	sent := map[fieldKey][]carried{}
	for _, it := range items {
		for _, x := range it.writes {
			base, ok := it.m.Base[x.field]
			sent[x.fieldKey] = append(sent[x.fieldKey], carried{x.write, base, ok})
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
			if p := d.w.ledger.pasts[k]; p != nil && p.writes[x.write] != nil && p.writes[x.write].state == accepted {
				continue // needless, and harmless
			}
			d.brokenSending(k, x)
			return
		}
		if len(kept) == 0 && i < len(wants)-1 {
			break
		}
		if unsent, never := neverSent(wants, sent, x.base); never {
			d.w.broken(lawClientBase, "%s sends  %s\nbase       that of its own %s, which was never sent", d.name, short(written{k, x.write}), short(written{k, unsent}))
			return
		}
		if !based(rest[:i+1], x) {
			d.w.broken(lawClientBase, "%s sends  %s\nshown      %s, when that was edited\nbase       %s, %s", d.name, short(written{k, x.write}), seen(rest[i].base), seen(x.base), map[bool]string{true: "which is in the item", false: "since the item has none"}[x.based])
			return
		}
		rest[i].write, rest[i].base, rest[i].loose, rest[i].again, rest[i].sent = x.write, x.base, false, false, true
		kept = append(kept, rest[i])
		rest = rest[:i]
	}
	if len(kept) == 0 && len(wants) > 0 {
		d.w.broken(lawClientKeeps, "%s edited %s, has no final answer to that, and does not send it", d.name, short(written{k, wants[len(wants)-1].write}))
		return
	}
	slices.Reverse(kept)
	if len(kept) > 0 {
		d.client.wants[k] = kept
	}
}

// based reports whether a write has the base of the edit that it is, or of an earlier one
// that it takes the place of.
func based(wants []want, x carried) bool {
	return x.based && slices.ContainsFunc(wants, func(w want) bool { return w.again || w.base == x.base })
}

// neverSent reports whether a base is the stamp of an own write that no server can know, since
// a later one took its place before it was sent.
func neverSent(wants []want, sent []carried, base clock.Stamp) (w write, never bool) {
	for _, x := range sent {
		if x.stamp() == base {
			return w, false
		}
	}
	for _, w := range wants {
		if w.stamp() == base && !w.sent && !w.loose {
			return w.write, true
		}
	}
	return w, false
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
	d.w.broken(l, "%s sends %s of %s/%s, %s", d.name, short(written{k, x.write}), d.w.o.Table, k.id, is)
}
