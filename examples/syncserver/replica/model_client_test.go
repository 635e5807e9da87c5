package replica_test

import (
	"bytes"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// modelKinds are the kinds of edits.
var modelKinds = [...]struct {
	name   string
	fields map[string]record.Value
}{
	{"sets f", map[string]record.Value{"f": record.Int(1)}},
	{"sets g", map[string]record.Value{"g": record.Int(1)}},
	{"sets f and g", map[string]record.Value{"f": record.Int(1), "g": record.Int(1)}},
	{"deletes f", map[string]record.Value{"f": record.Deletion()}},
	{"deletes the record", map[string]record.Value{record.DeletedField: record.Bool(true)}},
	{"restores the record", map[string]record.Value{record.DeletedField: record.Bool(false)}},
}

// The positions in modelKinds.
const (
	setF = iota
	setG
	setBoth
	deleteF
	deleteIt
	restoreIt
)

// open opens the Replica of a client. The wall clock stands still.
func (x *modelSearch) open(s *modelState, i int, wall string) *replica.Replica {
	now := modelZero.Time()
	if wall != "" {
		now = timeOf(wall).Time()
	}
	r, err := replica.Open(replica.Options{ID: modelIDs[i], Wall: func() time.Time { return now }, Saved: entriesOf(s.clients[i].disk)})
	if err != nil {
		panic(err)
	}
	return r
}

// save saves what a Replica wants to save, and notes what it tells its user.
func (x *modelSearch) save(s *modelState, i int, r *replica.Replica) {
	c := &s.clients[i]
	c.disk = written(c.disk, r.TakeSaves())
	for _, n := range r.TakeNotices() {
		if n.Kind == replica.Refused && n.Code == merge.Gone {
			if e := s.editOf(x, n.RolledBack); e != nil {
				e.told |= setOf(n.RolledBack)
			}
		}
	}
}

// edit tries all edits of a client, at a time in every gap above its clock.
func (x *modelSearch) edit(s *modelState, i int) {
	c := &s.clients[i]
	slot := slices.IndexFunc(c.edits[:], func(e modelEdit) bool { return e.data == "" })
	if s.numEdits() == x.edits || slot < 0 {
		return
	}
	r := x.open(s, i, "")
	shown, waiting := r.Shown(modelKey), r.NumWaiting()
	if waiting >= x.outbox {
		return
	}
	low := max(c.last(), newestOf(shown))
	at := c.cursor()
	e := modelEdit{synced: at.seq, level: c.level, epoch: at.epoch, sawDeleted: shown.Deleted(), first: !at.pulled}
	if !at.pulled || at.loads || c.loading() {
		e.synced = -1
	}
	walls := x.gaps(s, low)
	for _, kind := range x.kinds {
		if kind == restoreIt && !shown.Deleted() || kind == deleteIt && shown.Len() == 0 {
			continue
		}
		for n, wall := range walls {
			t := *s
			r := x.open(&t, i, wall)
			if err := r.Edit(modelKey, modelKinds[kind].fields); err != nil {
				panic(err)
			}
			items := r.Waiting()
			e.data, e.isNew = textOf(items[len(items)-1].Data), items[len(items)-1].New
			t.clients[i].edits[slot] = e
			x.save(&t, i, r)
			name := modelKinds[kind].name
			if n+1 < len(walls) {
				name += " by a slow clock"
			}
			x.visit(t, byClient(i, name), x.checkClient(&t, i, r))
		}
	}
}

func (s *modelState) numEdits() (n int) {
	for i := range s.clients {
		for _, e := range s.clients[i].edits {
			if e.data != "" {
				n++
			}
		}
	}
	return n
}

// gaps returns a time in each gap above a time. The state must be canonical.
func (x *modelSearch) gaps(s *modelState, low string) (walls []string) {
	for rank := 1; ; rank += 2 {
		if at := timeAt(rank); at > low {
			walls = append(walls, at)
		}
		if rank > 2*len(s.times()) {
			return walls
		}
	}
}

// push lets a client push its oldest items. The answer may be lost, and a copy may arrive later.
func (x *modelSearch) push(s *modelState, i int) {
	for n := 1; n <= x.batch; n++ {
		sent := *s
		r := x.open(&sent, i, "")
		body := x.body(r, n)
		if r.Sent() < n {
			return
		}
		if s.clients[i].cursor().epoch != s.epoch && !x.wire.anyEpoch {
			return // refused, without being judged
		}
		x.save(&sent, i, r)
		answer, broken := x.deliver(&sent, body)
		lost := sent
		if broken == "" {
			broken = x.checkClient(&lost, i, x.open(&lost, i, ""))
		}
		name := [...]string{1: "pushes", 2: "pushes two items"}[n]
		x.visit(lost, byClient(i, name+" (answer lost)"), broken)
		if x.copies && s.copied == "" {
			lost.copied, lost.copyEpoch = string(body), s.epoch
			x.visit(lost, byClient(i, name+" (answer lost, copied)"), broken)
		}
		x.answer(&sent, r, answer)
		x.save(&sent, i, r)
		if broken == "" {
			broken = x.checkClient(&sent, i, r)
		}
		x.visit(sent, byClient(i, name), broken)
	}
}

// answer lets a client take the answer to a push. Which answers it took matters if the server is restored.
func (x *modelSearch) answer(s *modelState, r *replica.Replica, answer []byte) {
	waiting := r.Waiting()
	if err := r.Answer(answer); err != nil {
		panic(err)
	}
	for _, m := range waiting {
		e := s.editOf(x, m.Data)
		for name, w := range m.Data.All() {
			if x.restore && e != nil && !waits(r, name, w) {
				e.answered |= 1 << slices.Index(modelFields[:], name) & e.accepted
			}
		}
	}
}

// body returns the body of a push.
func (x *modelSearch) body(r *replica.Replica, n int) []byte {
	body := bytes.Clone(r.Batch(n, 1<<20))
	if x.wire.noNew {
		body = bytes.ReplaceAll(body, []byte(`,"new":true`), nil)
	}
	return body
}

// byClient is an action of a client.
func byClient(i int, name string) modelAction { return modelAction{i, name} }
