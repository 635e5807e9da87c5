package mergetest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// purgeQuirks are the possible mistakes of a client of a server that purges.
type purgeQuirks struct {
	showsAll      bool // shows waiting and accepted items without judging them
	joinsGone     bool // confirms the gone fields of an accepted item
	joinsAccepted bool // confirms accepted items without judging them
	joinsPulled   bool // joins pulled records with the confirmed ones
	neverResets   bool // keeps its records at a reset
	clearsAll     bool // clears its outbox too at a reset
	keepsLeft     bool // keeps records that left
	neverPurges   bool // purges none of its records
	deafToFence   bool // does not observe the clock at the end of a pull
	deafWhenNew   bool // does not observe the clock at the end of its first pull
	showsErased   bool // judges no waiting items of erased records before it is told a fence
	lowClock      bool // a corrected clock does not start above the clock at the end of a pull
	neverNew      bool // does not say that an item creates its record
	retriesGone   bool // sends gone items again
	neverResends  bool // sends nothing again after a restore
	resendsPulled bool // after a restore, sends only those accepted items again that it had pulled
	resendsShown  bool // after a restore, does not send those accepted writes again that a pulled write replaced
	resendsAnew   bool // restamps the writes that it sends again
}

func splitLines(text []byte) [][]byte {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil
	}
	if text[0] == '[' {
		return [][]byte{text}
	}
	return bytes.Split(text, []byte("\n"))
}

// judged returns a record as the user sees it: the accepted and the waiting items are judged as
// the server will judge them.
func (a *app) judged(key record.Key) record.Record {
	stored := merge.Stored{Records: []record.Record{a.confirmed[key].WithKey(key)}, Fence: a.fence, Level: a.level}
	var r merge.Request
	r.AnyClient = true
	for _, m := range slices.Concat(a.overlay, a.outbox) {
		if m.Data.Key() == key && !a.isHidden(m) {
			r.Items = append(r.Items, record.Item{Mutation: m})
		}
	}
	if len(r.Items) > 0 {
		engine := merge.Engine{MaxAhead: -1}
		r.Wall = a.wall()
		answer, err := engine.Prepare(r).Apply(stored)
		if err != nil {
			panic(err)
		}
		if len(answer.Updates) > 0 {
			return answer.Updates[0].After
		}
	}
	if a.neverPurges {
		return stored.Records[0]
	}
	return merge.Purge(stored.Records[0], a.fence, a.level)
}

// accepted confirms the writes of an accepted item that are not gone.
func (a *app) accepted(m record.Mutation, r merge.Reply) {
	kept := only(m.Data, func(name string, _ record.FieldValue) bool { return a.joinsGone || r.Fields[name].Outcome != "gone" })
	a.creator[kept.Key()] = a.creator[kept.Key()] || m.New
	if a.fence == 0 && !a.partial || a.joinsAccepted || a.joinsGone {
		a.join(kept)
		return
	}
	a.overlay = append(a.overlay, record.Mutation{Data: kept, New: m.New})
}

// pulledSpecial processes a line that is not a record.
func (a *app) pulledSpecial(line []byte) (special bool, err error) {
	var l struct {
		Reset, Buckets []string
		Fence          json.RawMessage
		Why            string
		Left           bool
		Table, ID      string
		Level          int
		Clock          clock.Timestamp
		Cursor         *string
	}
	if line[0] == '[' {
		return false, nil
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return false, err
	}
	switch {
	case l.Reset != nil:
		a.reset(l.Why == "epoch", l.Reset)
	case l.Left:
		if key := (record.Key{Table: l.Table, ID: l.ID}); !a.keepsLeft {
			a.forget(key)
		}
	case l.Fence != nil || l.Buckets != nil:
		if a.partial && l.Buckets != nil && !a.ignoresBuckets {
			a.leave(func(bucket string) bool { return !slices.Contains(l.Buckets, bucket) })
		}
		var fence clock.Timestamp
		if l.Fence != nil {
			err = json.Unmarshal(l.Fence, &fence)
			a.told(fence, l.Level, l.Clock)
		}
	default:
		return l.Cursor != nil && l.Table == "", nil
	}
	return true, err
}

func (a *app) told(fence clock.Timestamp, level int, floor clock.Timestamp) {
	a.fence, a.level = fence, level
	if !a.deafToFence && !(a.deafWhenNew && a.fresh) {
		a.floor = max(a.floor, floor)
		a.clock.Observe(floor)
	}
	for key, r := range a.confirmed {
		kept := merge.Purge(r, fence, level)
		if a.partial {
			kept = merge.Purge(r, fence, 2)
		}
		if !a.neverPurges {
			a.confirmed[key] = kept
		}
		if a.partial && kept.Len() == 0 && r.Len() > 0 {
			a.forget(key)
		}
	}
}

// reset forgets what was confirmed. After a restore, it sets the client's own writes aside.
func (a *app) reset(restored bool, names []string) {
	if restored && !a.neverResends {
		for _, r := range a.confirmed {
			a.aside = append(a.aside, r)
		}
		for _, m := range a.overlay {
			if !a.resendsPulled {
				a.aside = append(a.aside, only(m.Data, func(name string, v record.FieldValue) bool {
					pulled, _ := a.confirmed[m.Data.Key()].Get(name)
					return !a.resendsShown || v.Compare(pulled) > 0
				}))
			}
		}
	}
	if restored {
		a.overlay = nil
	}
	if a.clearsAll {
		a.outbox = nil
	}
	if a.partial {
		a.leave(func(bucket string) bool { return slices.Contains(names, bucket) && !a.ignoresResets })
		if restored {
			a.fence, a.level = 0, 0
		}
		return
	}
	if !a.neverResets {
		a.confirmed, a.fence, a.level = map[record.Key]record.Record{}, 0, 0
	}
}

// settle ends a pull that returned everything.
func (a *app) settle() {
	a.overlay = nil
	own := merge.Collect(slices.Collect(func(yield func(record.Record) bool) {
		for _, r := range a.aside {
			mine := only(r, func(_ string, v record.FieldValue) bool { return v.Stamp.Client == a.id })
			if mine.Len() > 0 && !yield(mine) {
				return
			}
		}
	})...)
	a.aside = nil
	var again []record.Mutation
	for r := range own.All() {
		now := a.confirmed[r.Key()]
		lacking := only(r, func(name string, v record.FieldValue) bool {
			old, ok := now.Get(name)
			return !ok || v.Compare(old) > 0
		})
		if lacking.Len() > 0 {
			again = append(again, record.Mutation{Data: lacking, New: a.creator[r.Key()]})
		}
	}
	if a.resendsAnew {
		again, _ = record.Restamp(again, a.stamp)
	}
	slices.SortStableFunc(again, func(x, y record.Mutation) int { return greatestOf(x).Compare(greatestOf(y)) })
	a.outbox = append(again, a.outbox...)
}

func greatestOf(m record.Mutation) (last clock.Stamp) {
	for _, v := range m.Data.All() {
		if v.Stamp.Compare(last) > 0 {
			last = v.Stamp
		}
	}
	return last
}

// TestCorrectClientsOfPurgersPass checks that a correct client passes with correct servers of both
// levels.
func TestCorrectClientsOfPurgersPass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule purgeRule
		make newClient
	}{
		"level 1, plain":                   {purgeRule{}, newApp(clientQuirks{})},
		"level 1, replaces unsent edits":   {purgeRule{leaves: true}, newApp(clientQuirks{coalesces: true})},
		"level 2, closed and opened again": {purgeRule{level: 2, leaves: true}, newClosable(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, purging(test.rule), some(Options{Seeds: *seeds, NewClient: test.make}))
		})
	}
}

// TestClientMustSendAReplacedWriteAgain checks that the kit finds a client that does not send an accepted write again
// that it had pulled a later write of another client over, and that a client which does passes.
func TestClientMustSendAReplacedWriteAgain(t *testing.T) {
	t.Parallel()
	for _, leavesOut := range []bool{false, true} {
		q := clientQuirks{purgeQuirks: purgeQuirks{resendsShown: leavesOut}, bucketQuirks: bucketQuirks{partial: true}}
		err := replay(sharing(shareRule{}), Schedule{
			Options: Options{NewClient: newApp(q), IDs: []string{"a", "b", "c"}},
			Steps: []string{
				`cem edits b title="x"`,
				`cem pushes`,
				`ana pulls`,
				`ana restores c`,
				`cem edits b anything=[1]`,
				`ana edits b anything=[2]`,
				`server backs-up`,
				`ana pushes`,
				`cem pulls`,
				`cem pushes`,
				`server is-restored`,
				`cem pushes`,
			},
		})
		if got := err != nil && strings.Contains(err.Error(), law.ClientResends.Text().Name); got != leavesOut {
			t.Errorf("leaves out: %t, but got %v", leavesOut, err)
		}
	}
}

// TestClientMaySendAReplacedWriteAgainWithoutAFence checks that a client which no fence was told to may, but need not,
// send such a write again: it may have joined the accepted write with what it had confirmed.
func TestClientMaySendAReplacedWriteAgainWithoutAFence(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		Replay(t, purging(purgeRule{leaves: true}), Schedule{
			Options: Options{NewClient: newApp(clientQuirks{bucketQuirks: bucketQuirks{partial: keeps}}), IDs: []string{"a", "b", "c"}},
			Steps: []string{
				`server backs-up`,
				`dan edits a anything=null`,
				`dan pushes`,
				`cem edits a anything=deleted`,
				`cem pushes`,
				`server is-restored`,
			},
		})
	}
}

// clientsOfPurgers are the mistakes of a client of a server that purges.
func clientsOfPurgers() []brokenClient {
	with := func(q purgeQuirks) newClient { return newApp(clientQuirks{purgeQuirks: q}) }
	return []brokenClient{
		{"waiting items are shown without judging", with(purgeQuirks{showsAll: true}), []law.Law{law.ClientJudges}},
		{"gone fields of an accepted item are confirmed", with(purgeQuirks{joinsGone: true}), []law.Law{law.ClientJudges}},
		{"accepted items are confirmed without judging", with(purgeQuirks{joinsAccepted: true}), []law.Law{law.ClientJudges}},
		{"pulled records are joined to the confirmed ones", with(purgeQuirks{joinsPulled: true}), []law.Law{law.ClientForgets}},
		{"a reset is ignored", with(purgeQuirks{neverResets: true}), []law.Law{law.ClientForgets}},
		{"a reset clears the outbox", with(purgeQuirks{clearsAll: true}), []law.Law{law.ClientKeeps, law.ClientEdit}},
		{"records that left are kept", with(purgeQuirks{keepsLeft: true}), []law.Law{law.ClientForgets}},
		{"the client purges nothing", with(purgeQuirks{neverPurges: true}), []law.Law{law.ClientForgets}},
		{"the clock at the end of a pull is ignored", with(purgeQuirks{deafToFence: true}), []law.Law{law.ClientObserves, law.ClientEdit}},
		{"a new client ignores the clock at the end of its first pull", with(purgeQuirks{deafWhenNew: true}), []law.Law{law.ClientObserves, law.ClientEdit}},
		{"waiting items are shown on an erased record", with(purgeQuirks{showsErased: true}), []law.Law{law.ClientJudges}},
		{"a corrected clock starts below the clock at the end of a pull", with(purgeQuirks{lowClock: true}), []law.Law{law.ClientObserves, law.ClientEdit}},
		{"a creation is not marked", with(purgeQuirks{neverNew: true}), []law.Law{law.ClientCreates}},
		{"gone items are sent again", with(purgeQuirks{retriesGone: true}), []law.Law{law.ClientRefused, law.ClientJudges}},
		{"nothing is sent again after a restore", with(purgeQuirks{neverResends: true}), []law.Law{law.ClientResends}},
		{"only pulled writes are sent again after a restore", with(purgeQuirks{resendsPulled: true}), []law.Law{law.ClientResends}},
		{"writes that are sent again are restamped", with(purgeQuirks{resendsAnew: true}), []law.Law{law.ClientResends, law.ClientInvents}},
		{"the fence is lost on reopening", newClosable(func(a *app) { a.fence, a.level = 0, 0 }), []law.Law{law.ClientReopens, law.ClientJudges}},
		{"accepted items are lost on reopening", newClosable(func(a *app) { a.overlay = nil }), []law.Law{law.ClientReopens}},
		{"the clock at the end of a pull is lost on reopening", newClosable(func(a *app) {
			var last clock.Timestamp
			for _, r := range a.confirmed {
				for _, v := range r.All() {
					last = max(last, v.Stamp.Time)
				}
			}
			a.newClock(last)
		}), []law.Law{law.ClientObserves}},
	}
}

// TestBrokenClientsOfPurgersAreFound checks that the kit finds each mistake under a fence and names a
// law that it breaks.
func TestBrokenClientsOfPurgersAreFound(t *testing.T) {
	tests := map[string]brokenClient{}
	for _, c := range clientsOfPurgers() {
		tests[c.name] = c
	}
	var all []broken
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		all = append(all, broken{name, purging(purgeRule{level: 2, leaves: true}), tests[name].laws})
	}
	checkAll(t, all, func(t *testing.T, b broken) { b.check(t, Options{NewClient: tests[b.name].make}) })
}
