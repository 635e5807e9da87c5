package lawtest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// stampOf returns the stamp of a deed.
func stampOf(d deed) clock.Stamp {
	return clock.Stamp{Time: purgeEpoch + clock.Timestamp(d.at), Client: clock.ClientID{byte(d.by)}}
}

var theActor = clock.ClientID{1}

func valueOf(field int, value int8) record.Value {
	switch {
	case field == 2:
		return record.Bool(value != alive)
	case field == 1 && value == noText:
		return record.Deletion()
	}
	return record.MustOf([2][3]string{{"a", "c", "x"}, {"b", "much longer than a deletion"}}[field][value])
}

// sheetOf reads a record as a sheet.
func sheetOf(r record.Record) (s sheet) {
	for i, name := range sheetNames {
		w, ok := r.Get(name)
		if !ok {
			continue
		}
		s[i] = deed{at: int8(w.Stamp.Time - purgeEpoch), by: int8(w.Stamp.Client[0])}
		for valueOf(i, s[i].value) != w.Value {
			s[i].value++
		}
	}
	if r.Erased() {
		s[2].value = wiped
	}
	return s
}

// rightsEngine applies batches of pleas with the real Engine.
type rightsEngine struct {
	builder record.Builder
	records map[sheet]record.Record
	engine  merge.Engine
	asked   error // a question that must not be asked
}

func newRightsEngine() *rightsEngine { return &rightsEngine{records: make(map[sheet]record.Record)} }

// record returns a sheet as a record.
func (e *rightsEngine) record(s sheet) record.Record {
	if r, ok := e.records[s]; ok {
		return r
	}
	r, err := e.builder.Record(purgeKey, func(yield func(string, record.FieldValue) bool) {
		for i, d := range s {
			if d.at > 0 && !yield(sheetNames[i], record.FieldValue{Value: valueOf(i, d.value), Stamp: stampOf(d)}) {
				return
			}
		}
		if s[2].value == wiped {
			yield(record.ErasedField, record.FieldValue{Value: record.Bool(true), Stamp: stampOf(s[2])})
		}
	})
	if err != nil {
		panic(err)
	}
	e.records[s] = r
	return r
}

func (e *rightsEngine) item(p plea) record.Item {
	m := record.Mutation{Data: e.record(p.writes), New: p.isNew}
	if p.base {
		m.Base = map[string]clock.Stamp{"title": {}}
	}
	return record.Item{Mutation: m}
}

var errDenied = &merge.Refusal{Code: "denied", Path: "data", Err: &record.Error{Offset: -1, Err: errors.New("a reason")}}

// stored returns the state that a push meets, with the actor's rights.
func (e *rightsEngine) stored(w rightsWorld) merge.Stored {
	s := merge.Stored{Records: []record.Record{e.record(w.stored)}, Level: int(w.level), StorageFull: w.full}
	// Some items are new to the server, and some have stamps below one that was accepted before.
	s.Watermarks = []clock.Stamp{{Client: theActor, Time: purgeEpoch + 2}, {Client: clock.ClientID{2}, Time: purgeEpoch + 1}}
	if w.fence > 0 {
		s.Fence = stampAt(w.fence).Time
	}
	s.MayRead = func(r record.Record) bool {
		seen := sheetOf(r)
		if r.Key() != purgeKey || seen.empty() || seen.dead(w.fence) || seen[2].value == wiped {
			e.asked = fmt.Errorf("MayRead is asked about %v", r)
		}
		return w.mayRead(seen)
	}
	s.MayWrite = func(seen, after record.Record, m record.Mutation) error {
		if seen.Key() != purgeKey || after.Key() != purgeKey || m.Data.Key() != purgeKey || m.Data.Len() == 0 {
			e.asked = fmt.Errorf("MayWrite is asked about %v, %v, %s", seen, after, m.AppendJSON(nil))
		}
		base, known := m.Base["title"]
		if w.mayWrite(sheetOf(seen), sheetOf(after), plea{sheetOf(m.Data), m.New, known && base.IsZero()}) {
			return nil
		}
		return errDenied
	}
	return s
}

func (e *rightsEngine) prepare(w rightsWorld, batch []plea) *merge.Push {
	r := merge.Request{Actor: theActor, AnyClient: true, WholeItems: w.whole, Wall: purgeEpoch.Time().Add(time.Second)}
	for _, p := range batch {
		r.Items = append(r.Items, e.item(p))
	}
	e.engine.MaxRecord = w.most
	return e.engine.Prepare(r)
}

// check compares the answer to a batch with the oracle.
func (e *rightsEngine) check(w rightsWorld, batch []plea) error {
	push, stored := e.prepare(w, batch), e.stored(w)
	e.asked = nil
	a, err := push.Apply(stored)
	if err = errors.Join(err, e.asked); err != nil {
		return err
	}
	want, after := w.judge(batch)
	got := w.stored.normal(w.fence)
	for _, u := range a.Updates {
		got = sheetOf(u.After)
	}
	if got != after && !(got.dead(w.fence) && after.dead(w.fence)) {
		return fmt.Errorf("stored %v, want %v", got, after)
	}
	var accepted []record.Item
	var results []merge.Result
	for i, r := range a.Results {
		if err := agree(want[i], batch[i].writes, r); err != nil {
			return fmt.Errorf("item %d: %+v, want %+v: %w", i, r, want[i], err)
		}
		if want[i].code == "" && !want[i].silent {
			accepted, results = append(accepted, e.item(batch[i])), append(results, r)
		}
	}
	return e.leavesNoTrace(push, stored, accepted, a, results)
}

// agree compares a result with the sentence of the oracle.
func agree(want sentence, writes sheet, r merge.Result) error {
	if code := codeOf(r); code != want.code {
		return fmt.Errorf("the code is %q", code)
	}
	switch {
	case want.code == "forbidden":
		if *r.Refusal != (merge.Refusal{Code: merge.Forbidden}) {
			return errors.New("more is told than that it is forbidden")
		}
	case want.code == "denied":
		if r.Refusal != errDenied {
			return errors.New("the reason of the guard is not told")
		}
	}
	if want.code != "" || want.silent {
		if r.Changed || r.Fields != nil || r.Notes != nil {
			return errors.New("outcomes are told")
		}
		return nil
	}
	fields := 0
	for i, d := range writes {
		if d.at == 0 {
			continue
		}
		n := slices.IndexFunc(r.Fields, func(d merge.Decision) bool { return d.Field == sheetNames[i] })
		if n < 0 || (r.Fields[n].Outcome == merge.FieldGone) != (want.joined[i].at == 0) {
			return fmt.Errorf("the outcome of %s is missing or wrong", sheetNames[i])
		}
		fields++
	}
	if fields != len(r.Fields) {
		return errors.New("outcomes of other fields are told")
	}
	return nil
}

func codeOf(r merge.Result) string {
	if r.Refusal == nil {
		return ""
	}
	return string(r.Refusal.Code)
}

// leavesNoTrace checks that the answer to the accepted items is the one that the Engine gives to them
// alone, without rights and without limits.
func (e *rightsEngine) leavesNoTrace(p *merge.Push, s merge.Stored, accepted []record.Item, a merge.Answer, results []merge.Result) error {
	request := p.Request()
	request.Items = accepted
	s.MayRead, s.MayWrite, s.StorageFull = nil, nil, false
	alone := new(merge.Engine).Prepare(request)
	if len(alone.Keys()) == 0 {
		s.Records = nil
	}
	b, err := alone.Apply(s)
	if err != nil {
		return err
	}
	for i := range results {
		results[i].Key = b.Results[i].Key
		if !reflect.DeepEqual(results[i], b.Results[i]) {
			return fmt.Errorf("an accepted item has the result %+v, want %+v", results[i], b.Results[i])
		}
	}
	a.Results, b.Results = nil, nil
	if a.Digest() != b.Digest() {
		return fmt.Errorf("the answer is %+v, want %+v", a, b)
	}
	return nil
}
