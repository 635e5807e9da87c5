package powersync

import (
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Mutation returns the mutation that an entry with a stamp stands for:
//
//	PUT     writes the columns that it names; the others are NULL on the device, and stay absent here
//	PATCH   writes the columns that it names
//	DELETE  writes true to $deleted
//
// A PUT does not restore a deleted record. The app has no row there, so it has not seen the stamp of
// the deletion. Do not use an ID twice. The error is a *record.Error.
func (s Schema) Mutation(e Entry, m Metadata) (record.Mutation, error) {
	values, err := s.values(e)
	if err != nil {
		return record.Mutation{}, err
	}
	return mutationOf(e, values, m)
}

// Replacement returns the mutation that an entry without a stamp stands for, at the stamp of its
// arrival. It has no base. It differs from Mutation for a PUT, which replaces the whole row as SQLite
// does: it writes null to the columns that it does not name, and false to $deleted.
func (s Schema) Replacement(e Entry, at clock.Stamp) (record.Mutation, error) {
	values, err := s.values(e)
	if err != nil {
		return record.Mutation{}, err
	}
	if e.Op == "PUT" {
		for name := range s[e.Table] {
			if _, ok := values[name]; !ok {
				values[name] = record.Value{}
			}
		}
		values[record.DeletedField] = record.Bool(false)
	}
	return mutationOf(e, values, Metadata{Stamp: at, New: e.Op == "PUT"})
}

// values returns the values that an entry writes, by field.
func (s Schema) values(e Entry) (map[string]record.Value, error) {
	table, ok := s[e.Table]
	switch {
	case !ok:
		return nil, &record.Error{Path: "table", Offset: -1, Err: record.ErrName}
	case e.Op == "DELETE":
		return map[string]record.Value{record.DeletedField: record.Bool(true)}, nil
	case e.Op != "PUT" && e.Op != "PATCH":
		return nil, &record.Error{Path: "op", Offset: -1, Err: record.ErrName}
	}
	values := make(map[string]record.Value, len(e.Data))
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		if name == StampsColumn {
			continue
		}
		path := "op_data." + record.PathName(name)
		column, ok := table[name]
		if !ok {
			return nil, &record.Error{Path: path, Offset: -1, Err: record.ErrName}
		}
		value, err := column.value(e.Data[name])
		if cause := (*record.Error)(nil); errors.As(err, &cause) {
			return nil, &record.Error{Path: path, Offset: -1, Err: cause.Err}
		}
		values[name] = value
	}
	return values, nil
}

// mutationOf returns a mutation that writes the values at one stamp.
func mutationOf(e Entry, values map[string]record.Value, m Metadata) (record.Mutation, error) {
	key := record.Key{Table: e.Table, ID: e.ID}
	if err := key.Check(); err != nil {
		return record.Mutation{}, err
	}
	var b record.Builder
	data, err := b.Record(key, func(yield func(string, record.FieldValue) bool) {
		for name, value := range values {
			if !yield(name, record.FieldValue{Value: value, Stamp: m.Stamp}) {
				return
			}
		}
	})
	if err != nil {
		return record.Mutation{}, err
	}
	return record.Mutation{Data: data, Base: m.Base, New: m.New}, nil
}
