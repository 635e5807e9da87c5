package lawtest

// clientMutants are wrong rules of the clients: what they write, pull, keep and show.
var clientMutants = []purgeMutant{
	{
		name: "a creation is an item whose bases are null",
		wrong: func(r *purgeRules) {
			r.isNew = func(shown, writes triple) bool {
				for i := range writes {
					if writes[i].kind != absent && shown[i].kind != absent {
						return false
					}
				}
				return true
			}
		},
		scope: purgeScope{edits: 3, kinds: []int{setF, setG, deleteIt}},
		law:   lawClient,
	},
	{
		name:  "a pull below the floor is not a reset",
		wrong: func(r *purgeRules) { r.resets = func(*purgeState, *purgeDevice) bool { return false } },
		scope: purgeScope{edits: 2, kinds: []int{setF, deleteIt}},
		law:   lawSynced,
	},
	{
		name: "a client joins what was accepted without judging it",
		wrong: func(r *purgeRules) {
			r.show = func(c *purgeDevice) triple {
				w := c.world()
				if w.stored = w.stored.joins(c.overlays[:]...); c.outbox.len() == 0 {
					return w.stored
				}
				return r.judge(w, itemsOf(c.outbox[:c.outbox.len()])).after
			}
		},
		scope: purgeScope{edits: 2, kinds: []int{deleteF, setF}},
		law:   lawClient,
	},
	{
		name: "a client shows its outbox without judging it",
		wrong: func(r *purgeRules) {
			r.show = func(c *purgeDevice) triple { return c.confirmed.joins(c.waiting()...) }
		},
		scope: purgeScope{edits: 2, kinds: []int{setBoth, deleteF}},
		law:   lawClient,
	},
	{
		name:  "a client does not purge what it holds",
		wrong: func(r *purgeRules) { r.neverPurges = true },
		scope: purgeScope{edits: 2, kinds: []int{setF, deleteIt}},
		law:   lawSame,
	},
	{
		name: "a client shows nothing of a partly gone item",
		wrong: func(r *purgeRules) {
			engine := r.judge
			r.judge = func(w purgeWorld, items []purgeItem) ruling {
				v := engine(w, items)
				for i, m := range items {
					if v.joined[i] != m.writes {
						v.joined[i] = triple{}
					}
				}
				v.after = v.before
				for _, joined := range v.joined {
					v.after = v.after.join(joined)
				}
				return v
			}
		},
		scope: purgeScope{edits: 3, kinds: []int{setBoth, setF, deleteIt}},
		law:   lawOwn,
	},
	{
		name:  "a client keeps what was gone of an accepted item",
		wrong: func(r *purgeRules) { r.overlay = func(m sentItem, _ triple) triple { return m.writes } },
		scope: purgeScope{edits: 3, kinds: []int{setBoth, setF, deleteF}},
		law:   lawClient,
	},
	{
		name:  "an overlay ends with any pull that ends after the answer",
		wrong: func(r *purgeRules) { r.ends = func(_ sentItem, settled bool) bool { return settled } },
		scope: purgeScope{edits: 2, kinds: []int{setF}, slow: true},
		law:   lawClient,
	},
	{
		name:  "an overlay ends with the first chunk",
		wrong: func(r *purgeRules) { r.ends = func(m sentItem, settled bool) bool { return !settled || m.answered } },
		scope: purgeScope{edits: 2, kinds: []int{setF}, slow: true},
		law:   lawClient,
	},
	{
		name:  "overlays are not joined before the fence rises",
		wrong: func(r *purgeRules) { r.folds = func(*purgeDevice, purgePull) bool { return false } },
		scope: purgeScope{edits: 2, kinds: []int{setF}, slow: true},
		law:   lawClient,
	},
	{
		name: "overlays are not joined before the level rises",
		wrong: func(r *purgeRules) {
			r.folds = func(c *purgeDevice, p purgePull) bool { return p.fence > c.fence }
		},
		scope: purgeScope{level: 1, edits: 1, kinds: []int{setF}, slow: true, levelUp: true},
		law:   lawClient,
	},
	{
		name:  "a clock observes only what is pulled",
		wrong: func(r *purgeRules) { r.told = func(_ *purgeState, t triple) rank { return t.newest() } },
		scope: purgeScope{edits: 2, kinds: []int{setF}},
		law:   lawHonest,
	},
	{
		name:  "a new device observes only what it is shown",
		wrong: func(r *purgeRules) { r.told = func(_ *purgeState, t triple) rank { return t.newest() } },
		scope: purgeScope{edits: 2, kinds: []int{setF, deleteF}, snapshots: true},
		law:   lawClock,
	},
	{
		name: "a restored server keeps its epoch",
		wrong: func(r *purgeRules) {
			r.resets = func(s *purgeState, c *purgeDevice) bool { return c.cursor < s.floor }
		},
		scope: purgeScope{edits: 2, kinds: []int{setF}, restore: true},
		law:   lawSynced,
	},
	{
		name:  "a push does not say its epoch",
		wrong: func(r *purgeRules) { r.anyEpoch = true },
		scope: purgeScope{edits: 3, kinds: []int{setF, setG}, restore: true},
		law:   lawHonest,
	},
	{
		name:  "an old client below the floor pulls as before",
		wrong: func(r *purgeRules) { r.oldPulls = true },
		scope: purgeScope{edits: 2, kinds: []int{setF, deleteIt}, old: true},
		law:   lawSynced,
	},
}
