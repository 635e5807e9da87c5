package check

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
)

// carried is a write as a Client sent it.
type carried struct {
	oracle.Write
	base  oracle.Stamp
	based bool
}

// Match compares the items that a Client sends with the writes that it must send.
func (r *Replica) Match(items []*Item) {
	sent := map[oracle.FieldKey][]carried{}
	for _, it := range items {
		for _, x := range it.Writes {
			base, ok := it.M.Base[x.Field]
			sent[x.FieldKey] = append(sent[x.FieldKey], carried{x.Write, stampOf(base), ok})
		}
	}
	keys := maps.Clone(sent)
	for k := range r.Wants {
		keys[k] = nil
	}
	for _, k := range slices.SortedFunc(maps.Keys(keys), oracle.CompareFields) {
		all := sent[k]
		slices.SortStableFunc(all, func(a, b carried) int { return oracle.Compare(a.Write, b.Write) })
		if r.matchField(k, all); r.Breach != nil {
			return
		}
	}
}

// matchField compares the writes sent for one field, in ascending order, with the edits. It goes
// backwards from the last write, because a Client need not send earlier edits of the same field.
func (r *Replica) matchField(k oracle.FieldKey, sent []carried) {
	wants, kept := r.Wants[k], []want{}
	rest := wants
	for _, x := range slices.Backward(sent) {
		i := len(rest) - 1
		for i >= 0 && !rest[i].fits(x.Write) {
			i--
		}
		if i < 0 {
			if r.Last.Restore >= 0 && r.Gone[oracle.Written{FieldKey: k, Write: x.Write}] {
				continue // after a restore, a gone item may be sent once more
			}
			if p := r.Ledger.Histories[k]; x.Client == r.id && p != nil && p.Writes[x.Write] != nil && p.Writes[x.Write].State == oracle.Accepted {
				continue // accepted before, so sending it again is harmless
			}
			r.brokenSending(k, x)
			return
		}
		if len(kept) == 0 && i < len(wants)-1 {
			break
		}
		if gone, is := r.unknown(k, sent, x.base); is {
			r.Broken(law.ClientBase, "%s sends  %s\nbase       its own write %s, which no server knows: %s", r.name, short(oracle.Written{FieldKey: k, Write: x.Write}), short(oracle.Written{FieldKey: k, Write: gone.Write}), gone.fate())
			return
		}
		if !rest[i].resent && (!x.based || !based(rest[:i+1], sent, x.base)) {
			r.Broken(law.ClientBase, "%s sends  %s\nshown      %s, at the time of the edit\nbase       %s, %s", r.name, short(oracle.Written{FieldKey: k, Write: x.Write}), seen(rest[i].base), seen(x.base), map[bool]string{true: "which the item names", false: "because the item has none"}[x.based])
			return
		}
		r.Hidden[oracle.Written{FieldKey: k, Write: x.Write}] = r.Hidden[oracle.Written{FieldKey: k, Write: rest[i].Write}]
		rest[i].Write, rest[i].base, rest[i].loose, rest[i].again, rest[i].sent = x.Write, x.base, false, false, true
		kept = append(kept, rest[i])
		rest = rest[:i]
	}
	if len(kept) == 0 && len(wants) > 0 {
		r.brokenOrder(k, sent)
		r.Broken(r.ofCounter(k, law.ClientKeeps), "%s edited %s, has no final answer to that edit, and does not send it", r.name, short(oracle.Written{FieldKey: k, Write: wants[len(wants)-1].Write}))
		return
	}
	slices.Reverse(kept)
	if len(kept) > 0 {
		r.Wants[k] = kept
	}
}

// brokenOrder reports a last edit that is sent with a lower stamp than another write.
func (r *Replica) brokenOrder(k oracle.FieldKey, sent []carried) {
	wants := r.Wants[k]
	last := wants[len(wants)-1]
	for i, x := range sent {
		if i < len(sent)-1 && last.fits(x.Write) {
			r.Broken(law.ClientOrder, "%s sends  %s\nabove      %s, which is its last edit", r.name, short(oracle.Written{FieldKey: k, Write: sent[len(sent)-1].Write}), short(oracle.Written{FieldKey: k, Write: x.Write}))
		}
	}
}

// based reports whether a base belongs to the edit, or to an earlier edit that it replaces. If an
// edit was restamped, the base may also be the new stamp of another write in the same batch.
func based(wants []want, sent []carried, base oracle.Stamp) bool {
	with := slices.ContainsFunc(sent, func(x carried) bool { return x.Stamp == base })
	return slices.ContainsFunc(wants, func(w want) bool { return w.base == base || w.again && with })
}

// unknown reports whether a base is the stamp of a write of the Client that no server knows. A
// server may know even a write that was too far ahead, if the network delivered it again later.
func (r *Replica) unknown(k oracle.FieldKey, sent []carried, base oracle.Stamp) (gone want, is bool) {
	for _, x := range sent {
		if x.Stamp == base {
			return gone, false
		}
	}
	if p := r.Ledger.Histories[k]; p != nil && p.Knows(base) {
		return gone, false
	}
	for _, w := range r.Wants[k] {
		if w.Stamp == base && (!w.sent || w.loose) {
			return w, true
		}
	}
	return gone, false
}

// fate explains why no server knows a write.
func (w want) fate() string {
	if w.sent {
		return "it was too far ahead and was restamped"
	}
	return "a later edit replaced it before it was sent"
}

// brokenSending reports the law that a Client breaks by sending a write that it should not send.
func (r *Replica) brokenSending(k oracle.FieldKey, x carried) {
	l, why := law.ClientInvents, "which the kit did not ask for"
	for _, w := range r.Wants[k] {
		if oracle.SameValue(w.Write, x.Write) {
			l, why = law.ClientRetry, "which was edited as "+short(oracle.Written{FieldKey: k, Write: w.Write})
		}
	}
	refused := func(all map[oracle.Written]bool) bool {
		for w := range all {
			if w.FieldKey == k && oracle.SameValue(w.Write, x.Write) {
				return true
			}
		}
		return false
	}
	switch {
	case l != law.ClientInvents:
	case refused(r.Refused):
		l, why = law.ClientRefused, "which was refused permanently"
	case refused(r.Gone):
		l, why = law.ClientRefused, "which is gone"
	}
	r.Broken(r.ofCounter(k, l), "%s sends %s of %s, %s", r.name, short(oracle.Written{FieldKey: k, Write: x.Write}), r.place(k.ID), why)
}
