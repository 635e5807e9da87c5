package mergetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// always and never are conditions under which a dead row is dropped.

func always(*purger, row) bool { return true }

func never(*purger, row) bool { return false }

// neverResets goes on from any cursor, without a reset.
func neverResets(p *purger, _ clock.ClientID, cursor string) ([]byte, string, error) {
	after, _ := p.position(cursor)
	for _, r := range p.disk.sorted() {
		if r.seq > after {
			return p.ended(p.line(r)), fmt.Sprintf("%d.%d.0", p.disk.life, r.seq), nil
		}
	}
	return p.ended(nil), cursor, nil
}

// resetsInPlace resets a client, but goes on from its cursor.
func resetsInPlace(p *purger, client clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next, err := neverResets(p, client, cursor)
	if after, _ := p.position(cursor); after < p.disk.purge.fence.seq {
		lines = append([]byte("{\"reset\":[\"\"]}\n"), lines...)
	}
	return lines, next, err
}

// quietWhenDone tells the fence only at the end of pages with a record.
func quietWhenDone(p *purger, _ clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next := p.page(cursor)
	if len(bytes.TrimSpace(lines)) == 0 {
		return nil, next, nil
	}
	return p.ended(lines), next, nil
}

// forgetsFence starts the clock of a new process at the greatest stamp that is stored.
func forgetsFence(p *purger) {
	var last clock.Timestamp
	for _, r := range p.disk.rows {
		for _, v := range r.All() {
			last = max(last, v.Stamp.Time)
		}
	}
	p.clock, _ = clock.New(clock.Options{Now: p.env.Now, MaxAhead: -1, Last: last})
}

// losesFence keeps the fence in memory only.
func losesFence(p *purger) { p.disk.purge.fence = purgeSample{} }

// byRetention takes the newest sample that is at least as old as the retention, even if the
// fence was higher.
func byRetention(p *purger, retention time.Duration) (fence purgeSample) {
	for _, s := range p.disk.purge.samples {
		if !s.at.After(p.env.Now().Add(-retention)) {
			fence = s
		}
	}
	return fence
}

// replied changes the replies to a push.
func replied(change func(p *purger, it record.Item, r *merge.Reply)) func(*purger, clock.ClientID, []byte) ([]byte, error) {
	return func(p *purger, client clock.ClientID, batch []byte) ([]byte, error) {
		answer, err := p.memory.Push(client, batch)
		var replies []merge.Reply
		items, _ := p.engine.Decode(batch) // fails only if Push does
		if err != nil || json.Unmarshal(answer, &replies) != nil {
			return answer, err
		}
		for i := range replies {
			change(p, items[i], &replies[i])
		}
		return json.Marshal(replies)
	}
}

// conceals answers that gone writes were superseded.
func conceals(_ *purger, _ record.Item, r *merge.Reply) {
	if r.Code == merge.Gone {
		*r = merge.Reply{Index: r.Index, Table: r.Table, ID: r.ID, Verdict: "accepted"}
	}
	for name, f := range r.Fields {
		if f.Outcome == "gone" {
			r.Fields[name] = merge.FieldReply{Outcome: "superseded"}
		}
	}
	r.Notes = slices.DeleteFunc(r.Notes, func(c merge.Code) bool { return c == merge.Gone })
}

// storesGone stores items that its answer calls gone.
func storesGone(p *purger, it record.Item, r *merge.Reply) {
	if r.Code == merge.Gone {
		data := it.Mutation.Data
		after, err := merge.Records(p.disk.rows[data.Key()].WithKey(data.Key()), data)
		if err == nil {
			p.disk.put(after)
		}
	}
}

// retries answers that a gone item may be sent again.
func retries(_ *purger, _ record.Item, r *merge.Reply) {
	r.Retryable = r.Retryable || r.Code == merge.Gone
}

// changes answers that an item below the fence changed something.
func changes(p *purger, it record.Item, r *merge.Reply) {
	for _, v := range it.Mutation.Data.All() {
		r.Changed = r.Changed || r.Verdict == "accepted" && v.Stamp.Time <= p.disk.purge.fence.stamp
	}
}

// firstDeliveries reports each write below the fence that loses as a lost edit, as if it arrived for the
// first time, because the mark of its client was purged.
func firstDeliveries(p *purger, it record.Item, r *merge.Reply) {
	data := it.Mutation.Data
	for name, f := range r.Fields {
		w, _ := data.Get(name)
		winner, _ := p.disk.rows[data.Key()].Get(name)
		_, based := it.Mutation.Base[name]
		if based && f.Outcome == "superseded" && w.Stamp.Time <= p.disk.purge.fence.stamp && w.Stamp.Client != winner.Stamp.Client && w.Value != winner.Value {
			f.Lost = true
			r.Fields[name] = f
		}
	}
}

// joinsLives joins a new life to the dead record.
func joinsLives(p *purger, client clock.ClientID, batch []byte) ([]byte, error) {
	before := p.disk.all()
	answer, err := p.memory.Push(client, batch)
	for r := range merge.Delta(before, p.disk.all()).All() {
		old, ok := before.Get(r.Key())
		if now := p.disk.rows[r.Key()]; ok && merge.Purge(old, p.disk.purge.fence.stamp, 2).Len() == 0 {
			both, _ := merge.Records(old, now.Record)
			p.disk.rows[r.Key()] = row{both, now.seq}
		}
	}
	return answer, err
}

// inTurn pushes the items of a batch one after the other, in ascending order of their stamps.
func inTurn(p *purger, client clock.ClientID, batch []byte) ([]byte, error) {
	var raws []json.RawMessage
	items, err := p.engine.Decode(batch)
	if err != nil || json.Unmarshal(batch, &raws) != nil {
		return p.memory.Push(client, batch)
	}
	order, replies := make([]int, len(items)), make([]merge.Reply, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return greatestOf(items[x].Mutation).Compare(greatestOf(items[y].Mutation))
	})
	for _, i := range order {
		answer, err := p.memory.Push(client, slices.Concat([]byte("["), raws[i], []byte("]")))
		var one []merge.Reply
		if err != nil || json.Unmarshal(answer, &one) != nil {
			return answer, err
		}
		replies[i] = one[0]
		replies[i].Index = i
	}
	return json.Marshal(replies)
}

// brokenSweeps are purgers with a mistake in what they store, answer or tell.
func brokenSweeps() []broken {
	return []broken{
		{"sweeps nothing", purging(purgeRule{level: 2, normal: func(r record.Record, _ clock.Timestamp, _ int) record.Record { return r }}), []law.Law{law.Unswept}},
		{"sweeps no field of a live record", purging(purgeRule{level: 2, normal: onlyRecords}), []law.Law{law.Unswept}},
		{"keeps dead records", purging(purgeRule{level: 2, drops: never}), []law.Law{law.Unswept}},
		{"drops a deletion that came late", purging(purgeRule{level: 2, drops: always}), []law.Law{law.ResetBelow}},
		{"never resets", purging(purgeRule{level: 2, pull: neverResets}), []law.Law{law.ResetBelow}},
		{"resets in place", purging(purgeRule{pull: resetsInPlace}), []law.Law{law.ResetBelow}},
		{"tells a clock below the fence", purging(purgeRule{tells: func(*purger) clock.Timestamp { return 1 }}), []law.Law{law.FenceTold}},
		{"tells another level", purging(purgeRule{level: 2, told: 1}), []law.Law{law.FenceTold}},
		{"tells another level, level 1", purging(purgeRule{told: 2}), []law.Law{law.FenceTold}},
		{"tells no fence when nothing is new", purging(purgeRule{pull: quietWhenDone}), []law.Law{law.FenceTold}},
		{"the clock of a new process does not observe the fence", purging(purgeRule{level: 2, starts: forgetsFence}), []law.Law{law.ServerClock}},
		{"keeps the fence in memory", purging(purgeRule{level: 2, starts: losesFence}), []law.Law{law.FenceTold, law.FenceFalls}},
		{"restores without a new epoch", purging(purgeRule{level: 2, saves: func(d *disk) { d.life = 0 }}), []law.Law{law.ResetBelow, law.Skip, law.Restored}},
		{"resets without saying that it was restored", purging(purgeRule{level: 2, why: "fence"}), []law.Law{law.ResetBelow}},
		{"restores without the fence", purging(purgeRule{level: 2, saves: func(d *disk) { d.purge.fence = purgeSample{} }}), []law.Law{law.FenceTold, law.FenceFalls}},
		{"lets a longer retention lower the fence", purging(purgeRule{raise: byRetention}), []law.Law{law.FenceFalls}},
		{"conceals what is gone", purging(purgeRule{level: 2, push: replied(conceals)}), []law.Law{law.Vanish, law.Outcome, law.PurgesDead, law.Erased}},
		{"stores what is gone", purging(purgeRule{level: 2, push: replied(storesGone)}), []law.Law{law.ComesBack, law.RefusedLeavesNothing, law.Erased}},
		{"says that gone may be retried", purging(purgeRule{push: replied(retries)}), []law.Law{law.WronglyGone}},
		{"takes retries below the fence for changes", purging(purgeRule{push: replied(changes)}), []law.Law{law.RetryBelow}},
		{"takes retries below the fence for first deliveries", purging(purgeRule{level: 2, push: replied(firstDeliveries)}), []law.Law{law.Lost}},
		{"takes retries below the fence for first deliveries, level 1", purging(purgeRule{push: replied(firstDeliveries)}), []law.Law{law.Lost}},
		{"joins a new life to the old one", purging(purgeRule{push: joinsLives}), []law.Law{law.ComesBack}},
		{"judges the items of a batch in turn", purging(purgeRule{level: 2, push: inTurn}), []law.Law{law.Alone}},
		{"judges the items of a batch in turn, level 1", purging(purgeRule{push: inTurn}), []law.Law{law.Alone}},
	}
}

// TestBrokenSweepsAreFound checks that the kit finds each mistake and names its law.
func TestBrokenSweepsAreFound(t *testing.T) {
	checkAll(t, brokenSweeps(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}
