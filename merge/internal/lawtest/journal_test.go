package lawtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestJournalLineReplaysToTheSameBytes: a recorded push replays to a byte-equal answer without
// its guard. Recording the replay gives the same line.
func TestJournalLineReplaysToTheSameBytes(t *testing.T) {
	refused := []error{
		&record.Error{Path: "[3].data.title", Offset: 17, Err: record.ErrValueForm},
		&record.Error{Offset: -1, Err: &record.LimitError{What: "depth", Limit: 32}},
		&record.Error{},
		fmt.Errorf("wrapped: %w", &merge.Refusal{Code: "quota_exceeded", Retryable: true}),
		&merge.Refusal{Code: "a\xff", Path: "\xfe", ServerTime: 7},
		&merge.Refusal{},
		(*merge.Refusal)(nil),
		errors.New("an error of another package"),
	}
	// A guard may return a refusal that looks like a refusal by Apply.
	imitations := []error{
		nil, nil, nil,
		&merge.Refusal{Code: "not_loaded"}, &merge.Refusal{Code: merge.TooFarAhead, ServerTime: 1},
		&merge.Refusal{Code: merge.OtherClient, Retryable: true}, &merge.Refusal{Code: merge.ServerClock, ServerTime: -1},
		&merge.Refusal{Code: "quota_exceeded", ServerTime: clock.MaxTimestamp + 1}, errors.New("no"),
	}
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		e := judging
		e.MaxAhead = rapid.SampledFrom([]time.Duration{0, time.Second, 90 * time.Minute, -1}).Draw(t, "bound")
		in.Wall = in.Wall.Add(time.Duration(rapid.IntRange(0, 1_999_999).Draw(t, "ns")))
		if rapid.IntRange(0, 4).Draw(t, "odd wall") == 0 {
			in.Wall = rapid.SampledFrom([]time.Time{
				{}, time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
				in.Wall.In(time.FixedZone("", 25*3600)), time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -5*3600)),
			}).Draw(t, "wall")
		}
		imitation := rapid.SampledFrom(imitations).Draw(t, "guard")
		guard := e.Guard
		e.Guard = func(actor clock.ClientID, m record.Mutation) error {
			if imitation != nil {
				return imitation
			}
			return guard(actor, m)
		}
		if len(in.Items) > 0 && rapid.IntRange(0, 4).Draw(t, "Go") == 0 {
			m := &in.Items[0].Mutation // a mutation that no decoder made
			m.Data = m.Data.WithKey(record.Key{Table: rapid.SampledFrom([]string{"", "t\xff\xfe", "t"}).Draw(t, "table"), ID: m.Data.Key().ID})
			for name := range m.Base {
				m.Base[name] = clock.Stamp{Time: rapid.SampledFrom([]clock.Timestamp{-1, 0, 5}).Draw(t, "base")}
			}
		}
		in.Watermarks = append(in.Watermarks, rapid.SampledFrom([]clock.Stamp{{}, {Time: -5, Client: clients[0]}, {Time: clock.MaxTimestamp + 1, Client: clients[1]}, {Time: 5}}).Draw(t, "mark"))
		for range rapid.IntRange(0, 2).Draw(t, "malformed") {
			bad := record.Item{Mutation: record.Mutation{Data: record.New(keyOf(rapid.SampledFrom([]string{"", "1"}).Draw(t, "id")))}}
			bad.Err = rapid.SampledFrom(refused).Draw(t, "reason")
			in.Items = slices.Insert(in.Items, rapid.IntRange(0, len(in.Items)).Draw(t, "at"), bad)
		}
		a := applied(&e, in)
		line := journaled(&e, in)
		require.NotContains(t, string(line), "\n")
		require.True(t, json.Valid(line) && utf8.Valid(line))

		l, err := merge.ParseJournalLine(line)
		require.NoError(t, err)
		require.Nil(t, l.Engine.Guard)
		again := replayed(t, line)
		require.Equal(t, string(a.AppendJSON(nil)), string(again.AppendJSON(nil)))
		require.Equal(t, a.Digest(), again.Digest())
		require.Equal(t, string(line), string(l.Engine.Prepare(l.Request).AppendJournal(nil, l.Stored, again)))
		for i, r := range again.Results {
			require.Equal(t, a.Results[i].Fields, r.Fields)
		}
	})
}

func keyOf(id string) record.Key { return record.Key{Table: "t", ID: id} }

// TestJournalHoldsOnlyRecordsOfItems: a journal line holds only the stored records that the
// items name, and no watermark without a client.
func TestJournalHoldsOnlyRecordsOfItems(t *testing.T) {
	w := entry{table: "t", id: "1", field: "a", time: epoch, client: clients[0], value: "1"}
	far := w
	far.id = "far"
	in := input{Wall: time.Unix(0, epoch), Actor: w.client, Items: []record.Item{order{"t", "1", []entry{w}, nil}.item()}, Current: history{w, far}.collection()}
	in.Watermarks = []clock.Stamp{{Client: w.client}, {}}
	var e merge.Engine
	line := string(journaled(&e, in))
	require.NotContains(t, line, "far")
	require.Contains(t, line, `"marks":[{"clientId":"7f000000-0000-0000-0000-000000000001"}]`)
	l, err := merge.ParseJournalLine([]byte(line))
	require.NoError(t, err)
	require.Equal(t, in.Watermarks[:1], l.Stored.Watermarks)
}

// TestAnswerDigestDependsOnEveryPart: changing any part of an answer changes its digest.
func TestAnswerDigestDependsOnEveryPart(t *testing.T) {
	w, a, b, _ := scene(t)
	a.writes(`"by A"`)
	b.writes(`"by B"`)
	b.sends()
	in := input{Actor: a.id, Wall: w.now, Current: w.server.state, Items: []record.Item{{Mutation: a.outbox[0].item}}}
	in.Items = append(in.Items, order{"t", "9", []entry{{table: "t", id: "9", field: "f", time: epoch, client: a.id, value: "1"}}, nil}.item())
	answer := applied(&w.engine, in)
	require.Len(t, answer.Updates, 1)
	seen := map[merge.Digest]bool{answer.Digest(): true}
	for name, change := range map[string]func(*merge.Answer){
		"result": func(a *merge.Answer) { a.Results = a.Results[1:] },
		"note": func(a *merge.Answer) {
			a.Results = slices.Clone(a.Results)
			a.Results[0].Notes = []merge.Code{merge.Rewound}
		},
		"losing value": func(a *merge.Answer) {
			a.Results = slices.Clone(a.Results)
			a.Results[0].Fields = slices.Clone(a.Results[0].Fields)
			a.Results[0].Fields[0].Incoming.Value = record.MustOf("other")
		},
		"whether the author saw the loser": func(a *merge.Answer) {
			a.Results = slices.Clone(a.Results)
			a.Results[0].Fields = slices.Clone(a.Results[0].Fields)
			a.Results[0].Fields[0].Seen = merge.SeenYes
		},
		"record after": func(a *merge.Answer) {
			a.Updates = []merge.Update{{Before: a.Updates[0].Before, After: a.Updates[0].After.WithKey(keyOf("x"))}}
		},
		"record before": func(a *merge.Answer) {
			a.Updates = []merge.Update{{Before: a.Updates[0].After, After: a.Updates[0].After}}
		},
		"watermark":      func(a *merge.Answer) { a.Watermarks = nil },
		"greatest stamp": func(a *merge.Answer) { a.Greatest++ },
	} {
		changed := answer
		change(&changed)
		require.False(t, seen[changed.Digest()], name)
		seen[changed.Digest()] = true
	}
}

// TestInvalidJournalLineIsAnErrorWithoutItsText: ParseJournalLine refuses an invalid line with an
// error that names the path and contains nothing of the line.
func TestInvalidJournalLineIsAnErrorWithoutItsText(t *testing.T) {
	_, a, _, _ := scene(t)
	a.writes(`"427281"`)
	in := input{Actor: a.id, Wall: a.w.now, Current: a.w.server.state, Items: []record.Item{{Mutation: a.outbox[0].item}}, Watermarks: []clock.Stamp{{Time: 7, Client: a.id}}}
	e := merge.Engine{MaxAhead: time.Hour}
	line := string(journaled(&e, in))
	_, err := merge.ParseJournalLine([]byte(line))
	require.NoError(t, err)
	answer := regexp.MustCompile(`"answer":".`)
	bad := map[string]string{
		"empty": "", "array": "[]", "truncated": line[:len(line)-1], "trailing data": line + "{}",
		"wall":                      strings.Replace(line, `"wall":"2026`, `"wall":"427281`, 1),
		"actor":                     strings.Replace(line, `"actor":"f`, `"actor":"g`, 1),
		"bound":                     strings.Replace(line, `"1h0m0s"`, `"427281"`, 1),
		"mark":                      strings.Replace(line, `"marks":[{"updatedAt":"1`, `"marks":[{"updatedAt":"427281`, 1),
		"current":                   strings.Replace(line, `"current":[{"table"`, `"current":[{"427281"`, 1),
		"item":                      strings.Replace(line, `"items":[{"table"`, `"items":[{"427281"`, 1),
		"answer":                    strings.Replace(line, `"answer":"`, `"answer":"427281`, 1),
		"answer is not hexadecimal": answer.ReplaceAllString(line, `"answer":"z`),
		"item is a number":          strings.Replace(line, `"items":[`, `"items":[427281,`, 1),
	}
	for name, text := range bad {
		require.NotEqual(t, line, text, name)
		_, err := merge.ParseJournalLine([]byte(text))
		var typed *record.Error
		require.ErrorAs(t, err, &typed, name)
		require.Equal(t, map[string]string{"item": "items[0].table", "current": "current[0].table", "bound": "maxAhead", "answer": "answer", "answer is not hexadecimal": "answer", "item is a number": "items[0]"}[name], typed.Path, name)
		require.NotContains(t, err.Error(), "427281", name)
	}
}

// TestJournalLineNeedsItsMembers: ParseJournalLine refuses a line that lacks one or more required
// members.
func TestJournalLineNeedsItsMembers(t *testing.T) {
	for _, line := range []string{`{}`, `{"items":[],"answer":"00"}`, `{"wall":"2026-03-02T14:03:00Z","answer":"00"}`, `{"wall":"2026-03-02T14:03:00Z","keys":[],"items":[]}`, `{"wall":"2026-03-02T14:03:00Z","items":[],"answer":"00"}`} {
		_, err := merge.ParseJournalLine([]byte(line))
		require.ErrorIs(t, err, record.ErrMissing)
	}
}

// TestErrorNamesMissingMemberOfJournalLine: a line without one of its members is refused, and the
// error names the member. Without its items, a line would replay as an empty push.
func TestErrorNamesMissingMemberOfJournalLine(t *testing.T) {
	w := entry{table: "t", id: "1", field: "a", time: epoch, client: clients[0], value: "1"}
	in := input{Wall: time.Unix(0, epoch), Actor: w.client, Items: []record.Item{order{"t", "1", []entry{w}, nil}.item()}}
	var e merge.Engine
	line := journaled(&e, in)
	for _, name := range []string{"wall", "keys", "items", "answer"} {
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(line, &members))
		require.Contains(t, members, name)
		delete(members, name)
		without, err := json.Marshal(members)
		require.NoError(t, err)
		_, err = merge.ParseJournalLine(without)
		require.ErrorIs(t, err, record.ErrMissing, name)
		var typed *record.Error
		require.ErrorAs(t, err, &typed)
		require.Equal(t, name, typed.Path)
	}
}

// TestAnswerDigestIsStable: journals of earlier versions hold digests, so the digest of an answer
// must never change. The decisions of this answer differ only in what their authors had seen.
func TestAnswerDigestIsStable(t *testing.T) {
	var fields []merge.Decision
	for _, seen := range []merge.Seen{merge.SeenUnknown, merge.SeenYes, merge.SeenNo} {
		fields = append(fields, merge.Decision{Key: keyOf("1"), Field: "a", Seen: seen})
	}
	a := merge.Answer{Results: []merge.Result{{Key: keyOf("1"), Fields: fields}}}
	require.Equal(t, "e4526e4142805be94e46beb9699bc9656c9c070506122e45f30342b92ab6c3d9", a.Digest().String())
}

// FuzzJournal: any bytes are either read as a journal line or refused with an error. A decoded
// line replays, and its replay is recorded as a line with the same answer.
func FuzzJournal(f *testing.F) {
	w := entry{table: "t", id: "1", field: "a", time: epoch, client: clients[0], value: "1"}
	in := input{Wall: time.Unix(0, epoch), Actor: w.client, Items: []record.Item{order{"t", "1", []entry{w}, nil}.item(), {Err: &merge.Refusal{Code: "x"}}}, Current: history{w}.collection()}
	var e merge.Engine
	f.Add(journaled(&e, in))
	f.Add([]byte(`{"wall":"2026-03-02T14:03:00Z","maxAhead":"-1ns","marks":null,"keys":[],"items":[{"table":"","refused":{"code":""}}],"answer":""}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := merge.ParseJournalLine(line)
		if err != nil {
			return
		}
		a, err := l.Replay()
		require.NoError(t, err)
		again := replayed(t, l.Engine.Prepare(l.Request).AppendJournal(nil, l.Stored, a))
		require.Equal(t, a.Digest(), again.Digest())
	})
}

// FuzzPush: any bytes are either read as a batch or refused with an error, and the engine answers
// every item of a batch.
func FuzzPush(f *testing.F) {
	f.Add([]byte("[" + itemText("1", "1", noon, actor) + "," + itemText("1", "2", "2026-11-24T13:00:00Z", actor) + "]"))
	f.Add([]byte(itemText("1", "{}", noon, other) + "\n" + `{"table":"tasks","id":"1","data":{"$next":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := guarded.Decode(body)
		if err != nil {
			return
		}
		in := input{Actor: clock.MustParseClientID(actor), Wall: wallTime, Items: items}
		a := applied(&guarded, in)
		require.Len(t, a.Results, len(items))
		require.True(t, json.Valid(a.AppendJSON(nil)))
		in.Current = updated(a)
		require.Empty(t, applied(&guarded, in).Updates)
	})
}

// TestJournalIsReadWithoutLimits: a server can read every journal line that it wrote, whatever
// the limits for its clients.
func TestJournalIsReadWithoutLimits(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	w := entry{table: "t", id: "1", field: "a", time: epoch, client: clients[0], value: "1"}
	in := input{Wall: time.Unix(0, epoch), Actor: w.client}
	e := merge.Engine{Limits: record.Limits{Depth: -1}}
	var err error
	in.Items, err = e.Decode([]byte(strings.Replace(lines([]entry{w}), `"value":1`, `"value":`+deep, 1)))
	require.NoError(t, err)
	a := applied(&e, in)
	require.True(t, a.Results[0].Changed)
	in.Current = updated(a)
	replayed(t, journaled(&e, in))
}
