package seal

import (
	"errors"
	"iter"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// SealMutation returns a mutation with its values sealed, for the outbox. Deletions, reserved fields
// and plain fields stay as they are. Call it once for each mutation.
func (k *Keyring) SealMutation(m record.Mutation) (record.Mutation, error) {
	data, err := k.each(m.Data, k.Seal)
	if err != nil {
		return record.Mutation{}, err
	}
	m.Data = data
	return m, nil
}

// OpenRecord returns a record with its values opened, for the screen. A field that does not open
// is left out, and the error joins an *Error for each, in the order of the fields. The record is
// valid in any case.
func (k *Keyring) OpenRecord(r record.Record) (record.Record, error) {
	return k.each(r, k.Open)
}

// Restamp returns the mutations of an outbox with new stamps, like record.Restamp, and with their
// values sealed for these stamps. After an error nothing is restamped.
func (k *Keyring) Restamp(sealed []record.Mutation, next func() clock.Stamp) ([]record.Mutation, error) {
	again := make([]record.Mutation, len(sealed))
	for i, m := range sealed {
		opened, err := k.each(m.Data, k.Open)
		if err != nil {
			return nil, err
		}
		m.Data = opened
		again[i] = m
	}
	again, err := record.Restamp(again, next)
	if err != nil {
		return nil, err
	}
	for i := range again {
		if again[i], err = k.SealMutation(again[i]); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// Old returns the fields of a sealed record that another key than the current one has sealed. To
// rotate the keys, write them again, as an ordinary edit.
func (k *Keyring) Old(r record.Record) []string {
	var names []string
	for name, w := range r.All() {
		if keyID, _, ok := split(w.Value); ok && k.isSecret(r.Key(), name, w) && keyID != k.current {
			names = append(names, name)
		}
	}
	return names
}

// isSecret reports whether the value of a write is, or should be, sealed.
func (k *Keyring) isSecret(key record.Key, name string, w record.FieldValue) bool {
	return !w.Deleted() && !record.Reserved(name) && (k.plain == nil || !k.plain(key.Table, name))
}

// each returns a record in which a function has changed each secret value. It leaves out the fields
// for which the function fails.
func (k *Keyring) each(r record.Record, change func(Place, record.Value) (record.Value, error)) (record.Record, error) {
	var failed []error
	var changed iter.Seq2[string, record.FieldValue] = func(yield func(string, record.FieldValue) bool) {
		for name, w := range r.All() {
			if k.isSecret(r.Key(), name, w) {
				v, err := change(Place{r.Key(), name, w.Stamp}, w.Value)
				if err != nil {
					failed = append(failed, err)
					continue
				}
				w.Value = v
			}
			if !yield(name, w) {
				return
			}
		}
	}
	var b record.Builder
	made, err := b.Record(r.Key(), changed)
	return made, errors.Join(append(failed, err)...)
}
