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

// Match compares what a Client sends with what it must send.
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

// matchField compares what is sent of one field, in ascending order, with what was edited:
// from the last one on, since of several edits the earlier ones need not be sent.
func (r *Replica) matchField(k oracle.FieldKey, sent []carried) {
	wants, kept := r.Wants[k], []want{}
	rest := wants
	for _, x := range slices.Backward(sent) {
		i := len(rest) - 1
		for i >= 0 && !rest[i].fits(x.Write) {
			i--
		}
		if i < 0 {
			if p := r.Ledger.Histories[k]; x.Client == r.id && p != nil && p.Writes[x.Write] != nil && p.Writes[x.Write].State == oracle.Accepted {
				continue // needless, and harmless
			}
			r.brokenSending(k, x)
			return
		}
		if len(kept) == 0 && i < len(wants)-1 {
			break
		}
		if gone, is := r.unknown(k, sent, x.base); is {
			r.Broken(law.ClientBase, "%s sends  %s\nbase       that of its own %s, which no server knows: %s", r.name, short(oracle.Written{FieldKey: k, Write: x.Write}), short(oracle.Written{FieldKey: k, Write: gone.Write}), gone.fate())
			return
		}
		if !x.based || !based(rest[:i+1], sent, x.base) {
			r.Broken(law.ClientBase, "%s sends  %s\nshown      %s, when that was edited\nbase       %s, %s", r.name, short(oracle.Written{FieldKey: k, Write: x.Write}), seen(rest[i].base), seen(x.base), map[bool]string{true: "which is in the item", false: "since the item has none"}[x.based])
			return
		}
		rest[i].Write, rest[i].base, rest[i].loose, rest[i].again, rest[i].sent = x.Write, x.base, false, false, true
		kept = append(kept, rest[i])
		rest = rest[:i]
	}
	if len(kept) == 0 && len(wants) > 0 {
		r.brokenOrder(k, sent)
		r.Broken(law.ClientKeeps, "%s edited %s, has no final answer to that, and does not send it", r.name, short(oracle.Written{FieldKey: k, Write: wants[len(wants)-1].Write}))
		return
	}
	slices.Reverse(kept)
	if len(kept) > 0 {
		r.Wants[k] = kept
	}
}

// brokenOrder reports a last edit that is sent below another one.
func (r *Replica) brokenOrder(k oracle.FieldKey, sent []carried) {
	wants := r.Wants[k]
	last := wants[len(wants)-1]
	for i, x := range sent {
		if i < len(sent)-1 && last.fits(x.Write) {
			r.Broken(law.ClientOrder, "%s sends  %s\nabove      %s, which it edited last", r.name, short(oracle.Written{FieldKey: k, Write: sent[len(sent)-1].Write}), short(oracle.Written{FieldKey: k, Write: x.Write}))
		}
	}
}

// based reports whether a base is that of the edit, or of an earlier one that it takes the place
// of. If that was restamped, it may be an own write by its new stamp, which is sent with it.
func based(wants []want, sent []carried, base oracle.Stamp) bool {
	with := slices.ContainsFunc(sent, func(x carried) bool { return x.Stamp == base })
	return slices.ContainsFunc(wants, func(w want) bool { return w.base == base || w.again && with })
}

// unknown reports whether a base is the stamp of an own write that no server knows. One that was
// too far ahead may be known all the same: if the network sent it again, later on.
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

// fate says why no server knows a write.
func (w want) fate() string {
	if w.sent {
		return "it was too far ahead, and is restamped"
	}
	return "another one took its place before it was sent"
}

// brokenSending names the law that is broken by a Client that sends what it should not.
func (r *Replica) brokenSending(k oracle.FieldKey, x carried) {
	l, is := law.ClientInvents, "which the kit did not ask for"
	for _, w := range r.Wants[k] {
		if oracle.SameValue(w.Write, x.Write) {
			l, is = law.ClientRetry, "which was edited as "+short(oracle.Written{FieldKey: k, Write: w.Write})
		}
	}
	for w := range r.Refused {
		if l == law.ClientInvents && w.FieldKey == k && oracle.SameValue(w.Write, x.Write) {
			l, is = law.ClientRefused, "which was refused permanently"
		}
	}
	r.Broken(l, "%s sends %s of %s, %s", r.name, short(oracle.Written{FieldKey: k, Write: x.Write}), r.place(k.ID), is)
}
