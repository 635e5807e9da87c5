package mergetest

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// shrinker makes a schedule smaller that breaks a law, by leaving steps out and making
// the others plainer, as long as the same law is broken.
type shrinker struct {
	o      domain
	law    law.Law
	breaks func(steps []step) (l law.Law, ok bool) // the law that steps break, if they break one
	left   int                                     // how many runs it may still make
}

// fails reports whether the steps break the law. That a crash, a restart, a meeting or
// damage is to blame is a guess as long as something else happens as well; then any law will do.
func (s *shrinker) fails(steps []step) bool {
	if s.left == 0 {
		return false
	}
	s.left--
	broken, ok := s.breaks(steps)
	if !ok {
		return false
	}
	guessed := slices.Contains([]law.Law{law.Durable, law.Meet, law.Damaged, law.Whole}, s.law)
	if guessed && broken.OfField() {
		s.law = broken
	}
	return s.law == broken
}

// shrink returns steps of which none can be left out or made plainer.
func (s *shrinker) shrink(steps []step) []step {
	for {
		before := len(steps)
		steps = s.drop(s.rename(steps))
		plainer := false
		steps, plainer = s.plainer(steps)
		if len(steps) == before && !plainer || s.left == 0 {
			return steps
		}
	}
}

// drop leaves out parts of steps, large ones first, and from the end.
func (s *shrinker) drop(steps []step) []step {
	for size := (len(steps) + 1) / 2; size > 0; size /= 2 {
		for end := len(steps); end > 0; end -= size {
			less := slices.Concat(steps[:max(0, end-size)], steps[end:])
			if s.fails(less) {
				steps = less
			}
		}
	}
	return steps
}

// plainer makes single steps plainer.
func (s *shrinker) plainer(steps []step) (_ []step, changed bool) {
	for i := range steps {
		for again := true; again; {
			again = false
			for _, p := range s.o.grammar.plainer(steps[i]) {
				less := slices.Concat(steps[:i], p, steps[i+1:])
				if s.fails(less) {
					steps, again, changed = less, len(p) == 1, true
					break
				}
			}
		}
	}
	return steps, changed
}
