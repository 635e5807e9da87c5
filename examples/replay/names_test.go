package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// record returns the key of the record that names the device.
func (d *device) record() record.Key { return record.Key{Table: "devices", ID: d.id.String()} }

// TestDevicesAreCalledByTheirNames checks all outputs for people. Two devices with one name are told apart.
func TestDevicesAreCalledByTheirNames(t *testing.T) {
	ana, ben, eve := newDevice("a1"), newDevice("b2"), newDevice("e5")
	s := newServer(nil)
	name := func(d *device, at, name string) {
		s.push(d.at(at), d.editOf(d.record(), at, func(e *record.Edit) *record.Edit { return e.Set("name", name) }))
	}
	name(ana, "02 08:00:00.000", "Old name")
	name(ben, "02 08:00:00.000", "Ben's laptop\x1b[2J")
	s.push(ana.at("02 09:00:00.000"), ana.set("1", "02 09:00:00.000", "title", "x"))
	s.push(ben.at("02 10:00:00.000"), ben.set("1", "02 10:00:00.000", "title", "y"))
	s.push(eve.at("02 11:00:00.000"), eve.set("1", "02 11:00:00.000", "title", "z"))
	name(ana, "02 12:00:00.000", "Phone")

	const bens = `Ben's laptop\u001b[2J`
	story := replayed(t, string(s.journal), "-explain", "tasks/1/title")
	for _, want := range []string{"line 3: pushed by Phone at", "line 4: pushed by " + bens + " at", "line 5: pushed by e5000000 at", "write 1 by Phone was replaced, and " + bens + " had not seen it"} {
		require.Contains(t, story, want)
	}
	require.NotContains(t, story, "Old name", "the latest name counts")
	report := replayed(t, string(s.journal))
	require.Contains(t, report, "line 4: tasks/1/title: a write by "+bens+" at 2026-03-02 10:00:00.000 UTC replaced one by Phone, 1 h earlier")
	require.Contains(t, report, "a write by e5000000… at")
	require.Contains(t, replayed(t, string(s.journal), "-timeline", "tasks/1/title"), "\nPhone ")
	require.Contains(t, replayed(t, string(s.journal), "-timeline", "tasks/1/title", "-name", "a1=Ana"), "\nAna ", "-name comes first")

	var history strings.Builder
	for r := range s.state.All() {
		history.Write(appendLine(nil, r))
	}
	story = replayed(t, history.String(), "-explain", "tasks/1/title")
	require.Contains(t, story, "e5000000")
	require.Contains(t, replayed(t, history.String(), "-explain", "devices/"+ana.id.String()+"/name"), "  Phone  \"Phone\"")

	name(eve, "02 13:00:00.000", "Phone")
	story = replayed(t, string(s.journal), "-explain", "tasks/1/title")
	require.Contains(t, story, "pushed by Phone (a1000000) at")
	require.Contains(t, story, "pushed by Phone (e5000000) at")

	name(eve, "02 14:00:00.000", " ")
	require.Contains(t, replayed(t, string(s.journal), "-explain", "tasks/1/title"), "pushed by e5000000 at", "an empty name is none")
	s.push(ana.at("02 15:00:00.000"), ana.editOf(ana.record(), "02 15:00:00.000", func(e *record.Edit) *record.Edit { return e.DeleteRecord() }))
	require.Contains(t, replayed(t, string(s.journal), "-explain", "tasks/1/title"), "pushed by a1000000 at", "a deleted device has no name")
}

// TestNamesOfRecordsAreNotTakenForClients: a path may look like a client ID.
func TestNamesOfRecordsAreNotTakenForClients(t *testing.T) {
	ana, ben := newDevice("a1"), newDevice("b2")
	s := newServer(nil)
	s.push(ana.at("02 08:00:00.000"), ana.editOf(ana.record(), "02 08:00:00.000", func(e *record.Edit) *record.Edit { return e.Set("name", "Ana") }))
	const field = "x: by a1000000…"
	for i, d := range []*device{ana, ben} {
		at := []string{"02 09:00:00.000", "02 10:00:00.000"}[i]
		s.push(d.at(at), d.set("1", at, field, i))
	}
	require.Contains(t, replayed(t, string(s.journal)), `tasks/1/"x: by a1000000\u2026": a write by b2000000… at 2026-03-02 10:00:00.000 UTC replaced one by Ana, 1 h earlier`)
}

func TestOnlyNothingIsZeroPercent(t *testing.T) {
	for _, c := range []struct {
		n, of int
		want  string
	}{
		{0, 0, ""}, {0, 5, "0 %"}, {1, 1000, "<1 %"}, {1, 100, "1 %"}, {65, 1103, "6 %"}, {2, 3, "67 %"}, {999, 1000, ">99 %"}, {99, 100, "99 %"}, {7, 7, "100 %"},
	} {
		require.Equal(t, c.want, percent(c.n, c.of))
	}
}
