package timeline

import "fmt"

// drawShape draws a shape with its centre at a position. The lane gives its colour.
func drawShape(s shape, x, y float64, lane int) string {
	at := fmt.Sprintf(`cx="%.1f" cy="%.1f"`, x, y)
	c := lane % len(scheme{}.lanes)
	switch s {
	case won:
		return fmt.Sprintf(`<circle class="f%d" %s r="6.5"/>`, c, at)
	case stands:
		return fmt.Sprintf(`<circle class="bg" %s r="9"/><circle class="thin s%d" stroke-width="2" %s r="9"/><circle class="f%d" %s r="5"/>`, at, c, at, c, at)
	case late:
		return fmt.Sprintf(`<circle class="bg" %s r="6.5"/><circle class="thin s%d" %s r="6.5"/>`, at, c, at)
	case repeat:
		return fmt.Sprintf(`<circle class="f%d" %s r="3.2"/>`, c, at)
	case lost:
		return fmt.Sprintf(`<circle class="bg" %s r="9"/><circle class="thin s%d" %s r="9"/>`, at, c, at) +
			fmt.Sprintf(`<path class="thick red" d="M%.1f %.1fl10 10m0 -10l-10 10"/>`, x-5, y-5)
	case removed:
		return fmt.Sprintf(`<path class="bg" d="M%.1f %.1fl8 8l-8 8l-8 -8z"/><path class="thin ink" d="M%.1f %.1fl8 8l-8 8l-8 -8z"/>`, x, y-8, x, y-8)
	}
	if s == notice {
		return fmt.Sprintf(`<path class="bg" d="M%.1f %.1fl7 12h-14z"/><path class="thin ink" d="M%.1f %.1fl7 12h-14z"/>`, x, y-7, x, y-7)
	}
	square := fmt.Sprintf(`<rect class="bg" x="%.1f" y="%.1f" width="14" height="14"/><rect class="thin ink" x="%.1f" y="%.1f" width="14" height="14"/>`, x-7, y-7, x-7, y-7)
	if s == unread {
		return square + fmt.Sprintf(`<text class="b s" text-anchor="middle" x="%.1f" y="%.1f">?</text>`, x, y+4)
	}
	return square + fmt.Sprintf(`<path class="thin ink" d="M%.1f %.1fl14 -14"/>`, x-7, y+7)
}

// drawClock draws a small clock, for a clock that was wrong.
func drawClock(x, y float64) string {
	return fmt.Sprintf(`<circle class="bg" cx="%.1f" cy="%.1f" r="6"/><circle class="thin ink" cx="%.1f" cy="%.1f" r="6"/><path class="thin ink" d="M%.1f %.1fv-4m0 4l3 2"/>`,
		x, y, x, y, x, y)
}

// drawWay draws the way of a write to the server: along the lane while it waits, and down when it is
// sent.
func drawWay(it item, y, top float64) string {
	c := it.lane % len(scheme{}.lanes)
	if it.found {
		return fmt.Sprintf(`<path class="way s%d" d="M%.1f %.1fH%.1fV%.1f"/>`, c, it.x, y, it.arrives, top-7) + arrow(it, top)
	}
	way := ""
	if it.x != it.arrives {
		way = fmt.Sprintf(`<path class="wait s%d" d="M%.1f %.1fH%.1f"/>`, c, it.x, y, it.arrives)
	}
	if it.shape == refused || it.shape == unread {
		return way + fmt.Sprintf(`<path class="go s%d" d="M%.1f %.1fV%.1f"/><path class="thick ink" d="M%.1f %.1fh12"/>`, c, it.arrives, y, top-8, it.arrives-6, top-8)
	}
	return way + fmt.Sprintf(`<path class="go s%d" d="M%.1f %.1fV%.1f"/>`, c, it.arrives, y, top-7) + arrow(it, top)
}

// arrow draws the head of an arrow that points down. It is hollow if the write changed nothing.
func arrow(it item, top float64) string {
	c := it.lane % len(scheme{}.lanes)
	class := pick(it.moot, fmt.Sprintf("bg s%d", c), fmt.Sprintf("f%d", c))
	return fmt.Sprintf(`<path class="%s" d="M%.1f %.1fl-4.5 -7h9z"/>`, class, it.arrives, top)
}

// drawLoss draws where a write ceases to count because of an author who had not seen it.
func drawLoss(x, y float64) string {
	return fmt.Sprintf(`<circle class="bg" cx="%.1f" cy="%.1f" r="9"/><path class="thick red" d="M%.1f %.1fl8 8m0 -8l-8 8"/>`, x, y, x-4, y-4)
}
