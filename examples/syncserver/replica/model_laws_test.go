package replica_test

import (
	"slices"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// law is a law of purging. The error of a search names the broken law.
type law string

const (
	lawServer law = "the server shows what the ideal server shows"
	lawSynced law = "a client in sync shows what the server will store if it pushes now"
	lawShown  law = "a client shows what an ideal client shows, perhaps without own writes at or below the fence"
	lawStays  law = "what a client shows of confirmed writes stays shown when the fence rises"
	lawUntold law = "a client sends each of its writes until the server has it, or tells its user that it is gone"
	lawRetry  law = "a retry changes nothing that is shown"
	lawGone   law = "a write is gone only at or below the fence, of a field without a value, or if the record is dead"
	lawHonest law = "an item whose author was in sync at the fence, or has created the record above it, is gone only if the record is dead"
	lawNew    law = "an item says that it creates its record only if its author has created it"
	lawRest   law = "clients that pull and push come to rest, and show what the server shows"
)

// checkServer returns the law that the server breaks, if any.
func (x *modelSearch) checkServer(s *modelState) law {
	if sightOf(x.rec(s.stored)) != sightOf(x.rec(s.ideal)) {
		return lawServer
	}
	return ""
}

// checkGone checks that the writes of an item that were not joined may be gone.
func (x *modelSearch) checkGone(s *modelState, e *modelEdit, v verdict, before record.Record) law {
	above := stampOf(v.item.Data).Time > timeOf(s.fence)
	switch {
	case v.joined == setOf(v.item.Data):
		return ""
	case above && (e.isNew || (before.Len() == 0 || dead(before, s.fence)) && s.follows(x, e)):
		return lawHonest
	case dead(before, s.fence):
		return ""
	case e.synced >= s.floor && e.epoch == s.epoch && e.level == s.level && !e.sawDeleted:
		return lawHonest
	case before.Len() == 0:
		return "" // the item follows a creation that is gone
	}
	for name, w := range v.item.Data.All() {
		if v.joined>>slices.Index(modelFields[:], name)&1 == 1 {
			continue
		}
		old, _ := before.Get(name)
		hasValue := name != record.DeletedField && !old.IsZero() && !old.Deleted()
		if w.Stamp.Time > timeOf(s.fence) || hasValue {
			return lawGone
		}
	}
	return ""
}

// follows reports whether the author of an edit has created the record above the fence, and could have
// sent that first.
func (s *modelState) follows(x *modelSearch, e *modelEdit) bool {
	stamp := stampOf(x.rec(e.data))
	for i := range s.clients {
		for _, first := range s.clients[i].edits {
			at := stampOf(x.rec(first.data))
			if first.isNew && first.told|first.released == 0 && at.Client == stamp.Client && at.Time < stamp.Time && at.Time > timeOf(s.fence) {
				return true
			}
		}
	}
	return false
}

// creates reports whether the author of an item has created the record.
func (s *modelState) creates(x *modelSearch, data record.Record) bool {
	for i := range s.clients {
		for _, e := range s.clients[i].edits {
			if e.isNew && stampOf(x.rec(e.data)).Client == stampOf(data).Client {
				return true
			}
		}
	}
	return false
}

// checkSynced returns the law, if any, that a client which has just pulled everything breaks.
func (x *modelSearch) checkSynced(s *modelState, i int, r *replica.Replica) law {
	waiting := r.Waiting()
	want := sightOf(x.rec(s.ideal))
	if len(waiting) > 0 {
		items := make([]record.Item, len(waiting))
		for j, m := range waiting {
			items[j].Mutation = m
		}
		_, after := x.decide(&s.modelServer, items)
		want = sightOf(after)
		if x.showsGone(s, i, items, r) {
			return ""
		}
	}
	if sightOf(r.Shown(modelKey)) != want {
		return lawSynced
	}
	return ""
}

// showsGone reports whether a client shows edits that are gone, because it made them at or below the fence before its
// first load, which brought no dead records. The server will refuse them.
func (x *modelSearch) showsGone(s *modelState, i int, items []record.Item, r *replica.Replica) bool {
	if stored := x.rec(s.stored); !x.live || !dead(stored, s.fence) {
		return false
	}
	for _, e := range s.clients[i].edits {
		if data := x.rec(e.data); e.data != "" && e.first && newestOf(data) <= s.fence {
			absent := s.modelServer
			absent.stored = ""
			_, after := x.decide(&absent, items)
			return sightOf(r.Shown(modelKey)) == sightOf(after)
		}
	}
	return false
}

// checkClient returns the law that a client breaks, if any.
func (x *modelSearch) checkClient(s *modelState, i int, r *replica.Replica) law {
	c := &s.clients[i]
	at := c.cursor()
	if at.pulled && at.epoch != s.epoch || c.loading() {
		return ""
	}
	ideal := x.rec(c.ideal)
	for _, e := range c.edits {
		for name, w := range x.rec(e.data).All() {
			bit := uint8(1) << slices.Index(modelFields[:], name)
			v, _ := ideal.Get(name)
			isBeaten := e.epoch < s.epoch && (v.Compare(w) > 0 || w.Stamp.Time <= timeOf(c.fence) && dead(ideal, c.fence)) // before the server was restored
			if (e.accepted|e.told|e.released)&bit == 0 && !isBeaten && !waits(r, name, w) {
				return lawUntold
			}
		}
	}
	if dead(r.Shown(modelKey), c.fence) || !x.showsOwn(c, r) {
		return lawShown
	}
	return ""
}

// waits reports whether a write waits to be sent.
func waits(r *replica.Replica, name string, w record.FieldValue) bool {
	return slices.ContainsFunc(r.Waiting(), func(m record.Mutation) bool {
		v, ok := m.Data.Get(name)
		return ok && v.Stamp == w.Stamp
	})
}

// showsOwn reports whether a client shows what an ideal client with the same pulled lines and the
// same own writes shows, perhaps without some of its own writes that are at or below the fence. If
// the client holds nothing of the record, or a dead one, all its own writes may be missing.
func (x *modelSearch) showsOwn(c *modelClient, r *replica.Replica) bool {
	ideal, shown := x.rec(c.ideal), sightOf(r.Shown(modelKey))
	holdsNothing := dead(ideal, c.fence) || c.level == 2 && ideal.Len() == 0
	var must, may []record.Record
	for _, e := range c.edits {
		data := x.rec(e.data)
		for j, name := range modelFields {
			w, ok := data.Get(name)
			if bit := uint8(1) << j; !ok || e.told&bit != 0 || e.accepted&bit == 0 && !waits(r, name, w) {
				continue
			}
			part := within(data, 1<<j)
			if w.Stamp.Time <= timeOf(c.fence) || holdsNothing {
				may = append(may, part)
			} else {
				must = append(must, part)
			}
		}
	}
	bases := []record.Record{ideal}
	if dead(ideal, c.fence) {
		bases = append(bases, reborn(ideal, c.fence))
	}
	for _, base := range bases {
		for _, part := range must {
			base = join(base, part)
		}
		for subset := range 1 << len(may) {
			with := base
			for j, part := range may {
				if subset>>j&1 == 1 {
					with = join(with, part)
				}
			}
			if sightOf(with) == shown {
				return true
			}
		}
	}
	return false
}

// checkStays checks what a client shows after a chunk without a line, given what it showed before.
func (x *modelSearch) checkStays(before record.Record, r *replica.Replica) law {
	after, shown := sightOf(r.Shown(modelKey)), sightOf(before)
	for i, stamp := range shown.fields {
		if w, _ := before.Get(modelFields[i]); !stamp.IsZero() && stamp != after.fields[i] && !waits(r, modelFields[i], w) {
			return lawStays
		}
	}
	return ""
}

// checkRest lets both clients pull and push until nothing is left, and checks that they come to rest.
func (x *modelSearch) checkRest(s modelState) law {
	for range 4 {
		for i := range s.clients {
			r := x.open(&s, i, "")
			x.pulled(&s, i, r, x.chunk(&s, r.Cursor(), whole), whole)
			if broken := x.checkSynced(&s, i, r); broken != "" {
				return broken
			}
			for {
				body := x.body(r, 1)
				if r.Sent() == 0 {
					break
				}
				answer, broken := x.deliver(&s, body)
				if broken != "" {
					return broken
				}
				x.answer(&s, r, answer)
				x.save(&s, i, r)
				if broken := x.checkClient(&s, i, r); broken != "" {
					return broken
				}
			}
		}
	}
	for i := range s.clients {
		r := x.open(&s, i, "")
		if r.NumWaiting() > 0 || sightOf(r.Shown(modelKey)) != sightOf(x.rec(s.ideal)) {
			return lawRest
		}
	}
	return ""
}
