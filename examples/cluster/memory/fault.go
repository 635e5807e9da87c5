package memory

import "github.com/fieldlww/fieldlww/examples/cluster/store"

// Fault says what happens to a batch.
type Fault int

// The faults. The zero Fault is none.
const (
	None     Fault = iota
	Conflict       // nothing is stored, and the answer is store.ErrConflict
	Lost           // the batch is stored or conflicts, and its answer is lost: store.ErrUnknown
	Dropped        // the batch is lost on its way: store.ErrUnknown
	Late           // the answer is store.ErrUnknown, and the batch arrives just before a later one
)

// Inject sets the function that decides what happens to each batch. Nil means that there are no faults.
func (s *Store) Inject(faults func(store.Batch) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

func (s *Store) faultOf(b store.Batch) Fault {
	if s.faults == nil {
		return None
	}
	return s.faults(b)
}

// commitWith stores a batch, except for what the fault prevents.
func (s *Store) commitWith(f Fault, b store.Batch) error {
	for _, late := range s.late {
		_ = s.store(late) // no request waits for the answer
	}
	s.late = nil
	switch f {
	case Conflict:
		return store.ErrConflict
	case Dropped:
		return store.ErrUnknown
	case Late:
		s.late = append(s.late, b)
		return store.ErrUnknown
	case Lost:
		_ = s.store(b)
		return store.ErrUnknown
	}
	return s.store(b)
}
