package merge

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// watermarks holds the greatest stamps that were accepted from each client, before this
// push and in it.
type watermarks struct {
	before, now map[clock.ClientID]clock.Timestamp
	fence       clock.Timestamp // watermarks at or below it may have been purged
}

func newWatermarks(stored Stored) watermarks {
	m := watermarks{make(map[clock.ClientID]clock.Timestamp, len(stored.Watermarks)), make(map[clock.ClientID]clock.Timestamp), stored.Fence}
	for _, s := range plainWatermarks(stored.Watermarks) {
		m.before[s.Client] = max(m.before[s.Client], s.Time)
	}
	return m
}

// plainWatermarks returns the valid watermarks; the others have no meaning.
func plainWatermarks(all []clock.Stamp) []clock.Stamp {
	return slices.DeleteFunc(slices.Clone(all), func(s clock.Stamp) bool {
		return s.Client.IsZero() || s.Time < 0 || s.Time > clock.MaxTimestamp
	})
}

// accept notes the stamp of an accepted write.
func (m *watermarks) accept(s clock.Stamp) {
	if s.Time > m.now[s.Client] {
		m.now[s.Client] = s.Time
	}
}

// isNew reports whether a write is known to be delivered for the first time: a client
// sends in the order of stamps, so a write above its watermark never arrived before. A
// watermark at or below the fence may have taken the place of a greater one that was purged,
// so nothing is known about a write at or below the fence.
func (m *watermarks) isNew(s clock.Stamp) bool {
	mark, known := m.before[s.Client]
	return known && s.Time > max(mark, m.fence)
}

// isBehind reports whether a stamp is below a stamp that its client sent before.
func (m *watermarks) isBehind(s clock.Stamp) bool { return s.Time < m.before[s.Client] }

// after returns the watermarks of the clients of this push, sorted by client, and the
// greatest accepted time.
func (m *watermarks) after() (all []clock.Stamp, greatest clock.Timestamp) {
	for client, at := range m.now {
		greatest = max(greatest, at)
		all = append(all, clock.Stamp{Time: max(at, m.before[client]), Client: client})
	}
	slices.SortFunc(all, func(a, b clock.Stamp) int { return a.Client.Compare(b.Client) })
	return all, greatest
}
