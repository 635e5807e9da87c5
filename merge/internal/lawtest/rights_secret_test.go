package lawtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// hiddenSheets returns records that the actor may not read, with stamps of ranks up to n.
func hiddenSheets(n int8) (all []sheet) {
	for _, s := range sheetsOf(n) {
		if s[0].value == inC && s[2].value != wiped {
			all = append(all, s)
		}
	}
	return all
}

// answerTo returns all that a server may tell about a push, and which of its items repeat the actor's
// own writes as they stand. The push has a batch for a hidden record, and an item for a record that
// the actor may read.
func (e *rightsEngine) answerTo(hidden rightsWorld, batch []plea) (told string, stand uint, err error) {
	shown := rightsWorld{stored: sheet{{1, 2, inA}, {1, 2, long}}}
	key := record.Key{Table: purgeKey.Table, ID: "2"}
	request := e.prepare(hidden, append(batch, plea{sheet{1: {3, 1, short}}, false, true})).Request()
	last := &request.Items[len(batch)].Mutation
	last.Data = last.Data.WithKey(key)
	push := e.engine.Prepare(request)
	stored := e.stored(hidden)
	stored.Records = append(stored.Records, e.record(shown.stored).WithKey(key))
	stored.Watermarks = []clock.Stamp{{Client: theActor}, {Client: clock.ClientID{2}, Time: purgeEpoch}}
	stored.MayRead = func(r record.Record) bool { return r.Key() == key }
	stored.MayWrite = func(seen, _ record.Record, _ record.Mutation) error {
		if seen.Key() != key {
			err = errors.New("MayWrite is asked about the hidden record")
		}
		return nil
	}
	a, failed := push.Apply(stored)
	if err = errors.Join(err, failed); err != nil {
		return "", 0, err
	}
	if len(a.Updates) != 1 || a.Updates[0].After.Key() != key {
		return "", 0, fmt.Errorf("updates %v", a.Updates)
	}
	seen := hidden.stored.normal(hidden.fence)
	for i, p := range batch {
		own := true
		for n, d := range p.writes {
			own = own && (d.absent() || d == seen[n] && d.by == 1)
		}
		if own {
			stand |= 1 << i
		}
		if r := a.Results[i]; r.Accepted() != own || !own && r.Refusal.Code != merge.Forbidden {
			return "", 0, fmt.Errorf("item %d has the result %+v", i, r)
		}
	}
	return fmt.Sprint(string(a.AppendJSON(nil)), a.LostEdits(), a.Watermarks, a.Greatest, a.Digest()), stand, nil
}

// hiddenWorlds checks that an answer tells the same about all hidden records, but for one thing:
// whether an item repeats the actor's own writes as they stand. It tries batches of n items by the
// actor and, through a gateway, by another client.
func hiddenWorlds(t *testing.T, n, step int) {
	worlds, items := hiddenSheets(2), pleas(3)
	s := scope{configs: power(len(items), n) * 3 * 2 * 2, step: step}
	cases := s.run(t, func() func(int) (int, error) {
		e, batch := newRightsEngine(), make([]plea, n)
		return func(config int) (int, error) {
			d, w := digits(config), projects()
			w.fence, w.level, w.whole = int8(d.next(3)), 2, d.next(2) == 1
			if d.next(2) == 1 {
				w.full, w.most = true, 1
			}
			for i := range batch {
				batch[i] = items[d.next(len(items))]
			}
			first := map[uint]string{}
			for _, w.stored = range worlds {
				if w.stored.normal(w.fence).empty() {
					continue // dead: the items are gone, whatever the record was
				}
				told, stand, err := e.answerTo(w, batch)
				if before, ok := first[stand]; ok && before != told && err == nil {
					err = fmt.Errorf("the answer is %s, and %s for another record", told, before)
				}
				if first[stand] = told; err != nil {
					return 0, fmt.Errorf("%+v after %+v: %w", w, batch, err)
				}
			}
			return len(first), nil
		}
	})
	require.Greater(t, cases, s.chosen(), "no item stands")
}

func TestScopeAnswerTellsNothingOfAHiddenRecord(t *testing.T) { hiddenWorlds(t, 1, oneOf(61, 1)) }

func TestScopeAnswerToTwoTellsNothingOfAHiddenRecord(t *testing.T) {
	hiddenWorlds(t, 2, oneOf(19_997, 97))
}

func TestScopeAnswerToThreeTellsNothingOfAHiddenRecord(t *testing.T) {
	hiddenWorlds(t, 3, oneOf(4_000_037, 20_011))
}
