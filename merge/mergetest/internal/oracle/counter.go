package oracle

import "strconv"

// Addition returns what a field adds to its counter: the number that it holds, or 0 if it was not accepted, or was deleted by
// an accepted reset. The rule is not asked. The result is not sure while a write has no answer, after a restore that lost one,
// and in a new life of the record. Nor is it if the addition was stamped twice, or above its reset: the author of the reset saw
// it with another stamp.
func (p *History) Addition() (n int64, sure bool) {
	added, reset := Write{}, Write{}
	for x, f := range p.Writes {
		switch {
		case f.State == Unsure, f.State == Refused && f.Gone:
			return 0, false
		case f.State == Refused:
		case x.Deleted:
			reset.Time = max(reset.Time, x.Time)
		case added.Time > 0:
			return 0, false
		default:
			added = x
		}
	}
	if p.Ended || reset.Time > 0 && reset.Time <= added.Time {
		return 0, false
	}
	if reset.Time == 0 {
		n = added.Adds()
	}
	return n, true
}

// Adds returns the number that a write of an addition holds, or 0 for a deletion.
func (w Write) Adds() int64 {
	n, _ := strconv.ParseInt(w.Value, 10, 64) // a value that is not an integer adds nothing
	return n
}
