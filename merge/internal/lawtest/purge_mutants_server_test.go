package lawtest

// serverMutants are wrong rules of the server: the fence, the normal form and the judgement.
var serverMutants = []purgeMutant{
	{
		name: "items of a batch are judged by those before them",
		wrong: func(r *purgeRules) {
			engine := r.server
			r.server = func(w purgeWorld, items []purgeItem) (all ruling) {
				for i := range items {
					v := engine(w, items[i:i+1])
					if i == 0 {
						all.before = v.before
					}
					all.joined[i], all.reborn = v.joined[0], all.reborn || v.reborn
					w.stored, all.after = v.after, v.after
				}
				return all
			}
		},
		scope: purgeScope{edits: 3, kinds: []int{setF, deleteIt}, batch: 2},
		law:   lawOrder,
	},
	{
		name:  "items are judged as if nothing was purged",
		wrong: func(r *purgeRules) { r.server = r.plain() },
		scope: purgeScope{edits: 2, kinds: []int{setBoth, deleteF}},
		law:   lawServer,
	},
	{
		name: "deletions that every client has pulled are purged",
		wrong: func(r *purgeRules) {
			r.server = r.plain()
			r.fences = func(s *purgeState) bool {
				return s.clients[0].cursor == s.sequence && s.clients[1].cursor == s.sequence
			}
		},
		scope: purgeScope{edits: 2, kinds: []int{setBoth, deleteF}},
		law:   lawServer,
	},
	{
		name: "a new item needs no stamp above the fence",
		wrong: func(r *purgeRules) {
			r.inServer(func(v ruling, w purgeWorld, m purgeItem) triple {
				if m.isNew && (v.before.empty() || v.before.dead(w.fence)) {
					return m.writes
				}
				return triple{}
			})
		},
		scope: purgeScope{edits: 3, kinds: []int{setF, deleteIt}},
		law:   lawServer,
	},
	{
		name: "a record is dead if its deletion is at or below the fence",
		wrong: func(r *purgeRules) {
			right := r.normal
			r.inNormal(func(t triple, fence rank, level int8) triple {
				if t[life].kind == removed && t[life].at <= fence {
					t = triple{life: t[life]}
				}
				return right(t, fence, level)
			})
		},
		scope: purgeScope{edits: 3, kinds: []int{setF, deleteIt}},
		law:   lawClient,
	},
	{
		name: "a deletion of a record is never gone",
		wrong: func(r *purgeRules) {
			r.inServer(func(v ruling, _ purgeWorld, m purgeItem) triple {
				if m.writes[life].kind == removed && !v.before.empty() {
					return triple{life: m.writes[life]}
				}
				return triple{}
			})
		},
		scope: purgeScope{edits: 3, kinds: []int{setF, deleteIt}},
		law:   lawRetry,
	},
	{
		name:  "a process judges by the fence of its start",
		wrong: func(r *purgeRules) { r.cachedFence = true },
		scope: purgeScope{edits: 2, kinds: []int{setBoth, deleteF}},
		law:   lawServer,
	},
	{
		name: "the last tombstone of a record is purged",
		wrong: func(r *purgeRules) {
			right := r.normal
			r.inNormal(func(t triple, fence rank, level int8) triple {
				t = right(t, fence, level)
				if t[0].kind != set && t[1].kind != set && t[life].kind == absent && t.newest() <= fence {
					return triple{}
				}
				return t
			})
		},
		scope: purgeScope{edits: 2, kinds: []int{setF, deleteF}},
		law:   lawSynced,
	},
	{
		name: "partly gone items are refused as a whole",
		wrong: func(r *purgeRules) {
			engine := r.server
			r.server = func(w purgeWorld, items []purgeItem) ruling {
				w.whole = true
				return engine(w, items)
			}
		},
		scope: purgeScope{edits: 3, kinds: []int{setF, setBoth}},
		law:   lawGone,
	},
	{
		name: "a dead record may be restored",
		wrong: func(r *purgeRules) {
			r.inServer(func(v ruling, w purgeWorld, m purgeItem) triple {
				if m.writes[life].kind == set && v.before.dead(w.fence) {
					return m.writes
				}
				return triple{}
			})
		},
		scope: purgeScope{level: 1, edits: 3, kinds: []int{setF, deleteIt, restore}},
		law:   lawServer,
	},
	{
		name: "a restored server has no fence",
		wrong: func(r *purgeRules) {
			r.restored = func(s purgeServer) purgeServer { s.fence, s.floor = 0, 0; return s }
		},
		scope: purgeScope{edits: 2, kinds: []int{setBoth, deleteF}, restore: true},
		law:   lawClient,
	},
	{
		name:  "partly gone items of an old client are accepted",
		wrong: func(r *purgeRules) { r.joinsWhole = true },
		scope: purgeScope{edits: 2, kinds: []int{setF, setBoth}, old: true},
		law:   lawClient,
	},
	{
		name: "stale items of an old client are accepted",
		wrong: func(r *purgeRules) {
			engine := r.server
			r.server = func(w purgeWorld, items []purgeItem) ruling {
				whole := w.whole
				w.whole = false
				v := engine(w, items)
				if whole && v.joined[0] != items[0].writes {
					return ruling{before: v.before, after: v.before}
				}
				return v
			}
		},
		scope: purgeScope{edits: 3, kinds: []int{setBoth, deleteF}, old: true},
		law:   lawClient,
	},
}
