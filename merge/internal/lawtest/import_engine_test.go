package lawtest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// importPush is a push of an edit of f onto a record with one write of f.
type importPush struct {
	stored, incoming clock.Stamp
	base             *clock.Stamp
	watermark        clock.Timestamp
	imports          []clock.ClientID
	anyClient        bool
	actor            clock.ClientID // the client of incoming, if it is zero
}

var (
	importedAt = clock.Stamp{Time: 2, Client: importer}
	editedAt   = clock.Stamp{Time: clock.TimestampOf(importWall), Client: person}
	someone    = clock.ClientID{0x0b}
)

// at returns a record with one write of f.
func (p importPush) at(s clock.Stamp, value string) record.Record {
	m, err := record.New(importKey).Edit(s).Set("f", value).Mutation()
	if err != nil {
		panic(err) // the stamps are valid
	}
	return m.Data
}

func (p importPush) apply() (*merge.Push, merge.Stored, merge.Answer) {
	m := record.Mutation{Data: p.at(p.incoming, "new")}
	if p.base != nil {
		m.Base = map[string]clock.Stamp{"f": *p.base}
	}
	if p.actor.IsZero() {
		p.actor = p.incoming.Client
	}
	push := new(merge.Engine).Prepare(merge.Request{
		Actor: p.actor, AnyClient: p.anyClient, Imports: p.imports, Wall: importWall, Items: []record.Item{{Mutation: m}},
	})
	s := merge.Stored{Watermarks: []clock.Stamp{{Time: p.watermark, Client: p.incoming.Client}}}
	for range push.Keys() {
		s.Records = append(s.Records, p.at(p.stored, "old"))
	}
	a, err := push.Apply(s)
	if err != nil {
		panic(err) // the record matches the key
	}
	return push, s, a
}

// TestImportIsNeverALostEdit: whichever of the two writes is imported, and whatever the author of the
// other one had seen. Between two people, the same edit is lost.
func TestImportIsNeverALostEdit(t *testing.T) {
	none, ids := &clock.Stamp{}, []clock.ClientID{{9}, importer}
	later := clock.Stamp{Time: editedAt.Time + 1, Client: importer}
	for _, c := range []struct {
		name string
		push importPush
		seen merge.Seen
	}{
		{"replaced, not seen", importPush{stored: importedAt, incoming: editedAt, base: none}, merge.SeenUnknown},
		{"replaced, seen", importPush{stored: importedAt, incoming: editedAt, base: &importedAt}, merge.SeenYes},
		{"an earlier run was seen", importPush{stored: importedAt, incoming: editedAt, base: &clock.Stamp{Time: 1, Client: importer}}, merge.SeenUnknown},
		{"a late edit loses", importPush{stored: later, incoming: editedAt, base: none}, merge.SeenUnknown},
		{"the import replaces", importPush{stored: editedAt, incoming: later, base: none}, merge.SeenUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.push.imports = ids
			_, _, a := c.push.apply()
			d := a.Results[0].Fields[0]
			require.Equal(t, c.seen, d.Seen)
			require.Equal(t, c.push.incoming.Client == importer, d.IncomingImported)
			require.Equal(t, c.push.stored.Client == importer, d.BeforeImported)
			require.Empty(t, a.LostEdits())
			require.Empty(t, a.Results[0].Notes)
			if c.seen == merge.SeenYes {
				return
			}
			c.push.imports = []clock.ClientID{{9}}
			_, _, a = c.push.apply()
			require.Len(t, a.LostEdits(), 1)
			require.Equal(t, []merge.Code{merge.LostEdit}, a.Results[0].Notes)
		})
	}
}

// TestEditWithAnImportAsItsBaseIsJudgedAsAlways: a base of an import shows what the author had seen of
// people.
func TestEditWithAnImportAsItsBaseIsJudgedAsAlways(t *testing.T) {
	other := clock.Stamp{Time: editedAt.Time - 1, Client: someone}
	_, _, a := importPush{stored: other, incoming: editedAt, base: &importedAt, imports: []clock.ClientID{importer}}.apply()
	require.Equal(t, []merge.Code{merge.LostEdit}, a.Results[0].Notes)
	require.False(t, a.Results[0].Fields[0].BeforeImported)
}

// TestOnlyTheImportPushesUnderItsID: neither a client nor a gateway may.
func TestOnlyTheImportPushesUnderItsID(t *testing.T) {
	for _, c := range []struct {
		name      string
		actor     clock.ClientID
		anyClient bool
		imports   []clock.ClientID
		accepted  bool
	}{
		{"the import", importer, false, []clock.ClientID{importer}, true},
		{"the import, through a gateway of its own", importer, true, []clock.ClientID{importer}, true},
		{"a client", person, false, []clock.ClientID{importer}, false},
		{"a gateway", person, true, []clock.ClientID{importer}, false},
		{"a gateway that pushes for a client", person, true, []clock.ClientID{someone}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := importPush{incoming: clock.Stamp{Time: 3, Client: importer}, stored: importedAt, actor: c.actor, anyClient: c.anyClient, imports: c.imports}
			push, s, a := p.apply()
			require.Equal(t, c.accepted, a.Results[0].Accepted())
			if !c.accepted {
				require.Equal(t, merge.OtherClient, a.Results[0].Refusal.Code)
			}
			requireReplay(t, push, s, a)
		})
	}
}

// requireReplay checks that the journal repeats the answer.
func requireReplay(t *testing.T, push *merge.Push, s merge.Stored, a merge.Answer) []byte {
	t.Helper()
	line := push.AppendJournal(nil, s, a)
	l, err := merge.ParseJournalLine(line)
	require.NoError(t, err)
	again, err := l.Replay()
	require.NoError(t, err)
	require.Equal(t, a.Digest(), again.Digest())
	require.Equal(t, l.Answer, again.Digest())
	return line
}

// TestImportsAreInTheJournal: with them, the line replays to the same answer; a line without imports has
// no such member.
func TestImportsAreInTheJournal(t *testing.T) {
	p := importPush{stored: importedAt, incoming: editedAt, base: &clock.Stamp{}, imports: []clock.ClientID{importer}}
	line := replayOf(t, p)
	require.Contains(t, string(line), `"imports":["1d000000-0000-0000-0000-000000000000"],`)
	l, err := merge.ParseJournalLine(line)
	require.NoError(t, err)
	require.Equal(t, p.imports, l.Request.Imports)
	p.imports = nil
	require.NotContains(t, string(replayOf(t, p)), "imports")
}

func replayOf(t *testing.T, p importPush) []byte {
	push, s, a := p.apply()
	return requireReplay(t, push, s, a)
}

// TestDecisionsTellImports: no sentence and no attribute has the time of an import.
func TestDecisionsTellImports(t *testing.T) {
	write := func(s clock.Stamp, v record.Value) record.FieldValue { return record.FieldValue{Value: v, Stamp: s} }
	a, b := record.MustOf("a"), record.MustOf("b")
	run2 := clock.Stamp{Time: 1, Client: importer}
	ids := []clock.ClientID{importer}
	for _, c := range []struct {
		before, incoming record.FieldValue
		want, log        string
	}{
		{
			write(importedAt, a), write(editedAt, b), "a write by 0a000000… at 2026-03-02 12:00:00.000 UTC replaced one imported by 1d000000…",
			`"winner":{"updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"0a000000-0000-0000-0000-000000000000"},"loser":{"imported":true,"clientId":"1d000000-0000-0000-0000-000000000000"}`,
		},
		{
			write(importedAt, a), write(editedAt, record.Deletion()), "a deletion by 0a000000… at 2026-03-02 12:00:00.000 UTC replaced a write imported by 1d000000…", "",
		},
		{
			write(importedAt, a), write(editedAt, a), "a write by 0a000000… at 2026-03-02 12:00:00.000 UTC replaced one imported by 1d000000…, of the same value", "",
		},
		{
			record.FieldValue{}, write(importedAt, a), "a write imported by 1d000000… is the first write of this field",
			`"winner":{"imported":true,`,
		},
		{write(importedAt, a), write(importedAt, a), "a write imported by 1d000000… was already stored", ""},
		{write(run2, a), write(importedAt, b), "a write imported by 1d000000… replaced one imported by 1d000000…", ""},
		{write(editedAt, a), write(importedAt, b), "a write imported by 1d000000… gave way to one by 0a000000…", `"loser":{"imported":true,`},
		{
			write(clock.Stamp{Time: editedAt.Time, Client: importer}, a), write(editedAt, b),
			"a write by 0a000000… at 2026-03-02 12:00:00.000 UTC gave way to one imported by 1d000000…", "",
		},
		{write(importedAt, a), write(importedAt, b), "a write imported by 1d000000… has the same stamp as another one already stored, and replaced it: the greater value wins", ""},
	} {
		d := importDecision(t, c.before, c.incoming, ids)
		require.Equal(t, "tasks/1/f: "+c.want, d.String())
		require.NotContains(t, d.WithValues(), "1970")
		var text bytes.Buffer
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "d", d)
		require.True(t, json.Valid(text.Bytes()))
		require.NotContains(t, text.String(), "1970")
		require.NotContains(t, text.String(), "margin")
		require.Contains(t, text.String(), c.log)
	}
}

// importDecision returns the decision about a write by its own author.
func importDecision(t *testing.T, before, incoming record.FieldValue, ids []clock.ClientID) merge.Decision {
	t.Helper()
	recordWith := func(w record.FieldValue) record.Record {
		var b record.Builder
		r, err := b.Record(importKey, func(yield func(string, record.FieldValue) bool) {
			if !w.IsZero() {
				yield("f", w)
			}
		})
		require.NoError(t, err)
		return r
	}
	push := new(merge.Engine).Prepare(merge.Request{
		Actor: incoming.Stamp.Client, Imports: ids, Wall: importWall,
		Items: []record.Item{{Mutation: record.Mutation{Data: recordWith(incoming)}}},
	})
	a, err := push.Apply(merge.Stored{Records: []record.Record{recordWith(before)}})
	require.NoError(t, err)
	require.Len(t, a.Results[0].Fields, 1)
	return a.Results[0].Fields[0]
}
