package schedule

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// Shrinker makes a schedule smaller that breaks a law, by leaving steps out and making
// the others plainer, as long as the same law is broken.
type Shrinker struct {
	Domain Domain
	Law    law.Law
	Breaks func(steps []Step) (l law.Law, ok bool) // the law that steps break, if they break one
	Left   int                                     // how many runs it may still make
}

// Fails reports whether the steps break the law. That a crash, a restart, a meeting or
// damage is to blame is a guess as long as something else happens as well; then any law will do.
func (s *Shrinker) Fails(steps []Step) bool {
	if s.Left == 0 {
		return false
	}
	s.Left--
	broken, ok := s.Breaks(steps)
	if !ok {
		return false
	}
	guessed := slices.Contains([]law.Law{law.Durable, law.Meet, law.Damaged, law.Whole}, s.Law)
	if guessed && broken.OfField() {
		s.Law = broken
	}
	return s.Law == broken
}

// Shrink returns steps none of which can be left out or made plainer.
func (s *Shrinker) Shrink(steps []Step) []Step {
	for {
		before := len(steps)
		steps = s.drop(s.rename(steps))
		plainer := false
		steps, plainer = s.plainer(steps)
		if len(steps) == before && !plainer || s.Left == 0 {
			return steps
		}
	}
}

// drop leaves out parts of steps, large ones first, and from the end.
func (s *Shrinker) drop(steps []Step) []Step {
	for size := (len(steps) + 1) / 2; size > 0; size /= 2 {
		for end := len(steps); end > 0; end -= size {
			less := slices.Concat(steps[:max(0, end-size)], steps[end:])
			if s.Fails(less) {
				steps = less
			}
		}
	}
	return steps
}

// plainer makes single steps plainer.
func (s *Shrinker) plainer(steps []Step) (_ []Step, changed bool) {
	for i := range steps {
		for again := true; again; {
			again = false
			for _, p := range s.Domain.Grammar.Plainer(steps[i]) {
				less := slices.Concat(steps[:i], p, steps[i+1:])
				if s.Fails(less) {
					steps, again, changed = less, len(p) == 1, true
					break
				}
			}
		}
	}
	return steps, changed
}
