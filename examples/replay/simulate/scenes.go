package main

import (
	"cmp"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// scene is an edit that must happen, so that the history holds every kind of conflict. A comment
// above each group of scenes describes its outcome.
type scene struct {
	at     int64
	device string
	task   string
	edit   func(author)
}

func set(field string, value any) func(author) { return func(a author) { a.Set(field, value) } }
func clearField(field string) func(author)     { return func(a author) { a.Delete(field) } }

// scenes is ordered by story. The copy of piet-desktop exists on Thursday from 14:00 to 15:00. Both
// devices continue from one disk, so their edits carry the same stamps, pair by pair.
var scenes = []scene{
	// Two people on trains write titles for the same two tasks: the later title wins, and it does
	// not matter who is back first.
	{at(tue, 13, 20), "ines-laptop", "window-lettering", set("title", "Paint the window lettering")},
	{at(tue, 13, 30), "tomas-laptop", "fair-banner", set("title", "Sew the banner for the fair")},
	{at(tue, 13, 50), "ines-laptop", "fair-banner", set("title", "Print the banner for the fair")},
	{at(tue, 14, 5), "tomas-laptop", "window-lettering", set("title", "Gild the window lettering")},

	// A slow clock: Odile writes the last title, but her tablet is seven minutes behind, so Maud's
	// title wins. Due date and status are different fields, so both stay.
	{at(wed, 10, 40), "odile-tablet", "atlas-proofs", set("due", "2026-03-11")},
	{at(wed, 10, 45), "maud-laptop", "atlas-proofs", set("status", "done")},
	{at(wed, 10, 46), "maud-laptop", "atlas-proofs", set("title", "Proof the atlas at full size")},
	{at(wed, 10, 50), "odile-tablet", "atlas-proofs", set("title", "Proof the atlas, sheets 1 to 8")},

	// One tag is removed by a phone in flight mode and set again by another device.
	{at(wed, 19, 40), "noor-phone", "paper-order", set("tags/urgent", true)},
	{at(wed, 20, 20), "maud-phone", "paper-order", clearField("tags/urgent")},
	{at(wed, 20, 40), "noor-phone", "paper-order", set("tags/urgent", true)},

	// Text, deleted and null are three different things in one field.
	{at(thu, 9, 50), "kofi-laptop", "spare-frames", set("notes", "Eleven oak, four ash.")},
	{at(thu, 10, 0), "ruben-phone", "spare-frames", clearField("notes")},
	{at(thu, 10, 20), "noor-desktop", "spare-frames", set("notes", nil)},

	// Five people write one date, some of them offline. Ruben's phone is 75 seconds fast, so his
	// write of 12:29 has a later stamp than Noor's of 12:30.
	{at(thu, 9, 40), "leila-laptop", "opening-night", set("due", "2026-03-20")},
	{at(thu, 10, 5), "noor-desktop", "opening-night", set("due", "2026-03-21")},
	{at(thu, 11, 15), "hana-laptop", "opening-night", set("due", "2026-03-26")},
	{at(thu, 12, 5), "tomas-laptop", "opening-night", set("due", "2026-03-21")},
	{at(thu, 12, 29), "ruben-phone", "opening-night", set("due", "2026-03-27")},
	{at(thu, 12, 30), "noor-desktop", "opening-night", set("due", "2026-03-22")},

	// The cloned disk: four collisions, one identical write on both devices, and one stamp on two
	// different fields.
	{at(thu, 14, 5), "piet-desktop", "spare-frames", set("status", "doing")},
	{at(thu, 14, 6), "piet-copy", "spare-frames", set("status", "review")},
	{at(thu, 14, 10), "piet-desktop", "fair-banner", set("notes", "Hem of 4 cm.")},
	{at(thu, 14, 11), "piet-copy", "fair-banner", clearField("notes")},
	{at(thu, 14, 15), "piet-desktop", "paper-order", set("priority", 2)},
	{at(thu, 14, 16), "piet-copy", "paper-order", set("priority", 1)},
	{at(thu, 14, 20), "piet-desktop", "window-lettering", set("assignee", "tomas")},
	{at(thu, 14, 21), "piet-copy", "window-lettering", func(a author) { a.Set("assignee", "tomas").Set("priority", 1) }},
	{at(thu, 14, 25), "piet-desktop", "paper-order", set("estimate", 1.5)},
	{at(thu, 14, 26), "piet-copy", "paper-order", set("due", "2026-03-20")},
	{at(thu, 14, 30), "piet-desktop", "paper-order", set("samples", []any{"laid 90 g", "wove 120 g"})},
	{at(thu, 14, 31), "piet-copy", "paper-order", set("samples", []any{"wove 120 g"})},

	// A task is deleted, edited in a cabin without a network, and restored on Sunday evening.
	{at(sat, 10, 0), "noor-phone", "old-price-list", func(a author) { a.DeleteRecord() }},
	{at(sat, 15, 0), "zoe-laptop", "old-price-list", set("notes", "Prices for 2026 are on the back.")},
	{at(sun, 19, 40), "noor-phone", "old-price-list", func(a author) { a.RestoreRecord() }},
}

// script returns the scenes of one device in chronological order.
func script(device string) []scene {
	own := slices.DeleteFunc(slices.Clone(scenes), func(s scene) bool { return s.device != device })
	slices.SortFunc(own, func(a, b scene) int { return cmp.Compare(a.at, b.at) })
	return own
}

func (s scene) habit() habit {
	key := record.Key{Table: "tasks", ID: s.task}
	return habit{open: func(_ *prng, d *device) record.Record { return d.view.record(key) }, edit: s.edit}
}
