package record

import "github.com/fieldlww/fieldlww/record/internal/jsontext"

// Decoder reads values, records, mutations and batches from untrusted JSON, or, with Trusted,
// from JSON that your own store or server wrote. For any bytes it returns a value or an
// *Error; it never panics.
//
// It refuses ambiguous input: a name that occurs twice in an object at any depth, a member
// name that differs from a known one only in case, invalid UTF-8 and lone surrogates, data
// after the value, and numbers outside the range of float64. Numbers with more digits than a
// float64 keeps are rounded, unless Limits.Exact refuses them. An unknown member that is not
// refused is skipped, whatever numbers it contains. Unknown fields are read like any other
// field. Limits are checked before the input costs memory.
//
// The zero Decoder is ready to use and has the default limits. It keeps memory between calls,
// and the records that it makes share lists of field names, so use one Decoder for many
// calls. It must not be used from two goroutines at once. The results hold no reference to
// the input; the Decoder itself keeps one until the next call.
type Decoder struct {
	Limits Limits
	// Trusted declares that the input was admitted before: your own store or server wrote it.
	// Every limit that Limits leaves at 0 is then off, because valid pushes can make a record
	// larger than any limit of a single push, and a store or a client that refused such a
	// record could never read or change it again. Stamps after clock.MaxTimestamp, which a
	// host's own clock can issue, are accepted as well: see package clock. Syntax, names and
	// values are checked as always.
	//
	// Leave Trusted false wherever others choose the bytes, such as in a push handler. The
	// Scan methods read columns as a trusted Decoder does; the UnmarshalJSON methods do not.
	Trusted bool

	parser  parser
	builder Builder
	entries []entry
}

// maxKept is the greatest size of scratch memory that is kept for the next call.
const maxKept = 1 << 20

// start prepares the parser for text. It refuses a text that is too long.
func (d *Decoder) start(text []byte) error {
	p := &d.parser
	p.limits, p.trusted = d.Limits.inForce(d.Trusted), d.Trusted
	p.Reset(text, jsontext.Limits{Depth: p.limits.Depth, Size: p.limits.Value, Exact: p.limits.Exact})
	p.others, p.trail, p.item = p.others[:0], p.trail[:0], noItem
	if cap(d.entries) > maxKept/64 {
		d.entries = nil
	}
	if len(text) > p.limits.Bytes {
		return &LimitError{What: "bytes", Limit: p.limits.Bytes}
	}
	return nil
}

// read reads text by calling part, and refuses any data after the part.
func (d *Decoder) read(text []byte, part func() error) error {
	err := d.start(text)
	if err == nil {
		err = part()
	}
	if err == nil {
		err = d.parser.End()
	}
	if err != nil {
		return d.parser.located(err)
	}
	return nil
}

// Value reads one JSON text as a value.
func (d *Decoder) Value(text []byte) (Value, error) {
	if err := d.read(text, d.parser.Value); err != nil {
		return Value{}, err
	}
	return valueOf(string(d.parser.Out)), nil
}

// FieldValue reads one write of a field.
func (d *Decoder) FieldValue(text []byte) (FieldValue, error) {
	var e entry
	if err := d.read(text, func() error { return d.parser.write(&e) }); err != nil {
		return FieldValue{}, err
	}
	return FieldValue{Value{string(d.parser.Out[e.from:e.to])}, e.stamp}, nil
}

// Record reads an object that maps field names to FieldValues, as the record with the given
// key. The key is not checked.
func (d *Decoder) Record(key Key, text []byte) (Record, error) {
	if err := d.read(text, d.fields); err != nil {
		return Record{}, err
	}
	r, err := d.record(key)
	if err != nil {
		return Record{}, d.parser.located(err)
	}
	return r, nil
}

// Mutation reads one mutation.
func (d *Decoder) Mutation(text []byte) (Mutation, error) {
	var m Mutation
	err := d.read(text, func() (err error) { m, err = d.mutation(); return err })
	if err != nil {
		return Mutation{}, err
	}
	return m, nil
}

// fields reads an object that maps field names to FieldValues into d.entries.
func (d *Decoder) fields() error {
	p := &d.parser
	d.entries = d.entries[:0]
	return p.object(nil, func(_ int, name []byte) error {
		if len(d.entries) >= p.limits.Fields {
			return &LimitError{What: "fields", Limit: p.limits.Fields}
		}
		if err := p.checkName(name); err != nil {
			return err
		}
		e := entry{name: name}
		if err := p.write(&e); err != nil {
			return err
		}
		if string(name) == DeletedField && (Value{string(p.Out[e.from:e.to])}).Kind() != KindBool {
			return errDeletedField
		}
		d.entries = append(d.entries, e)
		return nil
	})
}

// record makes a record from d.entries.
func (d *Decoder) record(key Key) (Record, error) {
	if twice := sortEntries(d.entries); twice != nil {
		return Record{}, d.parser.under(twice, ErrDuplicate)
	}
	return d.builder.record(key, d.entries, d.parser.Out), nil
}
