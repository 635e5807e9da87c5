package merge_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// applied looks up what an input is about, as a backend does, and applies it.
func applied(e *merge.Engine, in merge.Input) merge.Answer {
	in.Keys = e.Keys(in)
	return e.Apply(in)
}

// stateAfter returns what a backend holds that stores the updates of an answer.
func stateAfter(in merge.Input, a merge.Answer) merge.Collection {
	return merge.Join(in.Current, updated(a))
}

func updated(a merge.Answer) merge.Collection {
	var after []record.Record
	for _, u := range a.Updates {
		after = append(after, u.After)
	}
	return merge.Collect(after...)
}

// TestEngineIsTheModel compares whole answers with the model (A1, V9, V10, T1 to
// T4, T7).
func TestEngineIsTheModel(t *testing.T) {
	counts := sometimes{}
	rapid.Check(t, func(t *rapid.T) {
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
	})
	if testing.Short() {
		return // too few checks to have seen everything
	}
	for _, c := range []string{
		"", string(merge.Invalid), string(merge.OtherClient), string(merge.Forbidden), string(merge.TooFarAhead),
		"applied", "superseded", "equal", "collision", string(merge.LostEdit), string(merge.StampCollision), string(merge.Rewound),
		string(merge.StampBelowBase), string(merge.UpdateOfDeleted), string(merge.AlreadyDeleted), string(merge.Restored),
	} {
		require.Positive(t, counts[c], c)
	}
}

// requireUpdates checks that just the records that differ are stored, in order.
func requireUpdates(t require.TestingT, in merge.Input, a merge.Answer) {
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
	require.Equal(t, changed, byItems, "the records that are stored, and those that items changed")
}

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
	require.Len(t, a.Marks, len(marks))
	for i, m := range a.Marks {
		require.Equal(t, marks[m.Client], int64(m.Time))
		require.True(t, i == 0 || a.Marks[i-1].Client.Compare(m.Client) < 0)
	}
}

// TestOrderOfItems: what is said of an item depends neither on the order of the
// items nor, as far as its verdict goes, on which others there are (A2, A5).
func TestOrderOfItems(t *testing.T) {
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
		require.Equal(t, judging.Keys(s.input()), judging.Keys(moved.input()))
	})
}

// TestRefusedLeavesNoTrace: without the refused items everything is the same (A3).
func TestRefusedLeavesNoTrace(t *testing.T) {
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
		require.Equal(t, judging.Keys(s.input()), judging.Keys(rest.input()))
	})
}

// TestRetry: the same items once more are accepted and refused as before, and
// change nothing (A6). A fresh answer has the same bytes (V10).
func TestRetry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		a := applied(&judging, in)
		require.Equal(t, a.Digest(), applied(&judging, s.input()).Digest())
		in.Current, in.Marks = stateAfter(in, a), append(a.Marks, in.Marks...)
		b := applied(&judging, in)
		require.Empty(t, b.Updates)
		require.Empty(t, b.LostEdits(), "it was told the first time")
		require.Equal(t, a.Marks, b.Marks)
		for i, r := range b.Results {
			require.Equal(t, a.Results[i].Refusal, r.Refusal)
			require.False(t, r.Changed)
			require.NotContains(t, r.Notes, merge.Rewound)
		}
	})
}

// TestSplits: items in several calls, in any order, some twice, end in the same
// state as in one (V1, V3).
func TestSplits(t *testing.T) {
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

// TestAdmissionIsMonotone: what is accepted stays accepted as time passes, and under
// a wider bound (A4).
func TestAdmissionIsMonotone(t *testing.T) {
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

// TestKeys: the keys are those of accepted items, and no other records are looked
// at.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		a := applied(&judging, in)
		got := judging.Keys(in)
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

// TestNotLoaded: an item about a record that was not looked up is refused, and may be
// sent again; the others are not touched. It would overwrite what is stored.
func TestNotLoaded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation().Draw(t, "situation")
		in := s.input()
		a := applied(&judging, in)
		for _, key := range judging.Keys(in) {
			if rapid.Bool().Draw(t, "loaded") {
				in.Keys = append([]record.Key{key}, in.Keys...) // in any order
			}
		}
		b := judging.Apply(in)
		rest := in
		rest.Items = nil
		for i, r := range b.Results {
			switch {
			case !a.Results[i].Accepted() || len(r.Fields) == 0 && r.Accepted():
				require.Equal(t, a.Results[i], r)
			case slices.Contains(in.Keys, r.Key):
				rest.Items = append(rest.Items, in.Items[i])
				require.Equal(t, a.Results[i], r, "what is said of a record depends on its own items")
			default:
				require.Equal(t, &merge.Refusal{Code: merge.NotLoaded, Retryable: true}, r.Refusal)
				require.Empty(t, r.Fields)
			}
		}
		require.Equal(t, applied(&judging, rest).Updates, b.Updates)
	})
}

// TestInputIsNotChanged: Apply writes to nothing that it was given (G1, G2).
func TestInputIsNotChanged(t *testing.T) {
	text := func(in merge.Input) (all []byte) {
		for _, item := range in.Items {
			all = append(item.Mutation.AppendJSON(all), '\n')
		}
		return in.Current.AppendLines(all)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		in.Keys = judging.Keys(in)
		slices.Reverse(in.Keys)
		before, marks, keys := string(text(in)), slices.Clone(in.Marks), slices.Clone(in.Keys)
		a := judging.Apply(in)
		digest := a.Digest()
		require.Equal(t, before, string(text(in)))
		require.Equal(t, marks, in.Marks)
		require.Equal(t, keys, in.Keys)
		for i := range in.Items { // the answer is the caller's own
			in.Items[i] = record.Item{}
		}
		for i := range in.Marks {
			in.Marks[i] = clock.Stamp{}
		}
		require.Equal(t, digest, a.Digest())
	})
}
