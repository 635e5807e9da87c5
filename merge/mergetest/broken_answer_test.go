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

// backwards returns the replies in reverse order.
func backwards(all []merge.Reply) []merge.Reply {
	slices.Reverse(all)
	return all
}

// renumbered returns the replies in reverse order, with new indexes that match their positions.
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

// allOrNothing refuses a whole batch because of one invalid item.
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

// anyCode refuses a forged item with one code in batches of even length, and with another in
// batches of odd length.
func anyCode(all []merge.Reply) []merge.Reply {
	for i := range all {
		if all[i].Code == merge.OtherClient && len(all)%2 == 0 {
			all[i].Code = merge.Invalid
		}
	}
	return all
}

// brokenBatches returns backends that do not answer a batch item by item.
func brokenBatches() []broken {
	return []broken{
		{"replies out of order", with(quirks{replies: backwards}), []law.Law{law.Order}},
		{"replies out of order, with new indexes", with(quirks{replies: renumbered}), []law.Law{law.Order, law.Fine, law.BadRefused, law.Ahead, law.Outcome, law.Neighbours}},
		{"replies to refused items left out", with(quirks{replies: acceptedOnly}), []law.Law{law.WellFormed}},
		{"whole batch refused for one item", with(quirks{replies: allOrNothing}), []law.Law{law.Neighbours}},
	}
}

// brokenVerdicts returns backends with wrong verdicts, or with refusals that lack a required member.
func brokenVerdicts() []broken {
	return []broken{
		{"unknown words as verdicts", replying(func(r *merge.Reply) {
			if r.Verdict == "accepted" {
				r.Verdict = "ok"
			}
		}), []law.Law{law.WellFormed}},
		{"refused without a code", replying(func(r *merge.Reply) { r.Code = "" }), []law.Law{law.WellFormed}},
		{"invalid items refused as retryable", replying(func(r *merge.Reply) { r.Retryable = r.Verdict == "refused" }), []law.Law{law.BadRefused}},
		{"the code for the same item varies", with(quirks{replies: anyCode}), []law.Law{law.BadRefused}},
		{"superseded writes refused", replying(func(r *merge.Reply) {
			if r.Verdict == "accepted" && !r.Changed {
				r.Verdict, r.Code, r.Fields = "refused", "conflict", nil
			}
		}), []law.Law{law.Fine, law.Retry}},
		{"server time missing", replying(func(r *merge.Reply) { r.ServerTime = 0 }), []law.Law{law.Ahead}},
		{"items too far ahead refused permanently", replying(func(r *merge.Reply) {
			r.Retryable = r.Retryable && r.Code != merge.TooFarAhead
		}), []law.Law{law.Ahead}},
	}
}

// brokenOutcomes returns backends that accept an item and give wrong outcomes for its fields.
func brokenOutcomes() []broken {
	return []broken{
		{"outcomes of some fields missing", replying(func(r *merge.Reply) { delete(r.Fields, "points") }), []law.Law{law.Outcome, law.Names}},
		{"equal writes reported as applied", replying(func(r *merge.Reply) {
			for name, f := range r.Fields {
				if f.Outcome == "equal" {
					r.Fields[name] = merge.FieldReply{Outcome: "applied"}
				}
			}
		}), []law.Law{law.Outcome}},
		{"changed is always false", replying(func(r *merge.Reply) { r.Changed = false }), []law.Law{law.Outcome}},
		{"changed is always true", replying(func(r *merge.Reply) { r.Changed = r.Verdict == "accepted" }), []law.Law{law.Retry, law.Outcome}},
		{"collision not reported", replying(func(r *merge.Reply) { r.Notes, r.Fields = nil, nil }), []law.Law{law.Collision}},
		{"superseded writes reported as collisions", replying(func(r *merge.Reply) {
			if r.Verdict == "accepted" && !r.Changed {
				r.Notes, r.Fields = []merge.Code{merge.StampCollision}, nil
			}
		}), []law.Law{law.Collision}},
	}
}
