package timeline

// tick is a time, or a date, above the lanes.
type tick struct {
	x    float64
	text string
	day  bool
}

// Widths of labels in multiples of a digit, with a space.
const (
	timeWidth = 6
	dayWidth  = 14
)

// addTicks adds the times of marks and arrivals, where there is room, and each date once.
func (l *layout) addTicks(t *Timeline, touches []touch, xs []float64) {
	nextTime, nextDay, lastTime, lastDay := l.left, l.left, "", ""
	for i, a := range touches {
		at := a.In(t.options.Zone)
		x := l.left + xs[i]
		if day := at.Format("2 Jan 2006"); day != lastDay && x >= nextDay && x+dayWidth*l.digit <= l.end {
			l.ticks = append(l.ticks, tick{x, day, true})
			nextDay, lastDay = x+dayWidth*l.digit, day
		}
		if text := at.Format("15:04"); text != lastTime && x >= nextTime && x+timeWidth*l.digit <= l.end {
			l.ticks = append(l.ticks, tick{x, text, false})
			nextTime, lastTime = x+timeWidth*l.digit, text
		}
	}
}
