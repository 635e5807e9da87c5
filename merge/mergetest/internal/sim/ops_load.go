package sim

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// loadOps are large batches and large records.
func loadOps() []family {
	return []family{
		{ops: []op{{
			Kind: schedule.Kind{
				Name: "floods", Args: []schedule.Argument{schedule.OfRecord(), schedule.CountOf(20)}, Bulk: true, End: insertFlood, Apart: floodApart,
				Follow: func(f schedule.Follow) []schedule.Step {
					return []schedule.Step{f.Pushes(f.Who), f.Clock(f.Who, f.Domain.MaxAhead), flood(f.Dice.Grammar, f.Who, f.Step.ID, 20), f.Pushes(f.Who)}
				},
			},
			possible: isOfKit, act: (*device).flood, leaves: (*device).lastStamp,
			needs: kitDevices(1), covers: []string{"floods"},
		}}},
		{ops: []op{{
			Kind: schedule.Kind{
				Name: "grows", Args: []schedule.Argument{schedule.OfRecord(), size()}, Bulk: true, End: appendGrowth,
			},
			possible: isOfKit, act: (*device).grow, leaves: (*device).lastStamp,
			needs:  func(_ check.Abilities, o schedule.Domain) bool { return growing(o) },
			covers: []string{"grows"},
			lacks:  "records that grow past the limits of one push: Options.OnlyFields is set, or no device is the kit's own",
			look:   "Several pushes gave one record more fields than one push may write. Look for code that reads stored or pulled records with the limits of a push. Read them with record.Decoder{Trusted: true}.",
		}}},
	}
}

// flood returns a step of n edits of a record.
func flood(g schedule.Grammar, who int, id string, n int) schedule.Step {
	s := g.Step(who, "floods")
	s.ID, s.N = id, n
	return s
}

// insertFlood inserts a flood into one in three schedules.
func insertFlood(d *schedule.Dice, steps []schedule.Step) []schedule.Step {
	if d.IntN(3) > 0 {
		return steps
	}
	s := flood(d.Grammar, d.IntN(d.Domain.Devices), schedule.Pick(d, d.Domain.IDs...), schedule.Pick(d, 150, 300))
	return slices.Insert(steps, d.IntN(len(steps)), append([]schedule.Step{s}, d.FollowUps(s)...)...)
}

// floodApart returns the distinct edits of a flood as single steps.
func floodApart(g schedule.Grammar, o schedule.Domain, s schedule.Step) (all []schedule.Step) {
	most := 1
	for _, values := range o.Fields {
		most = max(most, len(values))
	}
	for i := range min(s.N, most*len(o.Names)) {
		name := o.Names[i%len(o.Names)]
		values := o.Fields[name]
		all = append(all, g.Edits(s.Who, s.ID, schedule.Assignment{Name: name, Value: values[i/len(o.Names)%len(values)]}))
	}
	return all
}

// A growing record gets fields with names of their own. Two pushes of grownFields fields are each
// within the default record.Limits, and together exceed them.
const (
	grownPrefix = "grown"
	grownFields = 5_100
	growsEach   = 50 // records grow in one run of this many
)

// size is the number of added fields. It does not shrink, because fewer fields rarely break a
// law.
func size() schedule.Argument {
	a := schedule.CountOf(0)
	a.Plainer = nil
	return a
}

// growing reports whether records can grow: any field is allowed, and a device is the kit's own.
func growing(o schedule.Domain) bool { return o.AnyField && o.PlainDevices() > 0 }

// appendGrowth lets a record grow at the end of a schedule, because any steps after it would be
// slow.
func appendGrowth(d *schedule.Dice, steps []schedule.Step) []schedule.Step {
	if d.Seed%growsEach != growsEach/2 || !growing(d.Domain) {
		return steps
	}
	who, other, id := d.IntN(d.Domain.Devices), d.IntN(d.Domain.Devices), schedule.Pick(d, d.Domain.IDs...)
	for d.Domain.HasClient(who) {
		who = (who + 1) % d.Domain.Devices
	}
	grows := d.Grammar.Step(who, "grows")
	grows.ID, grows.N = id, grownFields
	edit := d.Edits(other, id, schedule.Assignment{Name: d.Domain.Names[0], Value: d.Domain.Fields[d.Domain.Names[0]][0]})
	return append(steps, d.Clock(who, 0), grows, d.Pushes(who), grows, d.Pushes(who), d.Pulls(other),
		d.Grammar.Step(schedule.Server, "restarts"), d.Grammar.Step(other, "reopens"), edit, d.Pushes(other), d.Pulls(other))
}

// grow adds to the outbox an item that adds s.N fields to a record.
func (d *device) grow(s schedule.Step) (done bool) {
	fields := map[string]record.FieldValue{}
	for range s.N {
		d.w.grown++
		fields[fmt.Sprintf("%s%05d", grownPrefix, d.w.grown)] = record.FieldValue{Value: record.Int(1), Stamp: d.stamp()}
	}
	seen := d.shown(s.ID)
	it := d.newItem(s.ID, record.Mutation{Data: check.RecordOf(d.w.Key(s.ID), fields), New: seen.Len() == 0})
	it.Author.SawDeleted = seen.Deleted()
	d.outbox = append(d.outbox, it)
	return s.N > 0
}
