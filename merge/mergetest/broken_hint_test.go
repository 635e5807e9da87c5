package mergetest

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// lagged is a backend whose pulls read a lagging copy of the store.
type lagged struct {
	*memory
	copies []*disk     // copies of the disk, one per push
	at     []time.Time // the times of the pushes
	pulls  int         // the number of pulls since the last push
	lags   func(r *lagged, n int) bool
}

func lagging(lags func(r *lagged, n int) bool) newBackend {
	return over(func(m *memory) Backend {
		return &lagged{memory: m, copies: []*disk{m.disk.copy()}, at: []time.Time{{}}, lags: lags}
	})
}

func (r *lagged) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := r.memory.Push(client, batch)
	r.copies, r.at, r.pulls = append(r.copies, r.disk.copy()), append(r.at, r.env.Now()), 0
	return answer, err
}

func (r *lagged) Write(key record.Key, field string, v record.Value) error {
	err := r.memory.Write(key, field, v)
	r.copies, r.at, r.pulls = append(r.copies, r.disk.copy()), append(r.at, r.env.Now()), 0
	return err
}

// Pull reads the newest copy for which the function lags returns false.
func (r *lagged) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	n := len(r.copies) - 1
	for n > 0 && r.lags(r, n) {
		n--
	}
	r.pulls++
	m := *r.memory
	m.disk = r.copies[n]
	return m.Pull(client, cursor)
}

// TestLaggingPullIsNamed checks that the failure blames a pull for reading a state older than the last push,
// whatever part of the rule the older write seems to break.
func TestLaggingPullIsNamed(t *testing.T) {
	checkAll(t, []broken{
		{"lags by one push", lagging(func(r *lagged, n int) bool { return n == len(r.copies)-1 }), []law.Law{law.Stale}},
		{"lags by two pushes", lagging(func(r *lagged, n int) bool { return n >= len(r.copies)-2 }), []law.Law{law.Stale}},
		{"lags for one pull", lagging(func(r *lagged, n int) bool { return n == len(r.copies)-1 && r.pulls == 0 }), []law.Law{law.Stale}},
		{"lags for a second", lagging(func(r *lagged, n int) bool { return r.env.Now().Sub(r.at[n]) < time.Second }), []law.Law{law.Stale}},
		{"lags for half an hour", lagging(func(r *lagged, n int) bool { return r.env.Now().Sub(r.at[n]) < 30*time.Minute }), []law.Law{law.Stale}},
	}, func(t *testing.T, b broken) {
		for first := range rounds(6) {
			b.check(t, Options{First: 100 * first})
		}
	})
}

// TestFoldedKeysAreBlamedOnNames checks that a failure caused by folded keys blames names, and not merged
// values.
func TestFoldedKeysAreBlamedOnNames(t *testing.T) {
	folded := ids(strings.ToLower)
	for name, steps := range map[string][]string{
		"a later write":    {"ana edits A x=1", "ana pushes", "wait 1s", "ana edits a x=2", "ana pushes"},
		"an earlier write": {"wait 1s", "ana edits A x=2", "ben clock -1s", "ben edits a x=1", "ana pushes", "ben pushes"},
		"another field":    {"ana edits A x=1", "ana pushes", "ana edits a y=2", "ana pushes"},
		"a deletion":       {"ana edits A x=1", "ana pushes", "ana deletes a", "ana pushes"},
	} {
		t.Run(name, func(t *testing.T) {
			err := replay(folded, Schedule{Steps: steps})
			if err == nil || !strings.Contains(err.Error(), "broken law: "+law.Names.Text().Name) || !strings.Contains(err.Error(), `"rowa"`) {
				t.Fatal(err)
			}
		})
	}
	err := replay(with(quirks{stores: foldedValues}), Schedule{Steps: []string{`ana edits A x="X"`, "ana pushes"}})
	if err == nil || !strings.Contains(err.Error(), "broken law: "+law.Exact.Text().Name) {
		t.Fatal("a folded value was blamed on names:", err)
	}
}

// foldedValues stores strings in lower case.
func foldedValues(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	v.Value, _ = record.ParseValue([]byte(strings.ToLower(v.Value.JSON())))
	fields[name] = v
}
