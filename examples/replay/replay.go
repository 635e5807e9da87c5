package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// replay merges a history and counts the outcomes of the writes. Its memory grows with the state
// and the number of clients, not with the history.
type replay struct {
	options
	progress *progress
	// fold receives every write, in the order of delivery. The report counts the outcomes in fold.
	fold     merge.Fold
	replicas []merge.Fold // -split also deals the writes to these
	contests contests
	stories  *stories // nil unless -explain is set
	tally    tally
	state    merge.Collection // the final state
}

// print prints the requested result.
func (r *replay) print(out *bufio.Writer, in *input) error {
	switch {
	case r.options.state:
		printState(out, r.state)
	case r.explain != "":
		r.stories.print(out, in, r)
	default:
		printReport(out, in, r)
	}
	return nil
}

// tally counts writes.
type tally struct {
	mutations      int
	writes         int
	outcomes       [merge.Collision + 1]int
	clients        map[clock.ClientID]struct{}
	oldest, newest clock.Timestamp
}

func newReplay(o options, p *progress) *replay {
	r := &replay{options: o, progress: p, replicas: make([]merge.Fold, o.split), contests: contests{}}
	r.tally.clients = make(map[clock.ClientID]struct{})
	if o.explain != "" {
		r.stories = &stories{path: o.explain}
	}
	return r
}

// run merges a whole history.
func (r *replay) run(in *input) error {
	if r.draw.path != "" {
		return fmt.Errorf("%s: %w", in.name, errNoArrivals)
	}
	if r.logFile != "" {
		return fmt.Errorf("%s: %w", in.name, errNoServer)
	}
	defer r.progress.clear()
	if err := r.read(in); err != nil {
		return err
	}
	r.state = r.fold.Collection()
	if r.stories != nil && len(r.stories.all) == 0 {
		return unknownField(in, r.explain, r.state)
	}
	if r.split == 0 {
		return nil
	}
	var err error
	r.state, err = exchange(r.replicas, r.state)
	return err
}

// read delivers the writes of a history in the requested order.
func (r *replay) read(in *input) (err error) {
	if !r.shuffle {
		r.tally.mutations, err = readHistory(in, r.deliver)
		return err
	}
	var all []write
	r.tally.mutations, err = readHistory(in, func(w write) error {
		all = append(all, w)
		r.progress.tick("writes read", len(all))
		return nil
	})
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(r.seed, 0))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	r.progress.count(func() int { return r.tally.writes }, len(all))
	for _, w := range all {
		if err := r.deliver(w); err != nil {
			return err
		}
	}
	return nil
}

// deliver merges one write.
func (r *replay) deliver(w write) error {
	change, err := r.fold.Write(w.Key, w.field, w.FieldValue)
	if err != nil {
		return err
	}
	if n := len(r.replicas); n > 0 {
		if _, err := r.replicas[r.tally.writes%n].Write(w.Key, w.field, w.FieldValue); err != nil {
			return err
		}
	}
	r.tally.count(change)
	r.contests.add(w, change)
	if r.stories != nil {
		r.stories.add(w.decision(change))
	}
	r.progress.tick("writes merged", r.tally.writes)
	return nil
}

func (t *tally) count(c merge.Change) {
	at := c.Incoming.Stamp.Time
	if t.writes == 0 || at < t.oldest {
		t.oldest = at
	}
	t.newest = max(t.newest, at)
	t.writes++
	t.outcomes[c.Outcome]++
	t.clients[c.Incoming.Stamp.Client] = struct{}{}
}

// sum counts the records and fields of a state.
type sum struct {
	records, deletedRecords, fields, deletedFields int
}

func (s *sum) add(r record.Record) {
	s.records++
	if r.Deleted() {
		s.deletedRecords++
	}
	for _, w := range r.All() {
		s.fields++
		if w.Deleted() {
			s.deletedFields++
		}
	}
}
