package mergetest

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// quirky is a backend in which one thing is wrong. Whatever is nil is right.
type quirky struct {
	*memory
	quirks
}

// quirks are what can be wrong with it.
type quirks struct {
	batch   func([]byte) []byte                                         // before it is decoded
	engine  merge.Engine                                                // judges
	any     bool                                                        // clients may write as others
	each    func(s *quirky, client clock.ClientID, r merge.Result) bool // whether to store an item
	wins    func(old, in record.FieldValue) bool                        // over what is stored
	stores  func(fields map[string]record.FieldValue, name string, v record.FieldValue)
	replies func([]merge.Reply) []merge.Reply
	paused  bool // reads, lets others in, and writes
	early   bool // draws the sequence, lets others in, and writes
	observe func(s *quirky, items []record.Item, a merge.Answer)
}

func rightly(old, in record.FieldValue) bool { return in.Compare(old) > 0 }

func plainly(fields map[string]record.FieldValue, name string, v record.FieldValue) { fields[name] = v }

// with returns a constructor of backends with the given quirks.
func with(q quirks) newBackend {
	if q.wins == nil {
		q.wins = rightly
	}
	if q.stores == nil {
		q.stores = plainly
	}
	return func(env *Env) (Backend, error) {
		m, err := newMemory(env)
		return &quirky{m.(*memory), q}, err
	}
}

func (s *quirky) Restart() (Backend, error) {
	m, err := openMemory(s.env, s.disk)
	return &quirky{m, s.quirks}, err
}

func (s *quirky) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if s.batch != nil {
		batch = s.batch(batch)
	}
	items, err := s.quirks.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	in := merge.Input{Actor: client, Wall: s.env.Now(), Items: items, AnyClient: s.any}
	in.Keys = s.quirks.engine.Keys(in)
	in.Current = s.disk.load(in.Keys)
	read := maps.Clone(s.disk.rows)
	answer := s.quirks.engine.Apply(in)
	s.disk.seq += map[bool]int{true: len(items)}[s.early]
	seq := s.disk.seq
	s.env.Pause()
	if !s.paused {
		read = s.disk.rows
	}
	for i, r := range answer.Results {
		keep := r.Accepted()
		if s.each != nil {
			keep = s.each(s, client, r)
		}
		if keep {
			s.store(read, items[i].Mutation.Data)
		}
		if s.early {
			key := items[i].Mutation.Data.Key()
			if r, ok := s.disk.rows[key]; ok && r.seq > seq {
				s.disk.rows[key] = row{r.Record, seq - len(items) + i + 1}
			}
		}
	}
	if s.observe != nil {
		s.observe(s, items, answer)
	} else {
		s.clock.Observe(answer.Greatest)
	}
	if err := s.env.Crash(); err != nil {
		return nil, err
	}
	if s.replies != nil {
		return json.Marshal(s.replies(slices.Collect(answer.Replies())))
	}
	return answer.AppendJSON(nil), nil
}

// store joins an item with a record as it was read.
func (s *quirky) store(read map[record.Key]row, data record.Record) {
	fields := maps.Collect(read[data.Key()].All())
	for name, v := range data.All() {
		if old, ok := fields[name]; !ok || s.wins(old, v) {
			s.stores(fields, name, v)
		}
	}
	var b record.Builder
	after, err := b.Record(data.Key(), maps.All(fields))
	if err == nil && !after.Equal(s.disk.rows[data.Key()].Record) {
		s.disk.put(after)
		read[data.Key()] = s.disk.rows[data.Key()]
	}
}

// The rule, broken.

func later(old, in record.FieldValue) bool { return in.Stamp.Time > old.Stamp.Time }

func byStamp(old, in record.FieldValue, equal bool) bool {
	if c := in.Stamp.Compare(old.Stamp); c != 0 {
		return c > 0
	}
	return equal
}

func signed(old, in record.FieldValue) bool {
	if old.Stamp.Time != in.Stamp.Time {
		return in.Stamp.Time > old.Stamp.Time
	}
	for i := range old.Stamp.Client {
		if a, b := int8(old.Stamp.Client[i]), int8(in.Stamp.Client[i]); a != b {
			return b > a
		}
	}
	return rightly(old, in)
}

func noCounter(old, in record.FieldValue) bool {
	old.Stamp.Time -= clock.Timestamp(old.Stamp.Time.Counter())
	in.Stamp.Time -= clock.Timestamp(in.Stamp.Time.Counter())
	return rightly(old, in)
}

func noClient(old, in record.FieldValue) bool {
	if old.Stamp.Time != in.Stamp.Time {
		return in.Stamp.Time > old.Stamp.Time
	}
	return in.Value.Compare(old.Value) > 0
}

func deletionLeast(old, in record.FieldValue) bool {
	if old.Stamp == in.Stamp && old.Deleted() != in.Deleted() {
		return old.Deleted()
	}
	return rightly(old, in)
}

func asNumbers(old, in record.FieldValue) bool {
	a, okA := old.Value.Float()
	b, okB := in.Value.Float()
	if old.Stamp == in.Stamp && okA && okB {
		return b > a
	}
	return rightly(old, in)
}

// Storing, broken.

func storesWithout(drop func(name string, v record.FieldValue) bool) func(map[string]record.FieldValue, string, record.FieldValue) {
	return func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
		if drop(name, v) {
			delete(fields, name)
		} else {
			fields[name] = v
		}
	}
}

func storesAs(change func(v record.FieldValue) record.FieldValue) func(map[string]record.FieldValue, string, record.FieldValue) {
	return func(fields map[string]record.FieldValue, name string, v record.FieldValue) { fields[name] = change(v) }
}

func revives(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	fields[name] = v
	if d, ok := fields[record.DeletedField]; ok && name != record.DeletedField && v.Compare(d) > 0 {
		delete(fields, record.DeletedField)
	}
}

func revivesByFalse(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	fields[name] = v
	if d, ok := fields[record.DeletedField]; ok && name != record.DeletedField && v.Compare(d) > 0 {
		fields[record.DeletedField] = record.FieldValue{Value: record.Bool(false), Stamp: v.Stamp}
	}
}

// replaces stores what was pushed in place of the whole record.
func replaces(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	for other := range fields {
		if other != record.DeletedField {
			delete(fields, other)
		}
	}
	fields[name] = v
}

// absentDeletion does not store the deletion of a field that is not there.
func absentDeletion(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if _, ok := fields[name]; ok || !v.Deleted() {
		fields[name] = v
	}
}

func throughFloats(batch []byte) []byte {
	var all any
	if json.Unmarshal(batch, &all) != nil {
		return batch
	}
	text, _ := json.Marshal(all)
	return text
}

// broken is a backend in which something is wrong, and the laws of which one must be named.
type broken struct {
	name string
	make newBackend
	laws []law
}

// TestBroken: each mistake is found, and named. With SHOW=1 and -v it shows the texts.
func TestBroken(t *testing.T) {
	value := func(json string) record.Value { v, _ := record.ParseValue([]byte(json)); return v }
	tests := []broken{
		{"arrival order wins", with(quirks{wins: func(_, _ record.FieldValue) bool { return true }}), []law{lawLater, lawCounter, lawClient, lawTombstone}},
		{"first write wins", with(quirks{wins: func(_, _ record.FieldValue) bool { return false }}), []law{lawLater, lawCounter, lawClient}},
		{"keep-local on ties", with(quirks{wins: later}), []law{lawClient}},
		{"take theirs on ties", with(quirks{wins: func(old, in record.FieldValue) bool { return in.Stamp.Time >= old.Stamp.Time }}), []law{lawClient}},
		{"equal prefers remote", with(quirks{wins: func(old, in record.FieldValue) bool { return byStamp(old, in, true) }}), []law{lawKind, lawValue}},
		{"equal prefers local", with(quirks{wins: func(old, in record.FieldValue) bool { return byStamp(old, in, false) }}), []law{lawKind, lawValue}},
		{"smaller value wins", with(quirks{wins: func(old, in record.FieldValue) bool { return byStamp(old, in, in.Value.Compare(old.Value) < 0) }}), []law{lawKind, lawValue}},
		{"values as numbers", with(quirks{wins: asNumbers}), []law{lawValue}},
		{"deletion below values", with(quirks{wins: deletionLeast}), []law{lawKind}},
		{"client ignored in ties", with(quirks{wins: noClient}), []law{lawClient}},
		{"signed client bytes", with(quirks{wins: signed}), []law{lawClient}},
		{"counter ignored", with(quirks{wins: noCounter}), []law{lawCounter}},
		{"counter dropped", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			v.Stamp.Time -= clock.Timestamp(v.Stamp.Time.Counter())
			return v
		})}), []law{lawStamp}},
		{"tombstone dropped", with(quirks{stores: storesWithout(func(_ string, v record.FieldValue) bool { return v.Deleted() })}), []law{lawTombstone}},
		{"deletion of what is absent dropped", with(quirks{stores: absentDeletion}), []law{lawTombstone}},
		{"unknown fields dropped", with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "tag/É" })}), []law{lawVanish, lawTombstone}},
		{"null is absent", with(quirks{stores: storesWithout(func(_ string, v record.FieldValue) bool { return v.Value == record.Value{} })}), []law{lawFour}},
		{"null is deleted", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			if v.Value == (record.Value{}) {
				v.Value = record.Deletion()
			}
			return v
		})}), []law{lawFour}},
		{"empty is null", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			if v.Value == value(`""`) {
				v.Value = record.Value{}
			}
			return v
		})}), []law{lawFour}},
		{"escaped for HTML twice", with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
			if v.Deleted() {
				return v
			}
			v.Value = value(strings.ReplaceAll(v.Value.JSON(), "<", "&lt;"))
			return v
		})}), []law{lawExact}},
		{"through float64", with(quirks{batch: throughFloats}), []law{lawExact}},
		{"record revived by a newer field", with(quirks{stores: revives}), []law{lawRevive, lawVanish}},
		{"record revived by a false of its own", with(quirks{stores: revivesByFalse}), []law{lawRevive, lawStamp}},
		{"record replaced", with(quirks{stores: replaces}), []law{lawVanish, lawTombstone, lawFour}},
		{"future stamps accepted", with(quirks{engine: merge.Engine{MaxAhead: -1}}), []law{lawAhead}},
		{"bound exclusive", with(quirks{engine: merge.Engine{MaxAhead: clock.DefaultMaxAhead - 1e6}}), []law{lawAhead}},
		{"anybody may write as anybody", with(quirks{any: true}), []law{lawBadRefused}},
		{"a refused item is applied anyway", with(quirks{each: func(*quirky, clock.ClientID, merge.Result) bool { return true }}), []law{lawRefusedLeavesNothing}},
		{"only the first item is stored", with(quirks{each: func(_ *quirky, _ clock.ClientID, r merge.Result) bool { return r.Accepted() && r.Key.ID == "a" }}), []law{lawVanish, lawTombstone, lawFour}},
		{"verdicts out of order", with(quirks{replies: func(all []merge.Reply) []merge.Reply { slices.Reverse(all); return all }}), []law{lawOrder}},
		{"verdicts out of order, numbered anew", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			slices.Reverse(all)
			for i := range all {
				all[i].Index = i
			}
			return all
		}}), []law{lawOrder, lawFine, lawBadRefused, lawAhead, lawOutcome, lawNeighbours}},
		{"verdicts of refused items left out", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			return slices.DeleteFunc(all, func(r merge.Reply) bool { return r.Verdict == "refused" })
		}}), []law{lawWellFormed}},
		{"whole batch refused", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for _, r := range all {
				if r.Verdict == "refused" && len(all) > 1 {
					for i := range all {
						if all[i].Verdict == "accepted" {
							all[i] = merge.Reply{Index: i, Table: all[i].Table, ID: all[i].ID, Verdict: "refused", Code: merge.Invalid}
						}
					}
				}
			}
			return all
		}}), []law{lawNeighbours}},
		{"refused without a code", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Code = ""
			}
			return all
		}}), []law{lawWellFormed}},
		{"refused as retryable", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Retryable = all[i].Verdict == "refused"
			}
			return all
		}}), []law{lawBadRefused}},
		{"superseded is refused", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i, r := range all {
				if r.Verdict == "accepted" && !r.Changed {
					all[i].Verdict, all[i].Code, all[i].Fields = "refused", "conflict", nil
				}
			}
			return all
		}}), []law{lawFine, lawRetry}},
		{"server time missing", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].ServerTime = 0
			}
			return all
		}}), []law{lawAhead}},
		{"always changed", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Changed = all[i].Verdict == "accepted"
			}
			return all
		}}), []law{lawRetry, lawOutcome}},
		{"collision not reported", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Notes, all[i].Fields = nil, nil
			}
			return all
		}}), []law{lawCollision}},
		{"a retry is stamped anew", with(quirks{
			wins: func(old, in record.FieldValue) bool { return in.Compare(old) >= 0 },
			stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
				if fields[name] == v {
					v.Stamp.Time++
				}
				fields[name] = v
			}}), []law{lawStamp}},
		{"client of the first writer kept", with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
			if old, ok := fields[name]; ok {
				v.Stamp.Client = old.Stamp.Client
			}
			fields[name] = v
		}}), []law{lawInvented, lawStamp}},
		{"read, then write", with(quirks{paused: true}), []law{lawMeet}},
		{"sequence before the commit", with(quirks{early: true}), []law{lawSkip}},
		{"clock not observed", with(quirks{observe: func(*quirky, []record.Item, merge.Answer) {}}), []law{lawServerClock}},
		{"clock observes what is refused", with(quirks{observe: func(s *quirky, items []record.Item, _ merge.Answer) {
			for _, it := range items {
				for _, v := range it.Mutation.Data.All() {
					s.clock.Observe(v.Stamp.Time)
				}
			}
		}}), []law{lawPoison}},
		{"error for the whole batch", newStrict, []law{lawNeighbours}},
		{"cursor by stamp", newByStamp(true), []law{lawSkip}},
		{"delta that skips equal times", newByStamp(false), []law{lawSkip}},
		{"digest that ignores the client", newDigested, []law{lawSkip}},
		{"page ends within a sequence", newPaged, []law{lawSkip, lawVanish}},
		{"deleted records are not pulled", newHiding, []law{lawVanish, lawSkip}},
		{"restart loses the last push", newForgetful, []law{lawDurable}},
		{"cursor moves for ever", newEndless, []law{lawReadable}},
	}
	for _, test := range append(tests, moreBroken()...) {
		t.Run(test.name, func(t *testing.T) {
			err := Check(test.make, Options{})
			if err == nil {
				t.Fatal("not found")
			}
			text := err.Error()
			if os.Getenv("SHOW") != "" {
				t.Log(text)
			}
			first, _, _ := strings.Cut(text, "\n")
			if i := strings.Index(text, "\nSeed "); i > 0 {
				line, _, _ := strings.Cut(text[i+1:], ":")
				t.Log(first, "|", strings.TrimSuffix(line, ". The same as a test"))
			}
			for _, l := range test.laws {
				if name, _, _ := l.text(); strings.HasSuffix(first, name) {
					return
				}
			}
			t.Fatal(text)
		})
	}
}
