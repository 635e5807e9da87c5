package version

import (
	"fmt"
	"maps"

	"github.com/fieldlww/fieldlww/record"
)

// Raise returns a record that an old client pulled, in the new form. The error says what an old client must not pull.
func (v *Version) Raise(r record.Record) (record.Record, error) {
	if r.Key().Table != v.Table {
		return r, nil
	}
	fields := map[string]record.FieldValue{}
	for name, w := range r.All() {
		f := v.ofOld(name)
		if f == nil && v.ofNew(name) != nil {
			return r, fmt.Errorf("the field %q, a name of the new version", name)
		}
		if f == nil {
			fields[name] = w
			continue
		}
		if _, element := cut(name); element != "" {
			fields[f.New[0]+element] = w
			continue
		}
		values, err := f.raise(w.Value)
		if err != nil || len(values) != len(f.New) {
			return r, fmt.Errorf("the field %q with the value %v, which Up does not translate: %v", name, w.Value, err)
		}
		if back, err := f.lower(values); !w.Deleted() && (err != nil || back != w.Value) {
			return r, fmt.Errorf("the field %q with the value %v, which the old version cannot have: Down of Up is %v, %v", name, w.Value, back, err)
		}
		for i, part := range f.New {
			fields[part] = record.FieldValue{Value: values[i], Stamp: w.Stamp}
		}
	}
	var b record.Builder
	return b.Record(r.Key(), maps.All(fields))
}
