package schedule

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// Shrinker takes a schedule that breaks a law, and makes it smaller as long as it still breaks
// that law. It leaves out steps and makes the others plainer.
//
// For example, this schedule breaks the law that greater client IDs win at equal times:
//
//	ana edits a box=1 title="x"
//	ana pushes, answer lost, twice
//	ana pulls
//	ben edits a box=2
//	ben pushes
//
// The law is still broken without the pushes and the pull, because all devices push and pull at
// the end of a run anyway. It is still broken without the title, too. So the shrunk schedule
// is:
//
//	ana edits a box=1
//	ben edits a box=2
type Shrinker struct {
	Domain Domain
	Law    law.Law
	Breaks func(steps []Step) (l law.Law, ok bool) // runs the steps, and returns the law that they break, if any
	Left   int                                     // the number of runs that it may still make
}

// Fails reports whether the steps break the law. A law that blames a crash, a restart, a concurrent
// request or damage is only a guess while the steps still contain another possible cause. So if the
// steps break a law about a field instead, that law replaces the guess. The same holds for a law that blames the
// reopening of a Client, if steps without one break another law about Clients.
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
	reopened := s.Law == law.ClientReopens && broken.OfClients() && !slices.ContainsFunc(steps, Step.reopens)
	if guessed && broken.OfField() || reopened {
		s.Law = broken
	}
	return s.Law == broken
}

// reopens reports whether a step closes a Client and opens it again.
func (s Step) reopens() bool { return s.Is("reopens") || s.Manner.Closed }

// Shrink shrinks the steps until none can be left out or made plainer.
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

// drop leaves out blocks of steps, large ones first, starting from the end.
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

// plainer replaces single steps with plainer ones.
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
