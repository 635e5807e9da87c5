package mergetest

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// replying returns a constructor of backends that change each reply.
func replying(as func(*merge.Reply)) newBackend {
	return with(quirks{replies: func(all []merge.Reply) []merge.Reply {
		for i := range all {
			as(&all[i])
		}
		return all
	}})
}

// backwards returns the replies in reverse.
func backwards(all []merge.Reply) []merge.Reply {
	slices.Reverse(all)
	return all
}

// renumbered returns the replies in reverse, with the indexes that their places have.
func renumbered(all []merge.Reply) []merge.Reply {
	slices.Reverse(all)
	for i := range all {
		all[i].Index = i
	}
	return all
}

// acceptedOnly leaves out the replies to refused items.
func acceptedOnly(all []merge.Reply) []merge.Reply {
	return slices.DeleteFunc(all, func(r merge.Reply) bool { return r.Verdict == "refused" })
}

// allOrNothing refuses a whole batch for one bad item.
func allOrNothing(all []merge.Reply) []merge.Reply {
	if !slices.ContainsFunc(all, func(r merge.Reply) bool { return r.Verdict == "refused" }) {
		return all
	}
	for i, r := range all {
		if r.Verdict == "accepted" {
			all[i] = merge.Reply{Index: i, Table: r.Table, ID: r.ID, Verdict: "refused", Code: merge.Invalid}
		}
	}
	return all
}

// anyCode gives one code in batches of one length, and another one in others.
func anyCode(all []merge.Reply) []merge.Reply {
	for i := range all {
		if all[i].Code == merge.OtherClient && len(all)%2 == 0 {
			all[i].Code = merge.Invalid
		}
	}
	return all
}

// brokenBatches answer a batch otherwise than item by item.
func brokenBatches() []broken {
	return []broken{
		{"verdicts out of order", with(quirks{replies: backwards}), []law.Law{law.Order}},
		{"verdicts out of order, renumbered", with(quirks{replies: renumbered}), []law.Law{law.Order, law.Fine, law.BadRefused, law.Ahead, law.Outcome, law.Neighbours}},
		{"verdicts of refused items left out", with(quirks{replies: acceptedOnly}), []law.Law{law.WellFormed}},
		{"whole batch refused", with(quirks{replies: allOrNothing}), []law.Law{law.Neighbours}},
	}
}

// brokenVerdicts answer an item with another verdict, or without what belongs to it.
func brokenVerdicts() []broken {
	return []broken{
		{"verdicts of other words", replying(func(r *merge.Reply) {
			if r.Verdict == "accepted" {
				r.Verdict = "ok"
			}
		}), []law.Law{law.WellFormed}},
		{"refused without a code", replying(func(r *merge.Reply) { r.Code = "" }), []law.Law{law.WellFormed}},
		{"refused as retryable", replying(func(r *merge.Reply) { r.Retryable = r.Verdict == "refused" }), []law.Law{law.BadRefused}},
		{"another code each time", with(quirks{replies: anyCode}), []law.Law{law.BadRefused}},
		{"superseded is refused", replying(func(r *merge.Reply) {
			if r.Verdict == "accepted" && !r.Changed {
				r.Verdict, r.Code, r.Fields = "refused", "conflict", nil
			}
		}), []law.Law{law.Fine, law.Retry}},
		{"server time missing", replying(func(r *merge.Reply) { r.ServerTime = 0 }), []law.Law{law.Ahead}},
		{"too far ahead for good", replying(func(r *merge.Reply) {
			r.Retryable = r.Retryable && r.Code != merge.TooFarAhead
		}), []law.Law{law.Ahead}},
	}
}

// brokenOutcomes accept an item, and say of its fields what is not so.
func brokenOutcomes() []broken {
	return []broken{
		{"outcomes of some fields", replying(func(r *merge.Reply) { delete(r.Fields, "points") }), []law.Law{law.Outcome, law.Names}},
		{"equal is called applied", replying(func(r *merge.Reply) {
			for name, f := range r.Fields {
				if f.Outcome == "equal" {
					r.Fields[name] = merge.FieldReply{Outcome: "applied"}
				}
			}
		}), []law.Law{law.Outcome}},
		{"never changed", replying(func(r *merge.Reply) { r.Changed = false }), []law.Law{law.Outcome}},
		{"always changed", replying(func(r *merge.Reply) { r.Changed = r.Verdict == "accepted" }), []law.Law{law.Retry, law.Outcome}},
		{"collision not reported", replying(func(r *merge.Reply) { r.Notes, r.Fields = nil, nil }), []law.Law{law.Collision}},
		{"collisions that are none", replying(func(r *merge.Reply) { // but what was superseded
			if r.Verdict == "accepted" && !r.Changed {
				r.Notes, r.Fields = []merge.Code{merge.StampCollision}, nil
			}
		}), []law.Law{law.Collision}},
	}
}
