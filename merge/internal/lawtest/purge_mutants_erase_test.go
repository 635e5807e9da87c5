package lawtest

// eraseMutants are wrong rules of erasing.
var eraseMutants = []purgeMutant{
	{
		name: "an erasure has the stamp of the wall clock, which is behind",
		wrong: func(r *purgeRules) {
			r.erasureAt = func(t triple, _ rank) rank { return t.newest() - 1 }
			r.erase = func(_ triple, at rank) triple { return triple{life: {erased, at}} }
		},
		scope: purgeScope{edits: 2, kinds: []int{setF}, erasure: true},
		law:   lawErased,
	},
	{
		name: "an erasure is a deletion of the record without its fields",
		wrong: func(r *purgeRules) {
			r.erase = func(_ triple, at rank) triple { return triple{life: {removed, at}} }
		},
		scope: purgeScope{edits: 2, kinds: []int{setF}, erasure: true},
		law:   lawErased,
	},
	{
		name:  "an erasure takes no sequence",
		wrong: func(r *purgeRules) { r.silent = true },
		scope: purgeScope{edits: 2, kinds: []int{setF}, erasure: true},
		law:   lawSynced,
	},
	{
		name: "a new item begins a life of an erased record that is not dead",
		wrong: func(r *purgeRules) {
			engine := r.server
			r.server = func(w purgeWorld, items []purgeItem) ruling {
				before := r.normal(w.stored, w.fence, w.level)
				for _, m := range items {
					if before[life].kind == erased && m.isNew {
						w.stored = triple{}
					}
				}
				v := engine(w, items)
				v.before = before
				return v
			}
		},
		scope: purgeScope{edits: 2, kinds: []int{setF}, erasure: true},
		law:   lawServer,
	},
	{
		name: "an erased record is dead at once",
		wrong: func(r *purgeRules) {
			right := r.normal
			r.inNormal(func(t triple, fence rank, level int8) triple {
				if t[life].kind == erased {
					return triple{}
				}
				return right(t, fence, level)
			})
		},
		scope: purgeScope{edits: 2, kinds: []int{setF}, erasure: true},
		law:   lawErased,
	},
	{
		name: "an erased record may be restored",
		wrong: func(r *purgeRules) {
			r.restores = triple.deleted
			r.inServer(func(v ruling, _ purgeWorld, m purgeItem) triple {
				if m.writes[life].kind == set && v.before[life].kind == erased {
					return m.writes
				}
				return triple{}
			})
		},
		scope: purgeScope{edits: 2, kinds: []int{setF, restore}, erasure: true},
		law:   lawLife,
	},
	{
		name: "an erased record that is dead may be restored",
		wrong: func(r *purgeRules) {
			r.restores = triple.deleted
			r.inServer(func(v ruling, w purgeWorld, m purgeItem) triple {
				if m.writes[life].kind == set && v.before.dead(w.fence) {
					return m.writes
				}
				return triple{}
			})
		},
		scope: purgeScope{level: 1, edits: 3, kinds: []int{setF, restore}, erasure: true},
		law:   lawLife,
	},
	{
		name: "items on an erased record are journaled",
		wrong: func(r *purgeRules) {
			engine := r.server
			r.server = func(w purgeWorld, items []purgeItem) ruling {
				v := engine(w, items)
				v.journaled[0] = v.before[life].kind == erased
				return v
			}
		},
		scope: purgeScope{edits: 1, kinds: []int{setF}, erasure: true},
		law:   lawLines,
	},
	{
		name:  "a restored server does not repeat its erasures",
		wrong: func(r *purgeRules) { r.forgetful = true },
		scope: purgeScope{edits: 1, kinds: []int{setF}, erasure: true, restore: true},
		law:   lawErased,
	},
	{
		name: "a restored server repeats its erasures only on records that it has",
		wrong: func(r *purgeRules) {
			right := r.erase
			r.erase = func(t triple, at rank) triple {
				if t.empty() {
					return t
				}
				return right(t, at)
			}
		},
		scope: purgeScope{edits: 1, kinds: []int{setF}, erasure: true, restore: true},
		law:   lawErased,
	},
}
