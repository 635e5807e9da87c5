package lens

import (
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Items returns a batch of an old client in the new form, for merge.Request. An item that cannot be translated has the
// error of Up. Items that have an error keep it. The batch stays as it is.
func (l Lens) Items(pushed []record.Item) []record.Item {
	raised := make([]record.Item, len(pushed))
	for i, item := range pushed {
		if item.Err != nil {
			raised[i] = item
		} else if raised[i].Mutation, raised[i].Err = l.Up(item.Mutation); raised[i].Err != nil {
			raised[i].Mutation = record.Mutation{Data: record.New(item.Mutation.Data.Key())}
		}
	}
	return raised
}

// Up returns a mutation of an old client in the new form. The stamps, New and Seen stay, and the base of a split field
// becomes the base of each part. A base of a field that the mutation does not write is left out.
//
// The error is a *record.Error that names the old field. It wraps record.ErrNewerName if the client wrote a field of
// the new version, record.ErrName or record.ErrLimit if the new name of an element is not allowed, ErrSealed, or
// ErrValue.
func (l Lens) Up(m record.Mutation) (record.Mutation, error) {
	t := l.tables[m.Data.Key().Table]
	if t == nil {
		return m, nil
	}
	r := raising{fields: make(map[string]record.FieldValue, m.Data.Len()), from: m.Base}
	if m.Base != nil {
		r.base = make(map[string]clock.Stamp, len(m.Base))
	}
	data, err := r.record(t, m.Data)
	if err != nil {
		return record.Mutation{}, err
	}
	return record.Mutation{Data: data, Base: r.base, New: m.New, Seen: m.Seen}, nil
}

// UpRecord returns a record of the old form in the new one, such as a row that an old server stored. The errors are the same
// as for Up.
func (l Lens) UpRecord(r record.Record) (record.Record, error) {
	m, err := l.Up(record.Mutation{Data: r})
	return m.Data, err
}

// NewNames returns the names that a field of the old form has in the new one: several if it is split, and none if an
// old client may not write the field.
func (l Lens) NewNames(table, name string) []string {
	t := l.tables[table]
	if t == nil {
		return []string{name}
	}
	names, _, err := t.newNames(name)
	if err != nil {
		return nil
	}
	return names
}

// KeepsValues reports whether the values of a field of the old form stay as they are in the new one, perhaps under another
// name. They may change if the field has a function Up or is split.
func (l Lens) KeepsValues(table, name string) bool {
	t := l.tables[table]
	if t == nil {
		return true
	}
	_, c, err := t.newNames(name)
	return err != nil || c == nil || c.up == nil
}

// newNames returns the new names of a field, and the change of its values, which is nil if they stay as they are.
func (t *table) newNames(name string) ([]string, *change, error) {
	first, rest := root(name)
	c, taken := t.up[first], t.down[first]
	switch {
	case c == nil && taken != nil, rest != "" && c != nil && c.split && taken != nil && !taken.split:
		return nil, nil, record.ErrNewerName // an element of a split field stays, but must not become one of another field
	case c == nil || rest != "" && c.split:
		return []string{name}, nil, nil
	case rest == "":
		return c.parts, c, nil
	default:
		return []string{c.parts[0] + rest}, &change{old: name, parts: []string{c.parts[0] + rest}, oneWay: c.oneWay}, nil
	}
}

// raising collects the new form of the writes of a record.
type raising struct {
	fields     map[string]record.FieldValue
	from, base map[string]clock.Stamp
}

func (r *raising) record(t *table, data record.Record) (record.Record, error) {
	for name, w := range data.All() {
		if err := r.add(t, name, w); err != nil {
			return record.Record{}, in("data."+record.PathName(name), err)
		}
	}
	var b record.Builder
	return b.Record(data.Key(), maps.All(r.fields))
}

// add adds the parts of one write.
func (r *raising) add(t *table, name string, w record.FieldValue) error {
	parts, c, err := t.newNames(name)
	if err != nil {
		return err
	}
	values := []record.Value{w.Value}
	if c != nil {
		if values, err = c.raise(w.Value); err != nil {
			return err
		}
	}
	for i, part := range parts {
		raised := record.FieldValue{Value: values[i], Stamp: w.Stamp}
		if err := raised.Check(part); err != nil {
			return reason(err)
		}
		// Two old names of one new field meet here.
		if have, ok := r.fields[part]; ok && have.Compare(raised) >= 0 {
			continue
		}
		r.fields[part] = raised
		delete(r.base, part)
		if base, ok := r.from[name]; ok && (c == nil || !c.oneWay) {
			r.base[part] = base
		}
	}
	return nil
}
