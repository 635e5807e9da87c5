package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// shortID is the number of characters of a client ID that suffice if no other ID begins with them.
const shortID = 8

// devices holds the names that clients have given themselves. A client has a record in the table
// devices, with the client ID as its ID and the name in the field name, as in examples/syncserver. An
// import has such a record in the table imports.
type devices map[clock.ClientID]string

// add takes in a record. The name of a deleted record is forgotten.
func (d devices) add(r record.Record) {
	if table := r.Key().Table; table != "devices" && table != "imports" {
		return
	}
	c, err := clock.ParseClientID(r.Key().ID)
	if err != nil {
		return
	}
	delete(d, c)
	w, _ := r.Get("name")
	name, _ := w.Value.Text()
	if name = strings.TrimSpace(name); name != "" && !r.Deleted() {
		d[c] = cut(fieldlog.Printable(strings.Clone(name)), 32)
	}
}

// devicesIn returns the devices of a state.
func devicesIn(state merge.Collection) devices {
	d := make(devices)
	for r := range state.All() {
		d.add(r)
	}
	return d
}

// clientNames gives clients distinct names: the name of the device, or a prefix of the ID.
type clientNames struct {
	ids     []string // sorted
	devices devices
	count   map[string]int // of the devices with a name
}

// namesOf returns the names of clients.
func namesOf(clients map[clock.ClientID]struct{}, d devices) clientNames {
	sorted := slices.SortedFunc(maps.Keys(clients), clock.ClientID.Compare)
	names := clientNames{make([]string, len(sorted)), d, make(map[string]int)}
	for _, name := range d {
		names.count[name]++
	}
	for i, c := range sorted {
		names.ids[i] = c.String()
	}
	return names
}

// of returns the name of a client. Where several devices have one name, a prefix of the ID follows it.
func (names clientNames) of(c clock.ClientID) string {
	name, ok := names.devices[c]
	if !ok {
		return names.short(c)
	}
	if names.count[name] > 1 {
		return name + " (" + names.short(c) + ")"
	}
	return name
}

// short returns a prefix of the ID that no other ID shares.
func (names clientNames) short(c clock.ClientID) string {
	id := c.String()
	i, found := slices.BinarySearch(names.ids, id)
	n := shortID
	if i > 0 {
		n = max(n, common(names.ids[i-1], id)+1)
	}
	if found {
		i++
	}
	if i < len(names.ids) {
		n = max(n, common(names.ids[i], id)+1)
	}
	return id[:n]
}

// named returns the sentence of a decision with the names of devices in place of the client IDs.
func (names clientNames) named(d merge.Decision, sentence string) string {
	head := record.PathName(d.Key.Table) + "/" + record.PathName(d.Key.ID) + "/" + record.PathName(d.Field)
	about, ok := strings.CutPrefix(sentence, head) // the names of the field may look like IDs
	if !ok {
		return sentence
	}
	for _, c := range []clock.ClientID{d.Incoming.Stamp.Client, d.Before.Stamp.Client} {
		if _, ok := names.devices[c]; ok {
			about = strings.ReplaceAll(about, " by "+c.String()[:shortID]+"…", " by "+names.of(c))
			about = strings.ReplaceAll(about, " by "+c.String(), " by "+names.of(c))
		}
	}
	return head + about
}
