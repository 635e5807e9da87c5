package timeline

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// Rows of the text before the first lane, and rows of a lane.
const (
	dateRow, timeRow, foldRow = 0, 1, 2
	headRows                  = 3
	laneRows                  = 2
)

// leastText is the least width of a drawing as text.
const leastText = 60

// Text returns the drawing for a terminal with the given number of columns, at least 60, and then
// the facts about each mark. It contains no control characters except line feeds.
func (t *Timeline) Text(width int) string {
	width = max(width, leastText)
	var b strings.Builder
	write := func(text, first, rest string) {
		for i, line := range wrapped(text, width-utf8.RuneCountInString(rest)) {
			fmt.Fprintf(&b, "%s%s\n", pick(i == 0, first, rest), line)
		}
	}
	for _, line := range append([]string{t.title()}, t.ending...) {
		write(line, "", "")
	}
	l := t.layout(t.textMetrics(width))
	fmt.Fprintf(&b, "\n%s\n%s", t.drawText(l, width), t.textKey(l, width))
	for _, r := range t.table() {
		head, details, exact := t.sentences(r.marks)
		b.WriteByte('\n')
		write(head, fmt.Sprintf("%6s %c ", t.numbersOf(r.marks), t.gravest(r.marks).sign()), strings.Repeat(" ", 9))
		for _, d := range append(details, exact) {
			write(d, strings.Repeat(" ", 9), strings.Repeat(" ", 9))
		}
	}
	if t.options.Note != "" {
		b.WriteByte('\n')
		write(fieldlog.Printable(t.options.Note), "", "")
	}
	return b.String()
}

// gravest returns the shape among marks that matters most.
func (t *Timeline) gravest(marks []int) shape {
	most := repeat
	for _, i := range marks {
		most = max(most, t.marks[i].shape)
	}
	return most
}

// textMetrics returns the sizes of a drawing as text.
func (t *Timeline) textMetrics(width int) metrics {
	label := utf8.RuneCountInString(bandName)
	for _, name := range t.lanes {
		label = max(label, min(16, utf8.RuneCountInString(name)))
	}
	end := float64(width)
	return metrics{left: float64(label + 3), right: end, gap: 3, column: 6, clear: 1, fold: 5, tail: 14, digit: 1, end: end}
}

// bandName is the label of the band.
const bandName = "counts"

// drawText draws a layout with characters.
func (t *Timeline) drawText(l *layout, width int) *canvas {
	bottom := headRows + laneRows*len(l.lanes)
	c := newCanvas(width, bottom+2)
	for _, k := range l.ticks {
		c.put(cell(k.x), pick(k.day, dateRow, timeRow), k.text)
	}
	label := cell(l.left) - 3
	for i, name := range l.lanes {
		y := laneRow(i)
		c.put(0, y, cut(name, label))
		c.put(label+1, y, strings.Repeat("─", width-label-1))
	}
	for _, f := range l.folds {
		c.fold(f, len(l.lanes))
	}
	for _, it := range l.items {
		c.line(it, bottom)
	}
	for _, it := range l.items {
		c.mark(t, it, bottom)
	}
	c.put(0, bottom+1, cut(bandName, label))
	for _, b := range l.bands {
		c.band(b, bottom+1)
	}
	return c
}

// laneRow returns the row of a lane's marks.
func laneRow(lane int) int { return headRows + laneRows*lane + 1 }

// fold draws a folded pause.
func (c *canvas) fold(f fold, lanes int) {
	x := cell(f.x)
	for i := range lanes {
		c.put(x-1, laneRow(i), " // ")
	}
	if n := utf8.RuneCountInString(f.text); c.isFree(x-n/2, foldRow, n) {
		c.put(x-n/2, foldRow, f.text)
	}
}

// line draws the way of a write to the server: along the lane while it waits, and down when it is
// sent.
func (c *canvas) line(it item, bottom int) {
	x, end, y := cell(it.x), cell(it.arrives), laneRow(it.lane)
	if y > bottom || it.hidden {
		return
	}
	if it.found {
		c.set(end, bottom, '▽')
		return
	}
	for i := min(x, end); i <= max(x, end); i++ {
		if r := c.at(i, y); x != end && r != '/' {
			c.set(i, y, pick(r == '┼', r, '╌'))
		}
	}
	if x != end {
		c.set(end, y, pick(end > x, '╮', '╭'))
	}
	for down := y + 1; down < bottom; down++ {
		r := c.at(end, down)
		c.set(end, down, pick(r == '─' || r == '╌' || r == '┼', '┼', '│'))
	}
	c.set(end, bottom, pick(it.shape == refused || it.shape == unread, '×', '▼'))
}

// mark draws a mark with its number above it, or the number of marks that it stands for.
func (c *canvas) mark(t *Timeline, it item, bottom int) {
	x, y := cell(it.x), laneRow(it.lane)
	if y > bottom {
		y = bottom
	}
	c.set(x, y, it.shape.sign())
	if t.hasClock(it.marks) {
		c.set(x+1, y, '◷')
	}
	text := t.numbersOf(it.marks)
	if n := len(it.marks); n > 1 {
		text = "×" + fmt.Sprint(n)
	}
	if y < bottom {
		if n := utf8.RuneCountInString(text); c.isFree(x-(n-1)/2, y-1, n) || len(it.marks) == 1 {
			c.put(x-(n-1)/2, y-1, text)
		}
	}
}

// hasClock reports whether a clock was wrong in one of the marks.
func (t *Timeline) hasClock(marks []int) bool {
	return slices.ContainsFunc(marks, func(i int) bool { return t.marks[i].clock })
}

// band draws a span.
func (c *canvas) band(b band, y int) {
	x, end := cell(b.x), cell(b.end)
	fill := []string{" ", "━", "╌", "░"}[b.state]
	c.put(x, y, strings.Repeat(fill, max(0, end-x)))
	if b.state == nothing {
		return
	}
	for _, text := range []string{fmt.Sprintf("┣ %d %s ", b.number, b.text), fmt.Sprintf("┣ %d ", b.number), fmt.Sprintf("┣%d", b.number), "┣"} {
		if utf8.RuneCountInString(text) <= max(1, end-x) {
			c.put(x, y, text)
			return
		}
	}
}

// rule says in one sentence which write counts.
const rule = "Of two writes, the one that was made later counts, whenever it reached the server."

// textKey returns the key of the shapes that occur.
func (t *Timeline) textKey(l *layout, width int) string {
	var keys []string
	for _, s := range l.shapes() {
		keys = append(keys, fmt.Sprintf("%c %s", s.sign(), s.meaning()))
	}
	if len(l.folds) > 0 {
		keys = append(keys, "// a long pause")
	}
	if slices.ContainsFunc(t.marks, func(m mark) bool { return m.clock }) {
		keys = append(keys, "◷ a wrong clock")
	}
	lines := append(wrapped(strings.Join(keys, " | "), width), wrapped(rule+" Times are in "+t.zone()+".", width)...)
	return strings.Join(lines, "\n") + "\n"
}

// shapes returns the shapes that occur, the one first that matters most.
func (l *layout) shapes() (all []shape) {
	var has [lost + 1]bool
	for _, it := range l.items {
		has[it.shape] = true
	}
	for _, s := range shapes() {
		if has[s] {
			all = append(all, s)
		}
	}
	return all
}
