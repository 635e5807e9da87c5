package version

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/record"
)

// Raw before a name in a batch says that the name goes to the server as it is, so that an old client can use a name of
// the new version.
const Raw = "!raw/"

// ErrDamaged is the error for a batch that cannot be translated, because it was damaged on its way.
var ErrDamaged = errors.New("mergetest: the batch of a device of the old version is damaged, so it does not arrive")

// Lower returns a batch in the old form. It keeps the spelling of everything that it does not translate.
func (v *Version) Lower(batch []byte) ([]byte, error) {
	var items []json.RawMessage
	if !utf8.Valid(batch) || json.Unmarshal(batch, &items) != nil {
		return nil, ErrDamaged
	}
	for i, raw := range items {
		lowered, err := v.item(raw)
		if err != nil {
			return nil, err
		}
		items[i] = lowered
	}
	return append(append([]byte("["), bytes.Join(rawBytes(items), []byte(","))...), ']'), nil
}

func rawBytes(all []json.RawMessage) (texts [][]byte) {
	for _, raw := range all {
		texts = append(texts, raw)
	}
	return texts
}

// member is a member of a JSON object.
type member struct {
	name string
	raw  json.RawMessage
}

// object is a JSON object, with its members in order.
type object []member

func parse(raw json.RawMessage) (all object, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, ErrDamaged
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		var m member
		m.name, _ = t.(string)
		if err := d.Decode(&m.raw); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (o object) text() json.RawMessage {
	var b bytes.Buffer
	for i, m := range o {
		name, _ := json.Marshal(m.name) // a string has no error
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.raw)
	}
	if len(o) == 0 {
		b.WriteByte('{')
	}
	return append(b.Bytes(), '}')
}

// get returns the member with a name, or nil.
func (o object) get(name string) *member {
	for i := range o {
		if o[i].name == name {
			return &o[i]
		}
	}
	return nil
}

func (v *Version) item(raw json.RawMessage) (json.RawMessage, error) {
	item, err := parse(raw)
	if err != nil {
		return nil, err
	}
	var table string
	if m := item.get("table"); m == nil || json.Unmarshal(m.raw, &table) != nil || table != v.Table {
		return raw, nil
	}
	for i, m := range item {
		if m.name != "data" && m.name != "base" {
			continue
		}
		fields, err := parse(m.raw)
		if err == nil {
			fields, err = v.fields(fields, m.name == "data")
		}
		if err != nil {
			return nil, err
		}
		item[i].raw = fields.text()
	}
	return item.text(), nil
}

// fields returns the members of data or base in the old form.
func (v *Version) fields(given object, isData bool) (lowered object, err error) {
	for _, m := range given {
		f := v.ofNew(m.name)
		old := v.OldName(m.name)
		switch {
		case strings.HasPrefix(m.name, Raw):
			m.name = strings.TrimPrefix(m.name, Raw)
		case f == nil:
		case lowered.get(old) != nil && len(f.New) > 1:
			continue // another part of the same field
		case isData && old == f.Old:
			if m.raw, err = f.write(given, m.raw); err != nil {
				return nil, err
			}
			m.name = old
		default:
			m.name = old
		}
		lowered = append(lowered, m)
	}
	return lowered, nil
}

// write returns the write of an old field, given the data of an item, and the write of one of the new fields.
func (f *Field) write(data object, raw json.RawMessage) (json.RawMessage, error) {
	write, err := parse(raw)
	if err != nil {
		return raw, nil // the item is invalid
	}
	value := write.get("value")
	if value == nil || f.Down == nil {
		return raw, nil
	}
	values := make([]record.Value, len(f.New))
	for i, part := range f.New {
		m := data.get(part)
		if m == nil {
			continue
		}
		one, err := parse(m.raw)
		if err != nil || one.get("value") == nil {
			continue
		}
		if values[i], err = record.ParseValue(one.get("value").raw); err != nil {
			return raw, nil
		}
	}
	old, err := f.Down(values)
	if err != nil {
		return nil, err
	}
	value.raw = json.RawMessage(old.JSON())
	return write.text(), nil
}
