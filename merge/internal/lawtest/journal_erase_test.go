package lawtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// rewritten collects all lines and rewrites them.
func rewritten(t require.TestingT, lines [][]byte, erases func(record.Record) bool) [][]byte {
	e := merge.JournalEraser{Erases: erases}
	for _, line := range lines {
		require.NoError(t, e.Collect(line))
	}
	all := make([][]byte, len(lines))
	for i, line := range lines {
		var err error
		all[i], err = e.Rewrite(line)
		require.NoError(t, err)
	}
	return all
}

func hasKey(key record.Key) func(record.Record) bool {
	return func(r record.Record) bool { return r.Key() == key }
}

// TestErasedJournalDecidesAsBefore: in a journal of random pushes, the values and names of one record
// become marks. Every line still replays to its digest and to the same decisions, and equality and
// order of names and values stay across all lines.
func TestErasedJournalDecidesAsBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "lines") {
			lines = append(lines, journaled(&judging, genSituation().Draw(t, "situation").input()))
		}
		key := keyOf("1")
		erased := rewritten(t, lines, hasKey(key))
		pairs := markPairs{}
		for i, line := range lines {
			before, err := merge.ParseJournalLine(line)
			require.NoError(t, err)
			after, err := merge.ParseJournalLine(erased[i])
			require.NoError(t, err)
			if !concerns(before, key) {
				require.Same(t, &line[0], &erased[i][0])
				continue
			}
			if &line[0] != &erased[i][0] { // the line has more than the deletion of the record
				require.Equal(t, []record.Key{key}, after.Erased)
			}
			pairs.addLine(t, key, before, after)
			sameAnswers(t, key, replayed(t, line), replayed(t, erased[i]))
		}
		pairs.check(t)
		for i, again := range rewritten(t, erased, hasKey(key)) {
			require.Same(t, &erased[i][0], &again[0], "a rewritten line is rewritten again")
		}
	})
}

// concerns reports whether a line has any data of a record.
func concerns(l merge.JournalLine, key record.Key) bool {
	return slices.ContainsFunc(l.Stored.Records, func(r record.Record) bool { return r.Key() == key && r.Len() > 0 }) ||
		slices.ContainsFunc(l.Request.Items, func(i record.Item) bool { return i.Mutation.Data.Key() == key })
}

// markPairs maps names and values to their marks.
type markPairs struct {
	names  map[string]string
	values map[string]map[record.Value]record.Value // by name
}

// addLine adds the names and values of a record in a line.
func (p *markPairs) addLine(t require.TestingT, key record.Key, before, after merge.JournalLine) {
	require.Len(t, after.Stored.Records, len(before.Stored.Records))
	for i, r := range before.Stored.Records {
		p.add(t, key, r, after.Stored.Records[i])
	}
	require.Len(t, after.Request.Items, len(before.Request.Items))
	for i, item := range before.Request.Items {
		again := after.Request.Items[i]
		p.add(t, key, item.Mutation.Data, again.Mutation.Data)
		if item.Mutation.Data.Key() != key {
			require.Equal(t, item, again)
			continue
		}
		require.Equal(t, item.Mutation.New, again.Mutation.New)
		require.Len(t, again.Mutation.Base, len(item.Mutation.Base))
		for name, at := range item.Mutation.Base {
			got, ok := again.Mutation.Base[p.names[name]]
			require.True(t, ok)
			require.Equal(t, at, got)
		}
	}
}

// add adds the names and values of a record. Stamps, deletions and the fields of deletions stay.
func (p *markPairs) add(t require.TestingT, key record.Key, before, after record.Record) {
	if before.Key() != key {
		require.True(t, before.Equal(after))
		return
	}
	require.Equal(t, before.Key(), after.Key())
	require.Equal(t, before.Len(), after.Len())
	for i := range before.Len() {
		name, v := before.At(i)
		mark, w := after.At(i)
		require.Equal(t, v.Stamp, w.Stamp)
		require.Equal(t, record.Reserved(name), name == mark)
		if p.names == nil {
			p.names, p.values = make(map[string]string), make(map[string]map[record.Value]record.Value)
		}
		require.Contains(t, []string{"", mark}, p.names[name])
		p.names[name] = mark
		if p.values[name] == nil {
			p.values[name] = make(map[record.Value]record.Value)
		}
		if known, ok := p.values[name][v.Value]; ok {
			require.Equal(t, known, w.Value)
		}
		p.values[name][v.Value] = w.Value
		require.Equal(t, v.Deleted() || name == record.DeletedField, v.Value == w.Value)
	}
}

// check checks that names, and values of one field, have the same order as their marks.
func (p *markPairs) check(t require.TestingT) {
	for a, x := range p.names {
		for b, y := range p.names {
			require.Equal(t, strings.Compare(a, b), strings.Compare(x, y), "%q and %q", a, b)
		}
	}
	for _, marks := range p.values {
		for a, x := range marks {
			for b, y := range marks {
				require.Equal(t, a.Compare(b), x.Compare(y), "%v and %v", a, b)
			}
		}
	}
}

// sameAnswers checks that two answers differ only in the names and values of a record.
func sameAnswers(t require.TestingT, key record.Key, before, after merge.Answer) {
	require.Equal(t, before.Watermarks, after.Watermarks)
	require.Equal(t, before.Greatest, after.Greatest)
	require.Len(t, after.Updates, len(before.Updates))
	for i, r := range before.Results {
		again := after.Results[i]
		if r.Key != key && r.Key.Table != "" && r.Key.ID != "" {
			require.Equal(t, r, again)
			continue
		}
		require.Equal(t, r.Changed, again.Changed)
		require.Equal(t, r.Notes, again.Notes)
		require.Equal(t, r.Accepted(), again.Accepted())
		if !r.Accepted() {
			require.Equal(t, r.Refusal.Code, again.Refusal.Code)
			require.Equal(t, r.Refusal.Retryable, again.Refusal.Retryable)
			require.Equal(t, r.Refusal.ServerTime, again.Refusal.ServerTime)
		}
		require.Len(t, again.Fields, len(r.Fields))
		for n, d := range r.Fields {
			e := again.Fields[n]
			require.Equal(t, []any{d.Outcome, d.Step(), d.Won(), d.Lost(), d.Seen}, []any{e.Outcome, e.Step(), e.Won(), e.Lost(), e.Seen})
		}
	}
}

// city is in every name and value that the following tests erase.
const city = "Zurich"

// cityEdit returns an edit at a number of seconds.
func cityEdit(t *testing.T, key record.Key, seconds int, change func(e *record.Edit)) record.Mutation {
	e := record.New(key).Edit(clock.Stamp{Time: purgeEpoch + clock.Timestamp(seconds)*clock.Timestamp(time.Second), Client: purgeClient})
	change(e)
	m, err := e.Mutation()
	require.NoError(t, err)
	return m
}

func writeCities(e *record.Edit) {
	e.Set("in"+city, city).Set("!"+city, []string{city, "x"}).Delete("no" + city)
}

// isAbout reports whether a record is the record that is erased, or a row about it.
func isAbout(r record.Record) bool {
	w, _ := r.Get("recordId")
	return r.Key() == purgeKey || r.Key().Table == "violations" && w.Value == record.MustOf(purgeKey.ID)
}

// cityJournal returns lines that have the text "Zurich" in stored records, items and bases, and in the
// reasons for refusals. The first line has an item on a violation row, but only the second line shows
// that the row is about the erased record.
func cityJournal(t *testing.T) [][]byte {
	row := record.Key{Table: "violations", ID: "7"}
	e := merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
		if m.New && m.Data.Key() == purgeKey {
			return &merge.Refusal{Code: "too_long", Path: "data.in" + city, Err: &record.Error{Err: errors.New(city + " is too long")}}
		}
		return nil
	}}
	items, err := e.Decode(fmt.Appendf(nil, `[{"table":"tasks","id":"1","data":{"in%[1]s":{"value":1}}},
		{"table":"tasks","data":{"in%[1]s":{"value":1}},"id":"1"}, {"data":{"in%[1]s":{"value":1}}},
		{"table":"others","data":{"kept":{"value":1}},"id":"1"}]`, city))
	require.NoError(t, err)
	again, late := cityEdit(t, purgeKey, 2, writeCities), cityEdit(t, purgeKey, 3600, writeCities)
	again.New, late.New = false, false
	note := cityEdit(t, row, 2, func(e *record.Edit) { e.Set("note", city) })
	for _, m := range []record.Mutation{
		cityEdit(t, purgeKey, 1, writeCities), again, late, note,
		cityEdit(t, record.Key{Table: "tasks", ID: "2"}, 2, func(e *record.Edit) { e.Set("kept", "kept") }),
	} {
		items = append(items, record.Item{Mutation: m})
	}
	stored := merge.Collect(cityEdit(t, purgeKey, 0, writeCities).Data, cityEdit(t, row, 0, func(e *record.Edit) {
		e.Set("recordId", purgeKey.ID).Set("description", city)
	}).Data)
	request := merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: items}
	alone := merge.Request{Actor: clock.ClientID{8}, Wall: request.Wall, Items: []record.Item{{Mutation: note}}}
	var lines [][]byte
	var codes []merge.Code
	for _, r := range []merge.Request{alone, request} {
		push := e.Prepare(r)
		s := merge.Stored{Records: stored.Lookup(push.Keys())}
		answer, err := push.Apply(s)
		require.NoError(t, err)
		lines = append(lines, push.AppendJournal(nil, s, answer))
		for _, r := range answer.Results {
			codes = append(codes, "")
			if r.Refusal != nil {
				codes[len(codes)-1] = r.Refusal.Code
			}
		}
	}
	require.Equal(t, []merge.Code{"other_client", "invalid", "invalid", "invalid", "invalid", "too_long", "", "too_far_ahead", "", ""}, codes)
	return lines
}

// TestErasedJournalHasNoErasedText: nothing of a record, nor of a row about it, stays in a line.
func TestErasedJournalHasNoErasedText(t *testing.T) {
	lines := cityJournal(t)
	require.Contains(t, string(lines[0]), city)
	for _, part := range []string{"data.in" + city, city + " is too long", `"base":{"!` + city, `"description":{"value":"` + city} {
		require.Contains(t, string(lines[1]), part)
	}
	for _, line := range rewritten(t, lines, isAbout) {
		require.NotContains(t, string(line), city)
		replayed(t, line)
	}
	line := rewritten(t, lines, isAbout)[1]
	require.Contains(t, string(line), `"data.kept`)
	require.Contains(t, string(line), `"kept":{"value":"kept"`)
	l, err := merge.ParseJournalLine(line)
	require.NoError(t, err)
	require.Equal(t, []record.Key{{}, {Table: "tasks"}, purgeKey, {Table: "violations", ID: "7"}}, l.Erased)
}

// TestMarksKeepTheirOrder: the marks of many names and values have the order of the originals, also
// among reserved names.
func TestMarksKeepTheirOrder(t *testing.T) {
	var items []record.Item
	for i := range 12 {
		m := cityEdit(t, purgeKey, 0, func(e *record.Edit) {
			e.Set(fmt.Sprintf("f%x", i), 1).Set(fmt.Sprintf("!%x", i), 1).Set("f", i)
		})
		items = append(items, record.Item{Mutation: m})
	}
	var e merge.Engine
	push := e.Prepare(merge.Request{Actor: purgeClient, Wall: purgeEpoch.Time().Add(time.Second), Items: items})
	next := record.FieldValue{Value: record.Int(1), Stamp: stampAt(0)}
	var b record.Builder
	r, err := b.Record(purgeKey, func(yield func(string, record.FieldValue) bool) { yield("$next", next) })
	require.NoError(t, err)
	s := merge.Stored{Records: []record.Record{r}}
	answer, err := push.Apply(s)
	require.NoError(t, err)
	line := push.AppendJournal(nil, s, answer)
	before, err := merge.ParseJournalLine(line)
	require.NoError(t, err)
	after, err := merge.ParseJournalLine(rewritten(t, [][]byte{line}, isAbout)[0])
	require.NoError(t, err)
	pairs := markPairs{}
	pairs.addLine(t, purgeKey, before, after)
	require.Len(t, pairs.names, 26)
	require.Len(t, pairs.values["f"], 12)
	pairs.check(t)
}

// TestErasedLineThatDidNotReplayStillDoesNot: erasing hides no damage. The digest of the erased answer is
// not kept.
func TestErasedLineThatDidNotReplayStillDoesNot(t *testing.T) {
	line := cityJournal(t)[1]
	damaged := []byte(strings.Replace(string(line), `"value":[`, `"value":[1,`, 1))
	l, err := merge.ParseJournalLine(damaged)
	require.NoError(t, err)
	erased := rewritten(t, [][]byte{damaged}, isAbout)
	again, err := merge.ParseJournalLine(erased[0])
	require.NoError(t, err)
	require.NotEqual(t, l.Answer, again.Answer)
	require.Zero(t, again.Answer)
	require.NotContains(t, string(erased[0]), city)
	require.Same(t, &erased[0][0], &rewritten(t, erased, isAbout)[0][0])
}

// TestJournalEraserNeedsNoFirstPass: without Collect, marks of one line are still in order.
func TestJournalEraserNeedsNoFirstPass(t *testing.T) {
	lines := cityJournal(t)
	e := merge.JournalEraser{Erases: isAbout}
	for _, line := range slices.Backward(lines) {
		got, err := e.Rewrite(line)
		require.NoError(t, err)
		require.NotContains(t, string(got), city)
		replayed(t, got)
	}
}

// TestZeroJournalEraserErasesNothing: it returns each line itself.
func TestZeroJournalEraserErasesNothing(t *testing.T) {
	lines := cityJournal(t)
	for i, got := range rewritten(t, lines, nil) {
		require.Same(t, &lines[i][0], &got[0])
	}
}

// TestJournalEraserRefusesMalformedLines: the error names the place, not the value.
func TestJournalEraserRefusesMalformedLines(t *testing.T) {
	line := string(cityJournal(t)[1])
	e := merge.JournalEraser{Erases: isAbout}
	for _, bad := range []string{
		"", line[:len(line)-1], strings.Replace(line, `"answer"`, `"Answers"`, 1),
		strings.Replace(line, `"value":"`+city, `"values":"`+city, 1),
		strings.Replace(line, `"keys":[`, `"keys":[1,`, 1),
	} {
		got, err := e.Rewrite([]byte(bad))
		require.Nil(t, got)
		var want *record.Error
		require.ErrorAs(t, err, &want)
		require.NotContains(t, err.Error(), city+" ")
		require.Equal(t, err, e.Collect([]byte(bad)))
	}
}

// TestEarlierJournalsCanBeErased: lines of earlier versions replay after one of their records was
// erased, with the same codes.
func TestEarlierJournalsCanBeErased(t *testing.T) {
	for _, name := range []string{"earlier.jsonl", "earlier-full.jsonl"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "journals", name))
		require.NoError(t, err)
		lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
		keys := make(map[record.Key]bool)
		for _, line := range lines {
			for _, r := range replayed(t, line).Results {
				keys[r.Key] = keys[r.Key] || r.Key.Check() == nil
			}
		}
		changed := 0
		for key := range keys {
			for i, line := range rewritten(t, lines, hasKey(key)) {
				if &line[0] != &lines[i][0] {
					sameAnswers(t, key, replayed(t, lines[i]), replayed(t, line))
					changed++
				}
			}
		}
		require.Greater(t, changed, 100, name)
	}
}
