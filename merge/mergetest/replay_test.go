package mergetest

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// TestReplayOfAHandWrittenSchedule checks that a correct backend passes a schedule with many kinds of steps.
func TestReplayOfAHandWrittenSchedule(t *testing.T) {
	Replay(t, newMemory, Schedule{Steps: []string{
		`ana clock +5m`,
		`ana edits 7 anything=[1,2] title="x"`,
		`ana backs-up`,
		`ana pushes, answer lost`,
		`ben pulls`,
		`ben deletes 7`,
		`ben pushes, server dies at 2`,
		`ana is-restored`,
		`ana edits 7 anything=deleted`,
		`ana spoils 7 title="y" forged`,
		`ana pushes, ben syncs at 1`,
		`ben ticks`,
		`ben floods 7 30`,
		`ben pushes, doubled, garbled at 3000, cut at 17`,
		`server backs-up`,
		`server forgets-time`,
		`ana edits 7 title="z"`,
		`ana pushes, ben storms`,
		`server learns-time`,
		`ana pushes, ben storms`,
		`server is-restored`,
		`ana reopens`,
		`server restarts`,
		`server writes 7 title=null`,
		`wait 8h`,
	}})
}

// TestUnknownFlawIsRefused checks that a step with an unknown flaw causes an error that names the
// flaw.
func TestUnknownFlawIsRefused(t *testing.T) {
	err := replay(newMemory, Schedule{Steps: []string{`ana spoils 1 title="x" nicely`}})
	if err == nil || !strings.Contains(err.Error(), "nicely") {
		t.Fatal(err)
	}
}

// TestCloneMaySendARefusedWrite checks that a clone may send the same write as a refused item of the other
// device, in a push whose answer is lost.
func TestCloneMaySendARefusedWrite(t *testing.T) {
	Replay(t, newMemory, Schedule{Steps: []string{
		`ben clones ana`,
		`ana spoils a tag/e="" unstamped`,
		`eva clones ben`,
		`eva edits a tag/e=""`,
		`eva pushes, server dies at 2`,
	}})
}

// TestConcurrentPushesOfClonesPass checks that a correct backend passes with two concurrent pushes under one
// ID. The inner push changes no record, but raises the mark. A backend that compares and swaps only records
// would lower the mark again.
func TestConcurrentPushesOfClonesPass(t *testing.T) {
	Replay(t, newMemory, Schedule{Options: Options{IDs: []string{"a", "A"}}, Steps: []string{
		`ben clones dan`, `ben edits A points=10`, `dan edits a x=""`, `dan edits A points=deleted`,
		`ana edits a x=1`, `ana edits A points=deleted`, `ana edits A points=1`, `ana pushes`,
		`ben pushes, dan syncs at 1`, `ben edits A points=10`,
	}})
}

// TestFailureCanBeReplayed checks the test that the kit prints when a backend fails: the same backend fails
// it in the same way, and a correct backend passes it.
func TestFailureCanBeReplayed(t *testing.T) {
	broken := with(quirks{wins: later})
	err := Check(broken, Options{})
	if err == nil {
		t.Fatal("the mistake was not found")
	}
	_, source, _ := strings.Cut(err.Error(), "Steps: []string{")
	var s Schedule
	for line := range strings.Lines(source) {
		if text, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(line), ",")); err == nil {
			s.Steps = append(s.Steps, text)
		}
	}
	again := replay(broken, s)
	if again == nil || !strings.HasPrefix(err.Error(), again.Error()) {
		t.Fatalf("the failure is\n\n%v\n\nbut the replayed failure is\n\n%v", err, again)
	}
	if err := replay(newMemory, s); err != nil {
		t.Fatal(err)
	}
}

// TestScheduleDecidesWhichLawIsNamed checks that, of several laws that a mistake may break, a failure names the
// law that the schedule breaks.
func TestScheduleDecidesWhichLawIsNamed(t *testing.T) {
	arrival := with(quirks{wins: func(_, _ record.FieldValue) bool { return true }})
	first := with(quirks{wins: func(_, _ record.FieldValue) bool { return false }})
	undeleted := with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == record.DeletedField })})
	for name, test := range map[string]struct {
		make  newBackend
		law   law.Law
		steps []string
	}{
		"an older value over a newer one": {arrival, law.Later, []string{"ana edits a x=1", "wait 1s", "ben edits a x=2", "ben pushes", "ana pushes"}},
		"an older value over a deletion":  {arrival, law.Tombstone, []string{"ana edits a x=1", "wait 1s", "ben edits a x=deleted", "ben pushes", "ana pushes"}},
		"an older deletion over a value":  {arrival, law.Later, []string{"ana edits a x=deleted", "wait 1s", "ben edits a x=2", "ben pushes", "ana pushes"}},
		"a deletion that is not stored":   {first, law.Later, []string{"ana edits a x=1", "ana pushes", "wait 1s", "ben edits a x=deleted", "ben pushes"}},
		"a deletion of the record":        {undeleted, law.Revive, []string{"ana edits a x=1", "ana deletes a", "ana pushes"}},
		"a retry that changes something":  {replying(func(r *merge.Reply) { r.Changed = true }), law.Retry, []string{"ana edits a x=1", "ana pushes, twice"}},
		"a retry that is refused": {replying(func(r *merge.Reply) {
			if !r.Changed {
				r.Verdict, r.Code, r.Fields = "refused", "conflict", nil
			}
		}), law.Retry, []string{"ana edits a x=1", "ana pushes, twice"}},
		"a skipped write that got no answer": {ownOf(own{push: skipping}), law.Skip, []string{"cem edits b x=1", "cem pushes", "cem edits b x=2", "cem pushes", "ben pulls", "ana edits a x=1", "ana pushes, server dies at 2", "ana reinstalls"}},
		"a value over a deletion with the same stamp": {with(quirks{wins: func(old, in record.FieldValue) bool { return in.Stamp.Compare(old.Stamp) > 0 }}), law.Kind, []string{
			"ana backs-up", "ana edits a x=1", "ana pushes", "ana is-restored", "ana edits a x=deleted", "ana pushes",
		}},
		"a refused item that is stored": {with(quirks{each: func(*quirky, clock.ClientID, merge.Result) bool { return true }}), law.RefusedLeavesNothing, []string{"ana spoils a x=1 forged", "ana pushes"}},
		"a value that the server invented": {with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
			fields[name] = record.FieldValue{Value: record.Int(7), Stamp: clock.Stamp{Time: v.Stamp.Time + 5e6, Client: clock.ClientID{9}}}
		}}), law.Invented, []string{"ana edits a x=1", "ana pushes"}},
		"a record dropped by a push of another record":      {ownOf(own{push: keepsOne}), law.Stays, []string{"ana edits a x=1", "ana pushes", "ana edits b x=1", "ana pushes"}},
		"a write with a lower counter over a greater one":   {arrival, law.Counter, []string{"ana edits a x=1", "ben edits a x=1", "ben edits a x=2", "ben pushes", "ana pushes"}},
		"a write with a lower client ID over a greater one": {arrival, law.Client, []string{"ana edits a x=1", "ben edits a x=2", "ben pushes", "ana pushes"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := replay(test.make, Schedule{Steps: test.steps})
			if err == nil || !strings.Contains(err.Error(), "broken law: "+test.law.Text().Name+"\n") {
				t.Fatal(err)
			}
		})
	}
}

// keepsOne drops all records that a push does not write.
func keepsOne(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := o.memory.Push(client, batch)
	items, _ := o.engine.Decode(batch)
	maps.DeleteFunc(o.disk.rows, func(key record.Key, _ row) bool { return key != items[0].Mutation.Data.Key() })
	return answer, err
}

// TestSpecialLawIsNotBlamedForAGeneralMistake checks that a failure does not blame a law about deletions, or
// about one millisecond, if the mistake also shows without them.
func TestSpecialLawIsNotBlamedForAGeneralMistake(t *testing.T) {
	skipShort(t)
	nth := func(n int) func(*quirky, clock.ClientID, merge.Result) bool {
		return func(s *quirky, _ clock.ClientID, r merge.Result) bool { return r.Accepted() && s.disk.seq%n > 0 }
	}
	checkAll(t, []broken{
		{"the first write is kept", with(quirks{wins: func(_, _ record.FieldValue) bool { return false }}), []law.Law{law.Later}},
		{"the last write is kept", with(quirks{wins: func(_, _ record.FieldValue) bool { return true }}), []law.Law{law.Later}},
		{"some writes are lost", with(quirks{each: nth(3)}), []law.Law{law.Vanish, law.Later}},
		{"all writes are lost", with(quirks{each: nth(1)}), []law.Law{law.Vanish}},
		{"the digits below the millisecond are ignored", with(quirks{wins: byMillis}), []law.Law{law.Counter}},
		{"deletions are dropped", with(quirks{stores: storesWithout(func(_ string, v record.FieldValue) bool { return v.Deleted() })}), []law.Law{law.Tombstone, law.Later}},
	}, func(t *testing.T, b broken) {
		for first := range rounds(8) {
			b.check(t, Options{First: 100 * first})
		}
	})
}

// byMillis compares whole milliseconds, and then clients.
func byMillis(old, in record.FieldValue) bool {
	old.Stamp.Time -= clock.Timestamp(old.Stamp.Time.Counter())
	in.Stamp.Time -= clock.Timestamp(in.Stamp.Time.Counter())
	return rightly(old, in)
}

// skipping sets the sequence numbers of the rows that it stored to 1 when it dies.
func skipping(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	before := o.disk.copy()
	answer, err := o.memory.Push(client, batch)
	for key, r := range o.disk.rows {
		if err != nil && !r.Equal(before.rows[key].Record) {
			o.disk.rows[key] = row{r.Record, 1}
		}
	}
	return answer, err
}
