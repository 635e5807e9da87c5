package replica_test

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// modelEngine decides on the server. Its bound on stamps is tested elsewhere.
var modelEngine = merge.Engine{MaxAhead: -1}

// normal returns the normal form of what is stored. A deletion that clients may not have pulled stays.
func (x *modelSearch) normal(s *modelServer) record.Record {
	level := s.level
	if s.changed > s.floor {
		level = 1
	}
	return merge.Purge(x.rec(s.stored), timeOf(s.fence), level)
}

// verdict is what the server did with an item.
type verdict struct {
	item   record.Mutation
	joined uint8 // the set of its fields that were joined
}

// decide applies items to a record under the fence of a server.
func (x *modelSearch) decide(s *modelServer, items []record.Item) (merge.Answer, record.Record) {
	stored := x.rec(s.stored)
	push := modelEngine.Prepare(merge.Request{AnyClient: true, Items: items})
	answer, err := push.Apply(merge.Stored{Records: []record.Record{stored}, Fence: timeOf(s.fence), Level: s.level})
	if err != nil {
		panic(err) // all items are of one record
	}
	after := merge.Purge(stored, timeOf(s.fence), s.level)
	for _, u := range answer.Updates {
		after = u.After
	}
	return answer, after
}

// deliver lets the server apply a push.
func (x *modelSearch) deliver(s *modelState, body []byte) (answer []byte, broken law) {
	items, err := modelEngine.Decode(body)
	if err != nil {
		panic(err)
	}
	a, after := x.decide(&s.modelServer, items)
	before, beforeIdeal := merge.Purge(x.rec(s.stored), timeOf(s.fence), s.level), x.rec(s.ideal)
	ideal := beforeIdeal
	verdicts := make([]verdict, len(items))
	created := false
	for i, result := range a.Results {
		v := &verdicts[i]
		v.item = items[i].Mutation
		for _, f := range result.Fields {
			if result.Accepted() && f.Outcome != merge.FieldGone {
				v.joined |= 1 << slices.Index(modelFields[:], f.Field)
			}
		}
		created = created || v.item.New && v.joined != 0
	}
	if len(a.Updates) > 0 {
		s.seq++
		s.changed = s.seq
		s.stored = textOf(after)
		s.stored = textOf(x.normal(&s.modelServer))
		s.greatest = max(s.greatest, newestOf(after))
		if created && (before.Len() == 0 || dead(before, s.fence)) && dead(ideal, s.fence) {
			ideal = reborn(ideal, s.fence)
		}
	}
	retry := true
	for _, v := range verdicts {
		ideal = join(ideal, within(v.item.Data, v.joined))
		e := s.editOf(x, v.item.Data)
		retry = retry && (v.joined == 0 || e != nil && v.joined&^e.accepted == 0)
	}
	if retry && sightOf(ideal) != sightOf(beforeIdeal) {
		broken = lawRetry
	}
	s.ideal = textOf(ideal)
	for _, v := range verdicts {
		e := s.editOf(x, v.item.Data)
		if e == nil {
			continue
		}
		if v.item.New && !s.creates(x, v.item.Data) {
			broken = lawNew
		}
		e.accepted |= v.joined
		if broken == "" {
			broken = x.checkGone(s, e, v, beforeIdeal)
		}
	}
	if broken == "" {
		broken = x.checkServer(s)
	}
	return a.AppendJSON(nil), broken
}

// editOf returns the edit that wrote an item, or nil if its stamp is not known. An item that is sent
// again may hold a part of its fields.
func (s *modelState) editOf(x *modelSearch, data record.Record) *modelEdit {
	for _, w := range data.All() {
		for i := range s.clients {
			for j := range s.clients[i].edits {
				if e := &s.clients[i].edits[j]; e.data != "" && stampOf(x.rec(e.data)) == w.Stamp {
					return e
				}
			}
		}
		break
	}
	return nil
}

// serve tries everything that the server can do without a request from a client.
func (x *modelSearch) serve(s *modelState) {
	x.raise(s)
	if x.others && s.others == 0 {
		t := *s
		t.others, t.seq, t.greatest = 1, s.seq+1, timeAt(2*len(s.times())+1)
		x.visit(t, modelAction{-1, "another record is written"}, "")
	}
	if x.levelUp && s.level == 1 {
		t := *s
		t.level = 2
		x.sweep(&t)
		x.visit(t, modelAction{-1, "the level rises"}, x.checkServer(&t))
	}
	if s.copied != "" && s.copyEpoch == s.epoch {
		t := *s
		_, broken := x.deliver(&t, []byte(t.copied))
		x.visit(t, modelAction{-1, "a late duplicate arrives"}, broken)
	}
	switch {
	case !x.restore:
	case s.backups == 0:
		t := *s
		t.backup, t.backups = s.modelServer, 1
		x.visit(t, modelAction{-1, "a backup is made"}, "")
	case s.backups == 1:
		t := *s
		t.restoreBackup(x)
		x.visit(t, modelAction{-1, "the server is restored"}, x.checkServer(&t))
	}
}

// raise tries to take a sample, and to raise the fence to the last one.
func (x *modelSearch) raise(s *modelState) {
	sampled := *s
	fresh := s.sampled != s.greatest || s.sampledSeq != s.seq
	if s.greatest > s.sampled {
		sampled.seq++
	}
	sampled.sampled, sampled.sampledSeq = sampled.greatest, sampled.seq
	if fresh && x.samples {
		x.visit(sampled, modelAction{-1, "a sample is taken"}, "")
	}
	for i, t := range []modelState{*s, sampled} {
		if i == 1 && !fresh || t.sampled <= t.fence && t.sampledSeq <= t.floor || t.sampled == "" {
			continue
		}
		t.fence, t.floor = max(t.fence, t.sampled), max(t.floor, t.sampledSeq)
		x.sweep(&t)
		x.visit(t, modelAction{-1, [...]string{"the fence rises to the sample", "the fence rises"}[i]}, x.checkServer(&t))
	}
}

// sweep purges what is stored. Whether a server does so at once or later makes no difference.
func (x *modelSearch) sweep(s *modelState) { s.stored = textOf(x.normal(&s.modelServer)) }

// restoreBackup restores the server.
func (s *modelState) restoreBackup(x *modelSearch) {
	s.modelServer, s.backup, s.backups = s.backup, modelServer{}, 2
	if !x.wire.keepsEpoch {
		s.epoch++
	}
	ideal := x.rec(s.ideal)
	for i := range s.clients {
		for j := range s.clients[i].edits {
			e := &s.clients[i].edits[j]
			if e.data == "" {
				continue
			}
			had := e.accepted
			e.accepted = 0
			for name, w := range x.rec(e.data).All() {
				if v, _ := ideal.Get(name); v.Compare(w) >= 0 {
					e.accepted |= 1 << slices.Index(modelFields[:], name) & had
				}
			}
		}
	}
}
