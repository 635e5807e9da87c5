package oracle

// Erase erases a record: nothing of it stays but its deletion, with a given stamp.
func (l *Ledger) Erase(id string, at Stamp) {
	for _, k := range l.ofRecord(id) {
		p := l.Histories[k]
		for _, f := range p.Writes {
			f.State, f.Seen, f.Owed = Refused, false, false
		}
		p.Best, p.Some, p.Open, p.Ended = Write{}, false, 0, false
	}
	l.Of(FieldKey{id, deletedField}).Set(Write{Stamp: at, Value: "true"}, Fate{State: Accepted})
	l.Erased[id] = at
	l.close(id)
}

// IsErased reports whether a record was erased and is not dead yet, so that all items on it are gone.
func (l *Ledger) IsErased(id string) bool {
	at, erased := l.Erased[id]
	return erased && l.Histories[FieldKey{id, deletedField}].Best.Stamp == at && !l.Dead(id)
}
