package mergetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// beyond returns the writes that the backends in this file refuse.
func beyond() map[merge.Code]map[string]string {
	return map[merge.Code]map[string]string{
		merge.LimitExceeded: {"points": `"` + strings.Repeat("x", 500) + `"`},
		merge.Forbidden:     {"owner": `"eve"`},
		"read_only":         {"made": "1", "tag/e": `"now"`},
	}
}

// strictly returns an engine that refuses the writes that beyond returns.
func strictly() merge.Engine {
	return merge.Engine{Limits: record.Limits{Value: 400}, Guard: func(_ clock.ClientID, m record.Mutation) error {
		if _, ok := m.Data.Get("owner"); ok {
			return errBusy // an error that is not a Refusal gets the code forbidden
		}
		if _, ok := m.Data.Get("made"); ok {
			return &merge.Refusal{Code: "read_only"}
		}
		return nil
	}}
}

// TestBackendWithLimitsAndGuardPasses checks that a correct backend with limits and a guard passes with
// Options.Refused.
func TestBackendWithLimitsAndGuardPasses(t *testing.T) {
	t.Parallel()
	Run(t, from(memory{engine: strictly()}), some(Options{Refused: beyond()}))
	Run(t, from(memory{engine: strictly()}), some(Options{Refused: beyond(), NewClient: newApp(clientQuirks{})}))
}

// TestBrokenLimitsAreFound checks that the kit finds each mistake with limits and guards, and names
// a law that it breaks.
func TestBrokenLimitsAreFound(t *testing.T) {
	engine := func(change func(*merge.Engine)) newBackend {
		e := strictly()
		change(&e)
		return from(memory{engine: e})
	}
	told := func(change func(*merge.Reply)) newBackend {
		return with(quirks{engine: strictly(), replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				change(&all[i])
			}
			return all
		}})
	}
	checkAll(t, []broken{
		{"no limits", engine(func(e *merge.Engine) { e.Limits = record.Limits{} }), []law.Law{law.BadRefused}},
		{"no guard", engine(func(e *merge.Engine) { e.Guard = nil }), []law.Law{law.BadRefused}},
		{"forbidden is retryable", told(func(r *merge.Reply) { r.Retryable = r.Retryable || r.Code == merge.Forbidden }), []law.Law{law.BadRefused}},
		{"a code that differs from the documented one", told(func(r *merge.Reply) {
			if r.Code == merge.LimitExceeded {
				r.Code = merge.Invalid
			}
		}), []law.Law{law.BadRefused}},
		{"refused items are stored", with(quirks{engine: strictly(), each: func(*quirky, clock.ClientID, merge.Result) bool { return true }}), []law.Law{law.RefusedLeavesNothing, law.Poison}},
		{"only the refused fields are dropped", with(quirks{engine: strictly(), each: func(s *quirky, _ clock.ClientID, r merge.Result) bool {
			return r.Accepted() || r.Refusal.Code == "read_only"
		}, stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "made" })}), []law.Law{law.RefusedLeavesNothing}},
		{"neighbours are refused as well", with(quirks{engine: strictly(), replies: blocked}), []law.Law{law.Neighbours}},
	}, func(t *testing.T, b broken) { b.check(t, Options{Refused: beyond()}) })
}

// blocked refuses all items after a forbidden one.
func blocked(all []merge.Reply) []merge.Reply {
	i := slices.IndexFunc(all, func(r merge.Reply) bool { return r.Code == merge.Forbidden })
	for j := i + 1; i >= 0 && j < len(all); j++ {
		if all[j].Verdict == "accepted" {
			all[j] = merge.Reply{Index: j, Table: all[j].Table, ID: all[j].ID, Verdict: "refused", Code: merge.Forbidden}
		}
	}
	return all
}
