// Package timeline draws the log of one field: who wrote it when, what reached the server when, and
// what counted meanwhile. It answers questions such as "why did my description vanish?" for people
// who know nothing about clocks and merging.
//
// The drawing has a lane for each client. Time runs to the right, and long pauses are folded. Each
// write is a mark in the lane of its author, at the time when it was made. A line leads from there
// to the time when the write reached the server. A band at the bottom shows which write counted.
// The shape of a mark says how the write ended, so the drawing needs no colour.
//
// One model is drawn three times: as text for a terminal, as SVG, and as a page in HTML that holds
// the same facts as a table.
//
//	timeline.go  Options, Timeline, New
//	mark.go      from events to marks, and their shapes
//	lane.go      the lanes, at most ten
//	notice.go    what happened at the server: fences, epochs and resets
//	fate.go      how each write ended
//	words.go     the sentences about each mark
//	refusal.go   the sentences about refused writes, and about writes that are no longer stored
//	ending.go    what counts at the end, in words
//	span.go      which write counted when
//	axis.go      from times to positions: the scale, folded pauses
//	layout.go    marks and lines at their positions, without overlaps
//	group.go     many marks as few
//	tick.go      times and dates above the lanes
//	text.go      the drawing in a terminal
//	canvas.go    a grid of characters
//	svg.go       the drawing as SVG
//	shape.go     shapes and lines in SVG
//	caption.go   the sentences below the drawing, and its key
//	html.go      the page
//	table.go     the table on the page
//	style.go     colours for light and dark, paper and high contrast
//	xml.go       escapes for untrusted text
//
// # Hazards
//
// Values are left out unless Options.Values is set. Names of tables, records and fields are always
// shown, and so are client IDs, the texts of refusals, and times.
//
// The times of marks come from the clocks of their authors, which may be wrong. The times of
// arrivals come from the server's clock. A journal does not say when a change without a push was
// stored: its arrival is drawn at the earliest possible time. It does not hold pulls either, except when a client
// had to pull everything again. Where that clock was set back, arrivals are drawn in the order of the
// journal.
package timeline
