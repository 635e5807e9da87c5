package mergetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// keeper is a correct backend that keeps all fields, and that purges. Its rule can add a mistake.
type keeper struct {
	*purger
	keepRule
}

// held is a value that a keeper holds.
type held struct {
	key   record.Key
	field string
	write record.FieldValue
}

// keepRule holds the parts of a keeper. A part that is nil is correct.
type keepRule struct {
	unseen func(d merge.Decision, m record.Mutation) bool // whether a decision displaces a value that was not seen
	adds   func(all []held, h held) []held                // holds a value
	tidy   bool                                           // drops what need not be held, which is correct
	starts func(d *disk)                                  // changes the state of a new process
}

// keeping returns a constructor of backends with a rule.
func keeping(rule keepRule) newBackend {
	if rule.unseen == nil {
		rule.unseen = isUnseen
	}
	if rule.adds == nil {
		rule.adds = addOnce
	}
	return over(func(m *memory) Backend {
		k := &keeper{purgeRule{level: 2}.over(m), rule}
		if rule.starts != nil {
			rule.starts(m.disk)
		}
		m.holds = func(m *memory, r merge.Request, a merge.Answer) {
			all := slices.Clone(m.disk.held)
			for i, result := range a.Results {
				for _, d := range result.Fields {
					if rule.tidy {
						all = slices.DeleteFunc(all, func(h held) bool { return h.isBaseOf(d, r.Items[i].Mutation) })
					}
					if loser := d.Loser(); loser.Stamp.Time > m.disk.purge.fence.stamp && !loser.Deleted() && rule.unseen(d, r.Items[i].Mutation) {
						all = rule.adds(all, held{d.Key, d.Field, loser})
					}
				}
			}
			if rule.tidy {
				all = slices.DeleteFunc(all, m.disk.isPast)
			}
			m.disk.held = all
		}
		return k
	})
}

// isUnseen reports whether a decision displaces a value that the author of the winner may not have seen.
func isUnseen(d merge.Decision, m record.Mutation) bool {
	if d.Outcome == merge.Equal || d.Outcome == merge.FieldGone || d.Before.Value == d.Incoming.Value || d.Seen == merge.SeenYes {
		return false
	}
	base, known := m.Base[d.Field]
	return !known || d.Outcome != merge.Applied || base != d.Before.Stamp
}

func addOnce(all []held, h held) []held {
	if slices.Contains(all, h) {
		return all
	}
	return append(all, h)
}

// addByStamp holds one value of each stamp.
func addByStamp(all []held, h held) []held {
	for _, old := range all {
		if old.key == h.key && old.field == h.field && old.write.Stamp == h.write.Stamp {
			return all
		}
	}
	return append(all, h)
}

// addByField holds one value of each field.
func addByField(all []held, h held) []held {
	all = slices.DeleteFunc(all, func(old held) bool { return old.key == h.key && old.field == h.field })
	return append(all, h)
}

// addTen drops the oldest of more than ten values.
func addTen(all []held, h held) []held {
	all = addOnce(all, h)
	return all[max(0, len(all)-10):]
}

func (k *keeper) Keeps(_, _ string) bool { return true }

// Held returns each value as a record of its own.
func (k *keeper) Held() (all []record.Record, err error) {
	for _, h := range k.disk.held {
		var b record.Builder
		r, err := b.Record(h.key, maps.All(map[string]record.FieldValue{h.field: h.write}))
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// isBaseOf reports whether the author of an accepted later write had seen a held value.
func (h held) isBaseOf(d merge.Decision, m record.Mutation) bool {
	base, known := m.Base[d.Field]
	return known && h.key == d.Key && h.field == d.Field && base == h.write.Stamp && base.Compare(d.Incoming.Stamp) < 0 && d.Outcome != merge.FieldGone
}

// isPast reports whether a held value lies below the fence, or its record was erased.
func (d *disk) isPast(h held) bool {
	return h.write.Stamp.Time <= d.purge.fence.stamp || d.rows[h.key].Erased()
}

// TestRightKeepersPass checks a keeper that drops nothing, and one that drops what it need not hold.
func TestRightKeepersPass(t *testing.T) {
	t.Parallel()
	Run(t, keeping(keepRule{}), some(Options{Seeds: min(*seeds, enough)}))
	Run(t, keeping(keepRule{tidy: true}), some(Options{Seeds: min(*seeds, enough)}))
}

// brokenKeepers are keepers that lose a value.
func brokenKeepers() []broken {
	kept := []law.Law{law.Kept}
	isLost := func(d merge.Decision, _ record.Mutation) bool { return d.Lost() }
	return []broken{
		{"holds nothing", keeping(keepRule{unseen: func(merge.Decision, record.Mutation) bool { return false }}), kept},
		{"an unknown Seen counts as seen", keeping(keepRule{unseen: isLost}), kept},
		{"a write by the same client counts as seen", keeping(keepRule{unseen: func(d merge.Decision, m record.Mutation) bool {
			return isUnseen(d, m) && d.Before.Stamp.Client != d.Incoming.Stamp.Client
		}}), kept},
		{"a write that loses on arrival is not held", keeping(keepRule{unseen: func(d merge.Decision, m record.Mutation) bool {
			return isUnseen(d, m) && d.Won()
		}}), kept},
		{"a write that is overwritten is not held", keeping(keepRule{unseen: func(d merge.Decision, m record.Mutation) bool {
			return isUnseen(d, m) && !d.Won()
		}}), kept},
		{"a base below the write counts as seen", keeping(keepRule{unseen: func(d merge.Decision, m record.Mutation) bool {
			base, known := m.Base[d.Field]
			return isUnseen(d, m) && !(known && d.Won() && base != (clock.Stamp{}))
		}}), kept},
		{"a collision is not held", keeping(keepRule{unseen: func(d merge.Decision, m record.Mutation) bool {
			return isUnseen(d, m) && d.Outcome != merge.Collision
		}}), kept},
		{"one value is held of each stamp", keeping(keepRule{adds: addByStamp}), kept},
		{"one value is held of each field", keeping(keepRule{adds: addByField}), kept},
		{"the oldest of ten held values is dropped", keeping(keepRule{adds: addTen}), kept},
		{"held values are lost in a restart", keeping(keepRule{starts: func(d *disk) { d.held = nil }}), kept},
		{"held values are not in a backup", keeping(keepRule{starts: func(d *disk) {
			if d.life > 0 {
				d.held = nil
			}
		}}), kept},
	}
}

// TestBrokenKeepersAreFound checks that the kit finds each mistake and names its law.
func TestBrokenKeepersAreFound(t *testing.T) {
	checkAll(t, brokenKeepers(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}
