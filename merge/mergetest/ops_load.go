package mergetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// loadOps are large batches and large records.
func loadOps() []family {
	return []family{
		{ops: []op{{
			kind: kind{
				name: "floods", args: []argument{ofRecord(), countOf(20)}, many: true, end: insertFlood, apart: floodApart,
				follow: func(f follow) []step {
					return []step{f.pushes(f.who), f.clock(f.who, f.o.maxAhead), f.flood(f.who, f.step.id, 20), f.pushes(f.who)}
				},
			},
			possible: isOfKit, act: (*device).flood, leaves: (*device).lastStamp,
			needs: kitDevices(1), covers: []string{"floods"},
		}}},
		{ops: []op{{
			kind: kind{
				name: "grows", args: []argument{ofRecord(), size()}, many: true, end: appendGrowth,
			},
			possible: isOfKit, act: (*device).grow, leaves: (*device).lastStamp,
			needs:  func(_ abilities, o domain) bool { return o.growing() },
			covers: []string{"grows"},
			lacks:  "records that grow past the limits of one push: Options.Fields is given, or no device is the kit's own",
			look:   "One record has more fields than one push may write: it grew by several. Look for stored or pulled records that are read with the limits of a push, and read them with record.Decoder{Trusted: true}.",
		}}},
	}
}

// flood is n edits of a record.
func (d *dice) flood(who int, id string, n int) step {
	s := d.grammar.step(who, "floods")
	s.id, s.n = id, n
	return s
}

// insertFlood inserts a flood into one of three schedules.
func insertFlood(d *dice, steps []step) []step {
	if d.IntN(3) > 0 {
		return steps
	}
	s := d.flood(d.IntN(d.o.devices), pick(d, d.o.ids...), pick(d, 150, 300))
	return slices.Insert(steps, d.IntN(len(steps)), append([]step{s}, d.followUps(s)...)...)
}

// floodApart is the different edits of a flood.
func floodApart(g grammar, o domain, s step) (all []step) {
	most := 1
	for _, values := range o.fields {
		most = max(most, len(values))
	}
	for i := range min(s.n, most*len(o.names)) {
		name := o.names[i%len(o.names)]
		values := o.fields[name]
		all = append(all, g.edits(s.who, s.id, assignment{name, values[i/len(o.names)%len(values)]}))
	}
	return all
}

// A record that grows gets fields with names of its own. Two pushes of so many fields are each within the
// default record.Limits, and together are not.
const (
	grownPrefix = "grown"
	grownFields = 5_100
	growsEach   = 50 // runs
)

// size is how many fields are added. It does not shrink, since fewer mostly break no law.
func size() argument {
	a := countOf(0)
	a.plainer = nil
	return a
}

// growing reports whether records can grow: any field is allowed, and a device is the kit's own.
func (d domain) growing() bool { return d.anyField && d.plainDevices() > 0 }

// isGrown reports whether a field is one by which a record grew.
func isGrown(name string) bool { return strings.HasPrefix(name, grownPrefix) }

// appendGrowth lets a record grow in the end, since what comes after it takes long.
func appendGrowth(d *dice, steps []step) []step {
	if d.seed%growsEach != growsEach/2 || !d.o.growing() {
		return steps
	}
	who, other, id := d.IntN(d.o.devices), d.IntN(d.o.devices), pick(d, d.o.ids...)
	for d.o.hasClient(who) {
		who = (who + 1) % d.o.devices
	}
	grows := d.grammar.step(who, "grows")
	grows.id, grows.n = id, grownFields
	edit := d.edits(other, id, assignment{d.o.names[0], d.o.fields[d.o.names[0]][0]})
	return append(steps, d.clock(who, 0), grows, d.pushes(who), grows, d.pushes(who), d.pulls(other),
		d.grammar.step(server, "restarts"), d.grammar.step(other, "reopens"), edit, d.pushes(other), d.pulls(other))
}

// grow puts an item into the outbox that adds s.n fields to a record.
func (d *device) grow(s step) (done bool) {
	fields := map[string]record.FieldValue{}
	for range s.n {
		d.w.grown++
		fields[fmt.Sprintf("%s%05d", grownPrefix, d.w.grown)] = record.FieldValue{Value: record.Int(1), Stamp: d.stamp()}
	}
	d.outbox = append(d.outbox, newItem(s.id, record.Mutation{Data: recordOf(d.w.key(s.id), fields)}))
	return s.n > 0
}
