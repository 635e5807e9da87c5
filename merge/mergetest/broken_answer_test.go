package mergetest

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge"
)

// falseCollisions reports what was superseded as a collision.
func falseCollisions(all []merge.Reply) []merge.Reply {
	for i := range all {
		if all[i].Verdict == "accepted" && !all[i].Changed {
			all[i].Notes, all[i].Fields = []merge.Code{merge.StampCollision}, nil
		}
	}
	return all
}

// brokenAnswers answer otherwise than what they did.
func brokenAnswers() []broken {
	return []broken{
		{"verdicts out of order", with(quirks{replies: func(all []merge.Reply) []merge.Reply { slices.Reverse(all); return all }}), []law{lawOrder}},
		{"verdicts out of order, numbered anew", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			slices.Reverse(all)
			for i := range all {
				all[i].Index = i
			}
			return all
		}}), []law{lawOrder, lawFine, lawBadRefused, lawAhead, lawOutcome, lawNeighbours}},
		{"verdicts of refused items left out", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			return slices.DeleteFunc(all, func(r merge.Reply) bool { return r.Verdict == "refused" })
		}}), []law{lawWellFormed}},
		{"whole batch refused", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for _, r := range all {
				if r.Verdict == "refused" && len(all) > 1 {
					for i := range all {
						if all[i].Verdict == "accepted" {
							all[i] = merge.Reply{Index: i, Table: all[i].Table, ID: all[i].ID, Verdict: "refused", Code: merge.Invalid}
						}
					}
				}
			}
			return all
		}}), []law{lawNeighbours}},
		{"verdicts of other words", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				if all[i].Verdict == "accepted" {
					all[i].Verdict = "ok"
				}
			}
			return all
		}}), []law{lawWellFormed}},
		{"refused without a code", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Code = ""
			}
			return all
		}}), []law{lawWellFormed}},
		{"refused as retryable", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Retryable = all[i].Verdict == "refused"
			}
			return all
		}}), []law{lawBadRefused}},
		{"superseded is refused", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i, r := range all {
				if r.Verdict == "accepted" && !r.Changed {
					all[i].Verdict, all[i].Code, all[i].Fields = "refused", "conflict", nil
				}
			}
			return all
		}}), []law{lawFine, lawRetry}},
		{"server time missing", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].ServerTime = 0
			}
			return all
		}}), []law{lawAhead}},
		{"too far ahead for good", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Retryable = all[i].Retryable && all[i].Code != merge.TooFarAhead
			}
			return all
		}}), []law{lawAhead}},
		{"outcomes of some fields", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for _, r := range all {
				delete(r.Fields, "points")
			}
			return all
		}}), []law{lawOutcome}},
		{"equal is called applied", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for _, r := range all {
				for name, f := range r.Fields {
					if f.Outcome == "equal" {
						r.Fields[name] = merge.FieldReply{Outcome: "applied"}
					}
				}
			}
			return all
		}}), []law{lawOutcome}},
		{"another code each time", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				if all[i].Code == merge.OtherClient && len(all)%2 == 0 {
					all[i].Code = merge.Invalid
				}
			}
			return all
		}}), []law{lawBadRefused}},
		{"never changed", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Changed = false
			}
			return all
		}}), []law{lawOutcome}},
		{"always changed", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Changed = all[i].Verdict == "accepted"
			}
			return all
		}}), []law{lawRetry, lawOutcome}},
		{"collision not reported", with(quirks{replies: func(all []merge.Reply) []merge.Reply {
			for i := range all {
				all[i].Notes, all[i].Fields = nil, nil
			}
			return all
		}}), []law{lawCollision}},
		{"collisions that are none", with(quirks{replies: falseCollisions}), []law{lawCollision}},
	}
}
