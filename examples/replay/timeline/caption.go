package timeline

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// drawCaption draws sentences below the drawing, over those that are there. The first one stands
// out. What has no room is left out: the table has it.
func (p *painter) drawCaption(sentences []string) {
	y := p.captionTop()
	fmt.Fprintf(p, `<rect class="bg" x="0" y="%.1f" width="%.0f" height="%.1f"/><path class="ln" d="M0 %.1fH%.0f"/>`,
		y, p.end, float64(p.lines)*lineTall+14, y, p.end)
	n := 0
	for i, s := range sentences {
		for _, line := range wrapped(s, p.chars) {
			if n++; n > p.lines {
				return
			}
			class := pick(i == 0, "b", pick(strings.HasPrefix(s, lostEdit), "redt b", ""))
			fmt.Fprintf(p, `<text class="%s" x="0" y="%.1f">%s</text>`, class, y+lineTall*float64(n)+4, escaped(line))
		}
	}
}

// keyItem is an entry of the key.
type keyItem struct{ drawing, text string }

// key returns the key of what occurs in the drawing, and its height.
func (p *painter) key(y float64) (string, float64) {
	var items []keyItem
	for _, s := range p.l.shapes() {
		items = append(items, keyItem{drawShape(s, 10, -4, 0), s.meaning()})
	}
	for _, it := range p.l.items {
		if it.arrives-it.x > p.gap {
			items = append(items, keyItem{`<path class="wait ink" d="M0 -4h20"/>`, "not sent yet"})
			break
		}
	}
	if len(p.l.folds) > 0 {
		items = append(items, keyItem{`<rect class="pause" x="3" y="-12" width="14" height="16"/>`, "long pause, folded"})
	}
	for _, it := range p.l.items {
		if p.t.hasClock(it.marks) {
			items = append(items, keyItem{drawClock(10, -4), "wrong clock"})
			break
		}
	}
	var b strings.Builder
	x, top := 0.0, y
	for _, k := range items {
		width := 28 + 6.4*float64(utf8.RuneCountInString(k.text)) + 18
		if x > 0 && x+width > p.end {
			x, y = 0, y+22
		}
		fmt.Fprintf(&b, `<g transform="translate(%.1f %.1f)">%s<text class="s mute" x="27" y="0">%s</text></g>`, x, y+12, k.drawing, escaped(k.text))
		x += width
	}
	y += 26
	for _, line := range wrapped(rule+" Times are in "+p.t.zone()+".", p.chars) {
		y += lineTall
		fmt.Fprintf(&b, `<text class="s mute" x="0" y="%.1f">%s</text>`, y, escaped(line))
	}
	return b.String(), y - top + 12
}
