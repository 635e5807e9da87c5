package oracle

import "maps"

// Source is what the runs of an import have brought.
type Source struct {
	Seen   map[FieldKey]string // the value that the last run saw, as canonical JSON
	Closed map[string]bool     // by record ID, whether no run writes the record again, because it was erased
}

// clone returns a deep copy.
func (s Source) clone() Source { return Source{maps.Clone(s.Seen), maps.Clone(s.Closed)} }

// Reason is why a run writes a field, or leaves it.
type Reason int

const (
	Differs   Reason = iota // written: the field has another value of the import
	IsNew                   // written: the field is absent, and the source has a value that no run has seen
	OfPerson                // left: a person wrote it last
	Unchanged               // left: it has this value already
	Removed                 // left: it is absent or its record is dead, and the source has not changed
	Either                  // written or left: which tombstone a purge left depends on the order of the pushes
)

// Writes reports whether the run writes the field.
func (r Reason) Writes() bool { return r == Differs || r == IsNew }

// Planned returns what a run must do about the fields of a row, by name. The row maps names to values.
func (l *Ledger) Planned(id string, row map[string]string, level int, importer [16]byte) map[string]Reason {
	fields := map[string]Reason{}
	r := l.stored(id)
	closed := l.Source.Closed[id] || l.IsErased(id)
	begins := len(r) == 0 && !closed && l.mayBegin(id, row, level)
	for name, value := range row {
		before, seen := l.Source.Seen[FieldKey{id, name}]
		standing, there := r[name]
		switch {
		case closed, len(r) == 0 && !begins:
			fields[name] = Removed
		case begins:
			fields[name] = IsNew
		case !there && seen && before == value:
			fields[name] = Removed
		case l.isPurgedAlone(r, FieldKey{id, name}):
			if fields[name] = Either; seen && before == value {
				fields[name] = Removed
			}
		case !there:
			fields[name] = IsNew
		case standing.Client != importer:
			fields[name] = OfPerson
		case !standing.Deleted && standing.Value == value:
			fields[name] = Unchanged
		default:
			fields[name] = Differs
		}
	}
	return fields
}

// isPurgedAlone reports whether a field is deleted at or below the fence, and so are all others of its record. A purge
// leaves one of these tombstones, the greatest of those that were stored then.
func (l *Ledger) isPurgedAlone(r stored, k FieldKey) bool {
	for _, w := range r {
		if !w.Deleted || w.Time > l.Fence {
			return false
		}
	}
	p := l.Histories[k]
	return p != nil && p.Some && p.Best.Deleted && p.Best.Time <= l.Fence
}

// mayBegin reports whether a run may begin a record that is absent or dead: nothing is known of it, or the source has
// changed a value that a run has seen.
func (l *Ledger) mayBegin(id string, row map[string]string, level int) bool {
	known := false
	for k := range l.Source.Seen {
		known = known || k.ID == id
	}
	if !known {
		return level >= 2 || !l.Exists(id)
	}
	for name, value := range row {
		if before, seen := l.Source.Seen[FieldKey{id, name}]; seen && before != value {
			return true
		}
	}
	return false
}

// Brought notes that a run has seen a row.
func (l *Ledger) Brought(id string, row map[string]string) {
	if l.IsErased(id) {
		l.Source.Closed[id] = true
	}
	for name, value := range row {
		l.Source.Seen[FieldKey{id, name}] = value
	}
}

// MayBeClosed reports whether an erasure may have closed a record that no run had brought before.
func (l *Ledger) MayBeClosed(id string) bool {
	_, erased := l.Erased[id]
	return erased && !l.Source.Closed[id] && !l.IsErased(id)
}

// close notes that an erased record is never imported again, if a run has brought it.
func (l *Ledger) close(id string) {
	for k := range l.Source.Seen {
		if k.ID == id {
			l.Source.Closed[id] = true
		}
	}
}
