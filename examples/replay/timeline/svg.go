package timeline

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// look holds the sizes of an SVG in pixels.
type look struct {
	metrics
	prefix    string // of element IDs
	laneTall  float64
	baseline  float64 // from the top of a lane to its line
	labelLeft bool    // whether names stand to the left of the lanes, not above
	chars     int     // of a line of the caption
	lines     int     // of the caption
}

// Sizes that all looks share.
const (
	headTall  = 56.0 // of dates, times and pauses
	bandTall  = 30.0
	lineTall  = 17.0 // of a line of text
	digitWide = 6.3
	nameWide  = 7.8 // of a character of a name
	titleTall = 30.0
)

// wideLook is for a screen or paper.
func wideLook() look {
	return look{
		metrics: metrics{left: 150, right: 948, gap: 26, column: 42, clear: 12, fold: 64, tail: 110, digit: digitWide, end: 960},
		prefix:  "w", laneTall: 46, baseline: 28, labelLeft: true, chars: 132, lines: 5,
	}
}

// narrowLook is for a phone. Names stand above the lanes, and the first mark to the right of them, so
// that no line runs through a name of up to mostFree characters. Longer names cover the lines.
func (t *Timeline) narrowLook() look {
	longest := 0
	for _, name := range t.lanes {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	return look{
		metrics: metrics{left: max(18, 12+nameWide*float64(min(longest, mostFree))), right: 358, gap: 24, column: 40, clear: 11, fold: 40, tail: 58, digit: digitWide, end: 360},
		prefix:  "n", laneTall: 62, baseline: 46, chars: 50, lines: 8,
	}
}

// mostFree is the greatest length of a name that no line of a narrow drawing runs through.
const mostFree = 8

// SVG returns the drawing as a file of its own.
func (t *Timeline) SVG() string {
	style := "<style>" + styles(systemDark) + "</style>"
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + t.svg(wideLook(), style)
}

// painter draws one SVG.
type painter struct {
	strings.Builder
	t *Timeline
	l *layout
	look
	top float64 // where the lanes begin
}

// hint is the caption as long as no mark is hovered or focused.
const hint = "Hover, tap or focus a mark to read what happened."

// svg returns the drawing with the given look. A drawing with a style sheet has a title of its own.
func (t *Timeline) svg(k look, style string) string {
	p := painter{t: t, l: t.layout(k.metrics), look: k, top: headTall}
	if style != "" {
		p.top += titleTall
	}
	key, keyTall := p.key(p.captionTop() + float64(k.lines)*lineTall + 24)
	tall := p.captionTop() + float64(k.lines)*lineTall + 24 + keyTall
	margin := pick(style != "", 14.0, 0)
	outer := pick(style != "", `<svg xmlns="http://www.w3.org/2000/svg" class="tl"`, `<svg class="`+pick(k.labelLeft, "wide", "narrow")+`"`)
	fmt.Fprintf(&p, `%s viewBox="%.0f %.0f %.0f %.0f"%s role="group" aria-label="%s">`+"\n%s", outer, -margin, -margin, k.end+2*margin, tall+2*margin,
		pick(style != "", fmt.Sprintf(` width="%.0f" height="%.0f"`, k.end+2*margin, tall+2*margin), ""), escaped("Timeline of "+t.title()), style)
	if style != "" {
		p.WriteString(`<rect class="bg" x="-14" y="-14" width="100%" height="100%"/>`)
		fmt.Fprintf(&p, `<text class="b" font-size="16" x="0" y="22">%s</text>`, escaped(cut(t.title(), 100)))
	}
	p.WriteString(`<g aria-hidden="true">`)
	p.drawHead()
	p.drawLanes()
	p.drawBands()
	p.drawLosses()
	for _, it := range p.l.items {
		if it.lane < len(t.lanes) && !it.hidden {
			p.WriteString(drawWay(it, p.laneY(it.lane), p.bandTop()))
		}
	}
	p.drawNames()
	p.drawCaption(pick(style != "", t.caption(), []string{hint}))
	p.WriteString(key + "</g>\n")
	for _, it := range p.inOrder() {
		p.drawMark(it)
	}
	p.WriteString("</svg>\n")
	return p.String()
}

// caption returns the sentences below a drawing that stands alone.
func (t *Timeline) caption() []string {
	if t.options.Note == "" {
		return t.ending
	}
	return append(slices.Clone(t.ending), t.options.Note)
}

// inOrder returns the items in the order of the journal, in which the keyboard visits them.
func (p *painter) inOrder() []item {
	items := slices.Clone(p.l.items)
	slices.SortStableFunc(items, func(a, b item) int { return a.marks[0] - b.marks[0] })
	return items
}

// laneY returns the height of a lane's line.
func (p *painter) laneY(lane int) float64 {
	if lane == len(p.t.lanes) {
		return p.bandTop() + bandTall/2
	}
	return p.top + float64(lane)*p.laneTall + p.baseline
}

// bandTop returns the top of the band.
func (p *painter) bandTop() float64 {
	return p.top + float64(len(p.t.lanes))*p.laneTall + 26
}

// captionTop returns the top of the caption.
func (p *painter) captionTop() float64 { return p.bandTop() + bandTall + pick(p.labelLeft, 18.0, 32) }

// drawHead draws dates, times and pauses.
func (p *painter) drawHead() {
	y := p.top - headTall
	for _, k := range p.l.ticks {
		fmt.Fprintf(p, `<text class="%s" x="%.1f" y="%.1f">%s</text>`, pick(k.day, "b", "s"), k.x-2, y+pick(k.day, 14.0, 31.0), escaped(k.text))
	}
	end := 0.0
	for _, f := range p.l.folds {
		fmt.Fprintf(p, `<rect class="pause" x="%.1f" y="%.1f" width="14" height="%.1f"/>`, f.x-7, p.top-6, p.bandTop()-p.top+2)
		if half := float64(utf8.RuneCountInString(f.text)) * 3.2; f.x-half >= end {
			fmt.Fprintf(p, `<text class="s mute" text-anchor="middle" x="%.1f" y="%.1f">%s</text>`, f.x, y+47, escaped(f.text))
			end = f.x + half
		}
	}
}

// drawLanes draws the lines of the lanes.
func (p *painter) drawLanes() {
	for i := range p.t.lanes {
		fmt.Fprintf(p, `<path class="ln" d="M%.1f %.1fH%.1f"/>`, p.left-10, p.laneY(i), p.right)
	}
}

// drawNames draws the names of the lanes and of the band.
func (p *painter) drawNames() {
	label := func(name string, y float64, class string) {
		name = cut(name, 19)
		fmt.Fprintf(p, `<rect class="bg" x="0" y="%.1f" width="%.1f" height="18"/><text class="b halo %s" x="0" y="%.1f">%s</text>`,
			y-9, nameWide*float64(utf8.RuneCountInString(name)), class, y+4, escaped(name))
	}
	for i, name := range p.t.lanes {
		label(name, p.laneY(i)-pick(p.labelLeft, 0.0, 34), fmt.Sprintf("f%d", i%len(scheme{}.lanes)))
	}
	label("What counts", p.bandTop()+pick(p.labelLeft, bandTall/2, bandTall+14), "")
}

// drawBands draws which write counted when.
func (p *painter) drawBands() {
	y := p.bandTop()
	p.WriteString(p.patterns())
	for _, b := range p.l.bands {
		if b.state == nothing {
			continue
		}
		c, width := b.lane%len(scheme{}.lanes), max(1, b.end-b.x-1)
		rect := fmt.Sprintf(`x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="2"`, b.x, y, width, bandTall)
		class := "s on"
		if b.state == value {
			fmt.Fprintf(p, `<rect class="f%d" %s/>`, c, rect)
		} else {
			class = "s halo"
			fmt.Fprintf(p, `<rect fill="url(#%s)" %s/><rect class="thin s%d" %s/>`, p.pattern(b), rect, c, rect)
		}
		text := fmt.Sprintf("%d %s", b.number, b.text)
		room := int((width - 10) / 6.3)
		if utf8.RuneCountInString(text) > room {
			text = pick(room >= 12, cut(text, room), fmt.Sprint(b.number))
		}
		if utf8.RuneCountInString(text) <= room {
			fmt.Fprintf(p, `<text class="%s" x="%.1f" y="%.1f">%s</text>`, class, b.x+7, y+bandTall/2+4, escaped(text))
		}
	}
}

// leastLoss is the width of a band with room for its number and for the end of a lost edit.
const leastLoss = 44

// drawLosses draws on the band where lost edits cease to count.
func (p *painter) drawLosses() {
	for i, b := range p.l.bands[:max(0, len(p.l.bands)-1)] {
		if next := p.l.bands[i+1]; p.t.marks[next.from].unseen && b.end-b.x >= leastLoss {
			p.WriteString(drawLoss(b.end-12, p.bandTop()+bandTall/2))
		}
	}
}

// pattern returns the name of the pattern of a band.
func (p *painter) pattern(b band) string {
	return fmt.Sprintf("%s%s%d", p.prefix, pick(b.state == cleared, "c", "d"), b.lane%len(scheme{}.lanes))
}

// patterns defines the patterns of bands without a value: stripes for a cleared field, and a grid
// for a deleted record.
func (p *painter) patterns() string {
	var b strings.Builder
	var defined []string
	for _, s := range p.l.bands {
		name := p.pattern(s)
		if s.state == nothing || s.state == value || slices.Contains(defined, name) {
			continue
		}
		defined = append(defined, name)
		d := pick(s.state == cleared, "M-2 10L10 -2M6 14L14 6", "M0 0L8 8M8 0L0 8")
		size := pick(s.state == cleared, 12, 8)
		fmt.Fprintf(&b, `<pattern id="%s" width="%d" height="%d" patternUnits="userSpaceOnUse"><path class="s%d" fill="none" d="%s"/></pattern>`,
			name, size, size, s.lane%len(scheme{}.lanes), d)
	}
	if b.Len() == 0 {
		return ""
	}
	return "<defs>" + b.String() + "</defs>"
}

// drawMark draws a mark that can be hovered, focused and tapped, with its sentences.
func (p *painter) drawMark(it item) {
	head, details, exact := p.t.sentences(it.marks)
	number := p.t.numbersOf(it.marks)
	name := head + " " + strings.Join(append(details, exact), " ")
	y := p.laneY(it.lane)
	fmt.Fprintf(p, `<g class="m" tabindex="0" role="img" aria-label="%s">`, escaped(number+", "+it.shape.word()+": "+strings.TrimSpace(name)))
	fmt.Fprintf(p, `<circle class="ring" cx="%.1f" cy="%.1f" r="13"/>%s`, it.x, y, drawShape(it.shape, it.x, y, it.lane))
	if p.t.hasClock(it.marks) {
		p.WriteString(drawClock(it.x+12, y+9))
	}
	text, anchor, x := number, "middle", it.x
	if len(it.marks) > 1 {
		text = fmt.Sprintf("×%d", len(it.marks))
	} else if label := p.t.marks[it.marks[0]].label; label != "" && it.shape != repeat {
		text, anchor, x = number+" "+label, "start", it.x-4
	}
	if it.lane < len(p.t.lanes) {
		fmt.Fprintf(p, `<text class="b s halo" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, anchor, x, y-14, escaped(text))
	}
	p.WriteString(`<g class="cap">`)
	p.drawCaption(append([]string{number + "  " + head}, append(details, exact)...))
	p.WriteString("</g></g>\n")
}
