package lawtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record"
)

// weather selects the faults of a run. Each fault is on or off for the whole run. If it is
// on, it occurs from time to time, so runs differ in which faults they have.
type weather struct {
	disorder, duplicates, answersLost, refusals, skew, coalescing, silence bool
}

func genWeather() *rapid.Generator[weather] {
	return rapid.Custom(func(t *rapid.T) weather {
		on := func(name string) bool { return rapid.Bool().Draw(t, name) }
		return weather{on("disorder"), on("duplicates"), on("answers lost"), on("refusals"), on("skew"), on("coalescing"), on("silence")}
	})
}

// sometimes counts events that must occur in a simulation. Without them, the simulation
// proves nothing.
type sometimes map[string]int

func (s sometimes) add(what string, n int) { s[what] += n }

// TestLostEditReportsAreTrueAndComplete compares the reports of lost edits with the causal
// oracle: no report is false, and no report is missing if clients push in the order of their
// stamps.
func TestLostEditReportsAreTrueAndComplete(t *testing.T) {
	counts := sometimes{}
	rapid.Check(t, func(t *rapid.T) {
		s := storm{sky: newSky(t, rapid.IntRange(2, 4).Draw(t, "devices")), weather: genWeather().Draw(t, "weather"), counts: counts}
		if s.skew {
			for _, p := range s.devices {
				minutes := rapid.SampledFrom([]int{-60, -1, 0, 0, 4, 6, 600}).Draw(t, "skew")
				p.skew = time.Duration(minutes) * time.Minute
				p.newClock(0)
			}
		}
		for range rapid.IntRange(30, 150).Draw(t, "steps") {
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "ms")) * time.Millisecond)
			s.step(t)
		}
		counts.add("lost", len(s.lost))
		counts.add("claimed", len(s.claimed))
		counts.add("unknowable", len(s.heldBack))
	})
	t.Log(counts)
	if testing.Short() {
		return // too few checks for every event to occur
	}
	for _, what := range []string{
		"lost", "claimed", "unknowable", "loser is stored", "loser is incoming", "refused", "too far ahead", "duplicate", "answer lost", "coalesced", "silent", "out of order",
	} {
		require.Positive(t, counts[what], what)
	}
}

// storm is a simulated world with the faults of its weather.
type storm struct {
	*sky
	weather
	counts sometimes
	flying []flight // pushes that may be delivered again
}

// flight is a push that was sent.
type flight struct {
	by   *phone
	push []parcelOut
}

func (s *storm) step(t *rapid.T) {
	p := rapid.SampledFrom(s.devices).Draw(t, "device")
	// If the drawn action is not possible in this state, the device edits instead.
	switch action := rapid.IntRange(0, 9).Draw(t, "action"); {
	case action < 3:
		p.pull()
	case action < 6 && len(p.outbox) > 0:
		s.push(t, p)
	case action == 6 && s.duplicates && len(s.flying) > 0:
		i := rapid.IntRange(0, len(s.flying)-1).Draw(t, "flight")
		s.deliver(s.flying[i].by, s.flying[i].push, false)
		s.counts.add("duplicate", 1)
	case action == 7 && s.disorder && len(p.outbox) > 1:
		// The last item overtakes the others.
		last := p.outbox[len(p.outbox)-1]
		s.deliver(p, []parcelOut{last}, false)
		s.counts.add("out of order", 1)
	default:
		s.edit(t, p)
	}
}

// push sends the first items of an outbox. In a run without disorder, items are always sent
// in the order of their stamps.
func (s *storm) push(t *rapid.T, p *phone) {
	n := rapid.IntRange(1, len(p.outbox)).Draw(t, "items")
	s.flying = append(s.flying, flight{p, p.outbox[:n:n]})
	answered := !s.answersLost || rapid.Bool().Draw(t, "answered")
	p.push(n, answered, !s.disorder)
	if !answered {
		s.counts.add("answer lost", 1)
	}
	for _, r := range s.last.Results {
		if !r.Accepted() && r.Refusal.Retryable {
			s.counts.add("too far ahead", 1)
		} else if !r.Accepted() {
			s.counts.add("refused", 1)
		}
	}
	for _, d := range s.last.LostEdits() {
		if d.Won() {
			s.counts.add("loser is stored", 1)
		} else {
			s.counts.add("loser is incoming", 1)
		}
	}
}

func (s *storm) edit(t *rapid.T, p *phone) {
	key := record.Key{Table: "t", ID: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "id")}
	fields := map[string]string{}
	values := []string{"1", "2", ""}
	if s.refusals {
		values = append(values, forbidden)
	}
	for range rapid.IntRange(1, 2).Draw(t, "fields") {
		fields[rapid.SampledFrom([]string{"a", "b"}).Draw(t, "field")] = rapid.SampledFrom(values).Draw(t, "value")
	}
	how := manner{
		silent:   s.silence && rapid.IntRange(0, 3).Draw(t, "silent") == 0,
		coalesce: s.coalescing && rapid.Bool().Draw(t, "coalesce"),
	}
	before := len(p.outbox)
	p.write(key, fields, how)
	if len(p.outbox) == before {
		s.counts.add("coalesced", 1)
	}
	if how.silent {
		s.counts.add("silent", 1)
	}
}
