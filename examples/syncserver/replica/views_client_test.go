package replica_test

import (
	"bytes"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// viewRule is a wrong rule of the client that follows from wrong messages or a wrong store.
type viewRule struct {
	forgetsAny   bool // a departure from one bucket forgets the record
	joinsIn      bool // the buckets of a record are joined, not replaced
	ignoresLoss  bool // buckets that the trailer does not name any longer are kept
	neverPurges  bool // the client knows no fence
	comparesNone bool // a chunk is applied whatever the cursor of the store is
	comparesLess bool // a chunk is applied if its cursor is not below the store's
	ownCursors   bool // each tab has a cursor of its own
	anySettled   bool // any settled pull ends an overlay
	showsNew     bool // an edit that creates a record is shown although the record has left
	joinsOwn     bool // an accepted edit is confirmed
}

// received returns a chunk as a client with a wrong rule takes it.
func (w viewRule) received(s *viewState, chunk string) string {
	if w.forgetsAny {
		if in := s.in() & s.rights; in != 0 && in != 3 && strings.Contains(chunk, `"in":`) && s.rows[0] > 0 && s.rows[1] > 0 && s.rights == 3 {
			at := strings.Index(chunk, `{"seq"`)
			end := at + strings.Index(chunk[at:], "\n") + 1
			chunk = chunk[:at] + leftLine(modelKey) + chunk[end:]
		}
	}
	if w.joinsIn && strings.Contains(s.disk, `{"in":["`) {
		_, rest, _ := strings.Cut(s.disk, `{"in":["`)
		names, _, _ := strings.Cut(rest, `"]`)
		chunk = strings.Replace(chunk, `"in":["`, `"in":["`+names+`","`, 1)
	}
	if at := strings.Index(chunk, `,"buckets":`); w.ignoresLoss && at >= 0 {
		end := at + strings.Index(chunk[at:], "]") + 1
		chunk = chunk[:at] + chunk[end:]
	}
	if at := strings.Index(chunk, `,"fence":`); w.neverPurges && at >= 0 {
		chunk = chunk[:at] + chunk[at+len(`,"fence":""`)+timeLength:]
	}
	return chunk
}

// save saves a Replica.
func (s *viewState) save(r *replica.Replica, w viewRule) {
	s.disk = written(s.disk, r.TakeSaves())
	if w.showsNew {
		s.disk = strings.ReplaceAll(s.disk, `,"new":true,"hidden":true}`, `,"new":true}`)
	}
}

// pulled applies a chunk.
func (s *viewState) pulled(pull *replica.Pull, chunk string, w viewRule) (settled bool) {
	r := s.open()
	cursor := r.Cursor()
	isPast := func() bool {
		_, rest, _ := strings.Cut(chunk, cursorMember)
		to, _, _ := strings.Cut(rest, `"`)
		after, err := buckets.ParseCursor(to)
		before, err2 := buckets.ParseCursor(cursor)
		return err == nil && err2 == nil && after.Reached() >= before.Reached()
	}
	if w.comparesNone || w.ownCursors || w.comparesLess && isPast() {
		pull.Cursor = cursor
	}
	if w.anySettled {
		pull.Answered = 1 << 40
	}
	applied := pull.Cursor == cursor
	if err := r.Pulled(pull, []byte(w.received(s, chunk))); err != nil {
		panic(err)
	}
	if s.save(r, w); w.ownCursors && cursor != r.Cursor() {
		s.disk = strings.Replace(s.disk, cursorMember+r.Cursor(), cursorMember+cursor, 1)
	}
	if applied && strings.Contains(chunk, `"data":`) {
		s.item.seen = true
	}
	return pull.Settled
}

// pull lets the first tab pull one chunk. It reports whether nothing is left.
func (s *viewState) pull(w viewRule) (settled bool) {
	r := s.open()
	pull := r.BeginPull()
	w.ownCursors = false // the first tab has the cursor of the store
	return s.pulled(&pull, s.chunk(pull.Cursor), w)
}

// ask lets the second tab begin a pull, whose answer arrives late or never.
func (s *viewState) ask() {
	r := s.open()
	s.tab.pull = r.BeginPull()
	s.tab.chunk = s.chunk(s.tab.pull.Cursor)
}

// edit lets the user write a field. It reports whether that is possible.
func (s *viewState) edit(field string, value int64, w viewRule) bool {
	r := s.open()
	creates := r.Shown(modelKey).Len() == 0
	if s.item.made || creates != (field == "new") || creates && s.stored != "" {
		return false
	}
	if field == "new" {
		field = "m"
	}
	if err := r.Edit(modelKey, map[string]record.Value{field: record.Int(value)}); err != nil {
		panic(err)
	}
	s.item = viewItem{made: true, seen: !creates}
	s.save(r, w)
	return true
}

// send lets the client push. The answer may be lost. It reports whether an item waits.
func (s *viewState) send(answered bool, w viewRule) bool {
	r := s.open()
	body := bytes.Clone(r.Batch(1, 1<<20))
	if r.Sent() == 0 {
		return false
	}
	answer := s.push(body)
	if !answered {
		return true
	}
	items := r.Waiting()
	if err := r.Answer(answer); err != nil {
		panic(err)
	}
	s.save(r, w)
	if s.item.accepted = strings.Contains(s.disk, "accepted/"); !s.item.accepted {
		s.item = viewItem{}
	} else if w.joinsOwn {
		s.joinOwn(items[0].Data)
	}
	return true
}

// joinOwn confirms an accepted edit in the store.
func (s *viewState) joinOwn(data record.Record) {
	key := "record/tasks\x00" + modelKey.ID
	var kept []replica.Entry
	for e := range entriesOf(s.disk) {
		if strings.HasPrefix(e.Key, "accepted/") {
			kept = append(kept, replica.Entry{Key: e.Key})
		}
	}
	in := `["` + strings.Join(s.names.buckets(s.rec()), `","`) + `"]`
	kept = append(kept, replica.Entry{Key: key, Value: `{"in":` + in + `,"record":` + textOf(join(s.shown(), data)) + `}`})
	s.disk = written(s.disk, slices.Clone(kept))
	s.item = viewItem{}
}

// shown returns the record as the client shows it.
func (s *viewState) shown() record.Record { return s.open().Shown(modelKey) }
