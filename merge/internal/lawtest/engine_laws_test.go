package lawtest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// stateAfter returns the state of a backend that has stored the updates of an answer.
func stateAfter(in input, a merge.Answer) merge.Collection {
	return merge.Join(in.Current, updated(a))
}

func updated(a merge.Answer) merge.Collection {
	var after []record.Record
	for _, u := range a.Updates {
		after = append(after, u.After)
	}
	return merge.Collect(after...)
}

// TestAnswerAgreesWithModel compares whole answers with the model.
func TestAnswerAgreesWithModel(t *testing.T) {
	counts := sometimes{}
	check := func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		a := applied(&judging, in)
		want, state := s.decide()
		require.Len(t, a.Results, len(want))
		for i, r := range a.Results {
			require.Equal(t, want[i], opinionOf(r), "item %d", i)
			require.Equal(t, in.Items[i].Mutation.Data.Key(), r.Key)
			counts.add(string(want[i].code), 1)
			for _, f := range want[i].fields {
				counts.add(f.outcome.String(), 1)
			}
			for _, c := range want[i].notes {
				counts.add(string(c), 1)
			}
		}
		require.Equal(t, []entry(state), read(stateAfter(in, a)))
		requireUpdates(t, in, a)
		requireMarks(t, s, a)
	}
	for range 20 { // the situations of one run may lack a rare code
		rapid.Check(t, check)
		if testing.Short() || counts.missing() == nil {
			return // with -short, too few checks for every code to occur
		}
	}
	require.Empty(t, counts.missing(), "these never occurred")
}

// missing returns the outcomes and codes of answers that have not occurred.
func (s sometimes) missing() (all []string) {
	for _, c := range []string{
		"", string(merge.Invalid), string(merge.OtherClient), string(merge.Forbidden), string(merge.TooFarAhead),
		"applied", "superseded", "equal", "collision", string(merge.LostEdit), string(merge.StampCollision), string(merge.Rewound),
		string(merge.StampBelowBase), string(merge.UpdateOfDeleted), string(merge.AlreadyDeleted), string(merge.Restored),
	} {
		if s[c] == 0 {
			all = append(all, c)
		}
	}
	return all
}

// requireUpdates checks that an answer updates exactly the records that changed, in the order
// of their keys.
func requireUpdates(t require.TestingT, in input, a merge.Answer) {
	changed := map[record.Key]bool{}
	for i, u := range a.Updates {
		stored, ok := in.Current.Get(u.After.Key())
		require.Equal(t, ok, u.Before.Len() > 0)
		require.True(t, !ok || stored.Equal(u.Before))
		require.Equal(t, u.Before.Key(), u.After.Key())
		require.False(t, u.Before.Equal(u.After))
		require.True(t, i == 0 || a.Updates[i-1].After.Key().Compare(u.After.Key()) < 0)
		changed[u.After.Key()] = true
	}
	byItems := map[record.Key]bool{}
	for _, r := range a.Results {
		if r.Changed {
			byItems[r.Key] = true
		}
	}
	require.Equal(t, changed, byItems, "the updated records must be the records that items changed")
}

// requireMarks checks the watermarks and the greatest stamp of an answer.
func requireMarks(t require.TestingT, s situation, a merge.Answer) {
	marks := map[[16]byte]int64{}
	var greatest int64
	for i, o := range s.orders {
		for _, w := range o.writes {
			if a.Results[i].Accepted() {
				marks[w.client] = max(marks[w.client], w.time, s.marks[w.client])
				greatest = max(greatest, w.time)
			}
		}
	}
	require.Equal(t, greatest, int64(a.Greatest))
	require.Len(t, a.Watermarks, len(marks))
	for i, m := range a.Watermarks {
		require.Equal(t, marks[m.Client], int64(m.Time))
		require.True(t, i == 0 || a.Watermarks[i-1].Client.Compare(m.Client) < 0)
	}
}

// TestResultsDoNotDependOnOrderOfItems: the result of an item does not depend on the order of
// the items. Its verdict does not depend on which other items the batch holds.
func TestResultsDoNotDependOnOrderOfItems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		a := applied(&judging, s.input())
		places := make([]int, len(s.orders))
		for i := range places {
			places[i] = i
		}
		if len(places) > 0 {
			places = rapid.Permutation(places).Draw(t, "order")
		}
		moved := s
		moved.orders = nil
		for _, i := range places {
			moved.orders = append(moved.orders, s.orders[i])
		}
		b := applied(&judging, moved.input())
		for to, from := range places {
			require.Equal(t, a.Results[from], b.Results[to])
			alone := s
			alone.orders = s.orders[from : from+1]
			c := applied(&judging, alone.input())
			require.Equal(t, a.Results[from].Refusal, c.Results[0].Refusal)
		}
		a.Results, b.Results = nil, nil
		require.Equal(t, a.Digest(), b.Digest())
		require.Equal(t, keysOf(&judging, s.input()), keysOf(&judging, moved.input()))
	})
}

// TestRefusedItemsLeaveNoTrace: the same push without its refused items gives the same answer
// for the other items.
func TestRefusedItemsLeaveNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		a := applied(&judging, s.input())
		rest := s
		rest.orders = nil
		var kept []merge.Result
		for i, r := range a.Results {
			if r.Accepted() {
				rest.orders = append(rest.orders, s.orders[i])
				kept = append(kept, r)
			} else {
				require.False(t, r.Changed)
				require.Empty(t, r.Fields)
				require.Empty(t, r.Notes)
			}
		}
		b := applied(&judging, rest.input())
		a.Results = kept
		require.Equal(t, a.Digest(), b.Digest())
		require.Equal(t, keysOf(&judging, s.input()), keysOf(&judging, rest.input()))
	})
}

// TestRetryHasTheSameVerdictsAndChangesNothing: a retried push gets the same verdicts and
// changes nothing. Applying the same push to the same state gives an answer with the same
// bytes.
func TestRetryHasTheSameVerdictsAndChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		a := applied(&judging, in)
		require.Equal(t, a.Digest(), applied(&judging, s.input()).Digest())
		in.Current, in.Watermarks = stateAfter(in, a), append(a.Watermarks, in.Watermarks...)
		b := applied(&judging, in)
		require.Empty(t, b.Updates)
		require.Empty(t, b.LostEdits(), "lost edits must be reported only the first time")
		require.Equal(t, a.Watermarks, b.Watermarks)
		for i, r := range b.Results {
			require.Equal(t, a.Results[i].Refusal, r.Refusal)
			require.False(t, r.Changed)
			require.NotContains(t, r.Notes, merge.Rewound)
		}
	})
}

// TestSplitPushesConverge: items that are pushed twice, in several calls and in any order, give
// the same state as one push.
func TestSplitPushesConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		want := stateAfter(in, applied(&judging, in))
		items := in.Items
		state := in.Current
		for range 2 {
			if len(items) > 0 {
				items = rapid.Permutation(items).Draw(t, "order")
			}
			for rest := items; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "n")
				part := in
				part.Items, part.Current = rest[:n], state
				state = stateAfter(part, applied(&judging, part))
				rest = rest[n:]
			}
		}
		require.True(t, want.Equal(state))
	})
}

// TestAcceptedItemStaysAccepted: an accepted item would also be accepted later, and under a
// wider bound. Every refusal except TooFarAhead stays the same.
func TestAcceptedItemStaysAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		narrow, wide := judging, judging
		narrow.MaxAhead = time.Duration(rapid.IntRange(1, 600).Draw(t, "bound")) * time.Second
		wide.MaxAhead = narrow.MaxAhead + time.Duration(rapid.IntRange(0, 4000).Draw(t, "more"))*time.Second
		later := in
		later.Wall = in.Wall.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "later")) * time.Second)
		a, b, c := applied(&narrow, in), applied(&wide, in), applied(&narrow, later)
		for i, r := range a.Results {
			if r.Accepted() {
				require.True(t, b.Results[i].Accepted() && c.Results[i].Accepted())
			} else if r.Refusal.Code != merge.TooFarAhead {
				require.Equal(t, r.Refusal, b.Results[i].Refusal)
				require.Equal(t, r.Refusal, c.Results[i].Refusal)
			}
		}
	})
}

// TestAnswerDependsOnRecordsOfKeysAlone: Keys returns the keys of the accepted items, and the
// answer depends on no other stored records.
func TestAnswerDependsOnRecordsOfKeysAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		a := applied(&judging, in)
		got := keysOf(&judging, in)
		require.True(t, slices.IsSortedFunc(got, record.Key.Compare))
		want := map[record.Key]bool{}
		for i, r := range a.Results {
			if r.Accepted() && in.Items[i].Mutation.Data.Len() > 0 {
				want[r.Key] = true
			}
		}
		require.Len(t, got, len(want))
		var loaded []record.Record
		for _, key := range got {
			require.True(t, want[key])
			if r, ok := in.Current.Get(key); ok {
				loaded = append(loaded, r)
			}
		}
		in.Current = merge.Collect(loaded...)
		require.Equal(t, a.Digest(), applied(&judging, in).Digest())
	})
}

// TestWrongLoadedRecordsAreAnError: if the loaded records do not match Keys, Apply returns an
// error that names the position, and decides nothing. If Apply treated an unloaded record as a
// new record, the backend would overwrite the stored one.
func TestWrongLoadedRecordsAreAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		p := judging.Prepare(in.request())
		s := in.stored(p)
		n := len(s.Records)
		at := rapid.IntRange(0, n).Draw(t, "position")
		want := ""
		switch what := rapid.SampledFrom([]string{"missing", "another", "swapped", "too many", "no key"}).Draw(t, "mistake"); {
		case at == n || what == "too many":
			at = n
			s.Records = append(s.Records, record.New(keyOf("more")))
			want = fmt.Sprintf("want no more than %d records", n)
		case what == "missing":
			s.Records = slices.Delete(s.Records, at, at+1)
			want = "want the record of " + p.Keys()[at].String()
		case what == "swapped" && at+1 < n:
			s.Records[at], s.Records[at+1] = s.Records[at+1], s.Records[at]
			want = "want the record of " + p.Keys()[at].String() + ", not of " + p.Keys()[at+1].String()
		case what == "no key":
			s.Records[at] = record.Record{}
			want = "want the record of " + p.Keys()[at].String() + ", not one without a key"
		default:
			s.Records[at] = s.Records[at].WithKey(keyOf("another"))
			want = "want the record of " + p.Keys()[at].String() + ", not of t/another"
		}
		a, err := p.Apply(s)
		require.ErrorIs(t, err, merge.ErrNotLoaded)
		require.ErrorContains(t, err, want)
		var typed *record.Error
		require.ErrorAs(t, err, &typed)
		require.Equal(t, fmt.Sprintf("records[%d]", at), typed.Path)
		require.Equal(t, merge.Answer{}, a)

		a, err = p.Apply(in.stored(p))
		require.NoError(t, err)
		require.Equal(t, applied(&judging, in).Digest(), a.Digest(), "the push can still be applied after the error")
	})
}

// TestPushMayBeAppliedAgain: after a conflict, a Push may be applied to another state. It gives
// the same answer as a fresh Push, even if several goroutines apply it at the same time.
func TestPushMayBeAppliedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var inputs [2]input
		s := genFull().Draw(t, "situation")
		inputs[0] = s.input()
		s.stored, s.full = genFull().Draw(t, "other").stored, rapid.Bool().Draw(t, "full")
		inputs[1] = s.input()
		e := s.engine()
		p := e.Prepare(inputs[0].request())
		var group sync.WaitGroup
		for range 2 {
			for _, in := range inputs {
				group.Go(func() {
					a, err := p.Apply(in.stored(p))
					assert.NoError(t, err)
					assert.Equal(t, applied(e, in).Digest(), a.Digest())
				})
			}
		}
		group.Wait()
	})
}

// TestGuardIsAskedAtMostOncePerItem: Prepare asks the guard at most once for each item. Apply
// and AppendJournal never ask it again.
func TestGuardIsAskedAtMostOncePerItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		asked := 0
		e := merge.Engine{Guard: func(actor clock.ClientID, m record.Mutation) error {
			asked++
			return judging.Guard(actor, m)
		}}
		p := e.Prepare(in.request())
		once := asked
		require.LessOrEqual(t, once, len(in.Items))
		for range 2 {
			a, err := p.Apply(in.stored(p))
			require.NoError(t, err)
			p.AppendJournal(nil, in.stored(p), a)
		}
		require.Equal(t, once, asked)
	})
}

// TestApplyDoesNotChangeItsInput: Apply does not modify its arguments, and the answer does not
// change if the caller overwrites them later.
func TestApplyDoesNotChangeItsInput(t *testing.T) {
	text := func(r merge.Request, s merge.Stored) (all []byte) {
		for _, item := range r.Items {
			all = append(item.Mutation.AppendJSON(all), '\n')
		}
		for _, r := range s.Records {
			all = append(record.Mutation{Data: r}.AppendJSON(all), '\n')
		}
		return fmt.Append(all, s.Watermarks)
	}
	rapid.Check(t, func(t *rapid.T) {
		full := genFull().Draw(t, "situation")
		in, e := full.input(), full.engine()
		r := in.request()
		p := e.Prepare(r)
		s := in.stored(p)
		before, keys := string(text(r, s)), slices.Clone(p.Keys())
		a, err := p.Apply(s)
		require.NoError(t, err)
		digest := a.Digest()
		require.Equal(t, before, string(text(r, s)))
		require.Equal(t, keys, p.Keys())
		for i := range r.Items { // the answer must not change with its input
			r.Items[i] = record.Item{}
		}
		clear(s.Watermarks)
		clear(s.Records)
		require.Equal(t, digest, a.Digest())
	})
}
