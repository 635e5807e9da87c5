package lawtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// genRights draws a world with a policy, and a batch in which items may repeat.
func genRights() *rapid.Generator[rightsPush] {
	stored, items := sheetsOf(3), pleas(4)
	return rapid.Custom(func(t *rapid.T) (p rightsPush) {
		p.number = int(rapid.Int64Range(0, 1<<40).Draw(t, "world"))
		for range rapid.IntRange(1, 5).Draw(t, "items") {
			p.batch = append(p.batch, rapid.SampledFrom(append(slices.Clip(items), p.batch...)).Draw(t, "item"))
		}
		if rapid.Bool().Draw(t, "again") {
			p.batch = append(p.batch, p.batch[rapid.IntRange(0, len(p.batch)-1).Draw(t, "item")])
		}
		d := digits(p.number)
		p.world = rightsWorlds(&d, stored, p.number)
		return p
	})
}

type rightsPush struct {
	number int
	world  rightsWorld
	batch  []plea
}

// TestAnswerUnderRightsDoesNotDependOnOrder: each item has the same result in every order of the
// items, and equal items have equal results. A push may be applied again.
func TestAnswerUnderRightsDoesNotDependOnOrder(t *testing.T) {
	e := newRightsEngine()
	rapid.Check(t, func(t *rapid.T) {
		p := genRights().Draw(t, "push")
		places := make([]int, len(p.batch))
		moved := make([]plea, len(p.batch))
		for i := range places {
			places[i] = i
		}
		places = rapid.Permutation(places).Draw(t, "order")
		for to, from := range places {
			moved[to] = p.batch[from]
		}
		push := e.prepare(p.world, p.batch)
		a, err := push.Apply(e.stored(p.world))
		require.NoError(t, err)
		again, err := push.Apply(e.stored(p.world))
		require.NoError(t, err)
		require.Equal(t, a.Digest(), again.Digest())
		b, err := e.prepare(p.world, moved).Apply(e.stored(p.world))
		require.NoError(t, err)
		for to, from := range places {
			require.Equal(t, a.Results[from], b.Results[to])
			for i, other := range p.batch {
				if other.text() == p.batch[from].text() {
					require.Equal(t, a.Results[i], a.Results[from])
				}
			}
		}
		a.Results, b.Results = nil, nil
		require.Equal(t, a.Digest(), b.Digest())
	})
}

// TestJournalUnderRightsReplaysWithoutThem: a line that was written under rights replays to the same
// digest without them, and so does the line of the replay.
func TestJournalUnderRightsReplaysWithoutThem(t *testing.T) {
	e := newRightsEngine()
	silent := 0
	rapid.Check(t, func(t *rapid.T) {
		p := genRights().Draw(t, "push")
		push, stored := e.prepare(p.world, p.batch), e.stored(p.world)
		a, err := push.Apply(stored)
		require.NoError(t, err)
		line := push.AppendJournal(nil, stored, a)
		again := replayed(t, line)
		require.Equal(t, string(a.AppendJSON(nil)), string(again.AppendJSON(nil)))
		l, err := merge.ParseJournalLine(line)
		require.NoError(t, err)
		require.Nil(t, l.Stored.MayRead)
		require.Nil(t, l.Stored.MayWrite)
		replayed(t, l.Engine.Prepare(l.Request).AppendJournal(nil, l.Stored, again))
		for i, r := range a.Results {
			if r.Accepted() && r.Fields == nil {
				require.Equal(t, record.Mutation{Data: record.New(purgeKey)}, l.Request.Items[i].Mutation)
				silent++
			}
		}
	})
	require.True(t, testing.Short() || silent > 0)
}

// TestRightsThatPermitEverythingChangeNothing: without limits and a fence, rights that permit all
// give the answers that no rights give.
func TestRightsThatPermitEverythingChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		p := judging.Prepare(in.request())
		s := in.stored(p)
		s.MayWrite = func(record.Record, record.Record, record.Mutation) error { return nil }
		if rapid.Bool().Draw(t, "both") {
			s.MayRead = func(record.Record) bool { return true }
		}
		a, err := p.Apply(s)
		require.NoError(t, err)
		require.Equal(t, applied(&judging, in).Digest(), a.Digest())
	})
}

// handedOver is a push of a title of the actor that stands in a record that it may not read.
func handedOver() (merge.Request, merge.Stored) {
	e := newRightsEngine()
	item := e.item(plea{writes: sheet{1: {2, 1, short}}, base: true})
	return merge.Request{Actor: theActor, Wall: purgeEpoch.Time().Add(time.Second), Items: []record.Item{item}},
		merge.Stored{
			Records:    []record.Record{e.record(sheet{{3, 2, inC}, {2, 1, short}})},
			Watermarks: []clock.Stamp{{Client: theActor, Time: purgeEpoch + 7}},
			MayRead:    func(record.Record) bool { return false },
		}
}

// TestWriteThatStandsIsAcceptedWithoutOutcomes: the answer to the retry of an item in a record that
// the actor may not read has no outcomes, no notes and no watermark, not even the note that its stamp
// is below the watermark.
func TestWriteThatStandsIsAcceptedWithoutOutcomes(t *testing.T) {
	request, stored := handedOver()
	a, err := new(merge.Engine).Prepare(request).Apply(stored)
	require.NoError(t, err)
	require.Equal(t, merge.Answer{Results: []merge.Result{{Key: purgeKey}}}, merge.Answer{
		Results: a.Results, Updates: a.Updates, Watermarks: a.Watermarks, Greatest: a.Greatest,
	})
	require.Empty(t, a.LostEdits())
	require.JSONEq(t, `[{"index":0,"table":"tasks","id":"1","verdict":"accepted","changed":false}]`, string(a.AppendJSON(nil)))
}

// TestGatewayRepeatsOnlyItsOwnWrites: a gateway may push the writes of other clients, but a write that
// stands in a record that it may not read must be its own.
func TestGatewayRepeatsOnlyItsOwnWrites(t *testing.T) {
	request, stored := handedOver()
	request.Actor, request.AnyClient = clock.ClientID{9}, true
	a, err := new(merge.Engine).Prepare(request).Apply(stored)
	require.NoError(t, err)
	require.Equal(t, &merge.Refusal{Code: merge.Forbidden}, a.Results[0].Refusal)
}

// TestErrorOfMayWriteBecomesARefusal: it does so as the error of a Guard.
func TestErrorOfMayWriteBecomesARefusal(t *testing.T) {
	request, stored := handedOver()
	stored.MayRead = nil
	stored.Records = []record.Record{record.New(purgeKey)}
	own := &merge.Refusal{Code: "quota_exceeded", Retryable: true}
	for _, err := range []error{
		errors.New("private"), own, fmt.Errorf("wrapped: %w", own), &merge.Refusal{}, (*merge.Refusal)(nil),
		&merge.Refusal{Code: "x", ServerTime: -1}, &record.Error{Offset: -1, Err: record.ErrName},
	} {
		e := merge.Engine{Guard: func(clock.ClientID, record.Mutation) error { return err }}
		want, failed := e.Prepare(request).Apply(merge.Stored{})
		require.NoError(t, failed)
		stored.MayWrite = func(record.Record, record.Record, record.Mutation) error { return err }
		got, failed := new(merge.Engine).Prepare(request).Apply(stored)
		require.NoError(t, failed)
		require.Equal(t, want.Results, got.Results)
		require.Equal(t, want.Digest(), got.Digest())
	}
}

// TestGuardIsAskedBeforeTheStoredRecord: what the Guard refuses is not loaded, and MayWrite is not
// asked about it. So violation.Guard works together with MayWrite.
func TestGuardIsAskedBeforeTheStoredRecord(t *testing.T) {
	derived, err := record.New(record.Key{Table: violation.DefaultTable, ID: "1"}).Edit(stampOf(deed{at: 2, by: 1})).
		Set("open", false).Mutation()
	require.NoError(t, err)
	request, stored := handedOver()
	request.Items = append(request.Items, record.Item{Mutation: derived})
	stored.MayRead = nil
	stored.MayWrite = func(_, _ record.Record, m record.Mutation) error {
		require.Equal(t, purgeKey, m.Data.Key())
		return nil
	}
	engine := merge.Engine{Guard: violation.Guard("", nil)}
	push := engine.Prepare(request)
	require.Equal(t, []record.Key{purgeKey}, push.Keys())
	a, err := push.Apply(stored)
	require.NoError(t, err)
	require.True(t, a.Results[0].Accepted())
	require.Equal(t, violation.CodeDerivedField, a.Results[1].Refusal.Code)
}

// TestRetryUnderRightsJoinsNothing: a retry under rights costs no more allocations than one without,
// but for the list of items.
func TestRetryUnderRightsJoinsNothing(t *testing.T) {
	request, stored := handedOver()
	stored.MayRead = nil
	push := new(merge.Engine).Prepare(request)
	allocs := func() float64 {
		return testing.AllocsPerRun(100, func() {
			if _, err := push.Apply(stored); err != nil {
				t.Fatal(err)
			}
		})
	}
	without := allocs()
	stored.MayRead = func(record.Record) bool { return true }
	stored.MayWrite = func(record.Record, record.Record, record.Mutation) error { return errors.New("asked") }
	require.LessOrEqual(t, allocs(), without+2)
	stored.MayRead = func(record.Record) bool { return false }
	require.Less(t, allocs(), without)
}

// TestTextOfEachItemIsMadeOnce: items with one stamp are sorted by their JSON. It is made once for
// each item, not for each comparison, so a large item among many small ones costs no more.
func TestTextOfEachItemIsMadeOnce(t *testing.T) {
	request, stored := handedOver()
	allocs := func(items int) float64 {
		request.Items = nil
		for i := range items {
			m, err := record.New(purgeKey).Edit(stampOf(deed{at: 5, by: 1})).Set(fmt.Sprint("field", i), i).Mutation()
			require.NoError(t, err)
			request.Items = append(request.Items, record.Item{Mutation: m})
		}
		push := new(merge.Engine).Prepare(request)
		return testing.AllocsPerRun(10, func() {
			if _, err := push.Apply(stored); err != nil {
				t.Fatal(err)
			}
		})
	}
	one, many := allocs(1), allocs(500)
	require.Less(t, (many-one)/500, 8.0)
}

// TestReadingIsJudgedAfterEarlierItemsWithoutMayWrite: an item that moves the record out of sight is
// accepted, and a later edit in the same push is forbidden, although no MayWrite is set.
func TestReadingIsJudgedAfterEarlierItemsWithoutMayWrite(t *testing.T) {
	e, w := newRightsEngine(), projects()
	w.stored = sheet{{1, 2, inA}, {1, 2, short}}
	stored := e.stored(w)
	stored.MayWrite = nil
	a, err := e.prepare(w, []plea{{writes: sheet{1: {4, 1, long}}}, {writes: sheet{{2, 1, inC}}}}).Apply(stored)
	require.NoError(t, err)
	require.Equal(t, "forbidden", codeOf(a.Results[0]))
	require.True(t, a.Results[1].Changed)
	require.Equal(t, sheet{{2, 1, inC}, {1, 2, short}}, sheetOf(a.Updates[0].After))
}
