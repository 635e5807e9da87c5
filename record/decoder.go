package record

// Decoder reads values, records, mutations and batches from untrusted JSON, or,
// with Trusted, from the JSON of one's own store or server. For any bytes it
// returns a value or an *Error; it never panics.
//
// It is strict on what is ambiguous: a name that occurs twice in an object at
// any depth, a member that equals a known one but for case, invalid UTF-8 and
// lone surrogates, data behind the value, numbers that a float64 cannot hold.
// Numbers with more digits than that are rounded, unless Limits.Exact refuses them.
// Other unknown members are skipped, whatever numbers are in them, and unknown
// fields are fields like any other. All is bounded by Limits, before it costs memory.
//
// The zero Decoder is ready to use and has the default limits. It keeps memory
// between calls, and the records that it makes share lists of field names, so
// use one for many calls. It must not be used from two goroutines at once. What
// it returns holds no reference to the input; the Decoder itself holds on to it
// until the next call.
type Decoder struct {
	Limits Limits
	// Trusted says that the input was admitted before: one's own store or server wrote
	// it. Every limit that Limits leaves at 0 is then off, because legal pushes can make
	// a record larger than any limit of a single push, and a store or a client that
	// refused such a record could never read or change it again. Stamps after
	// clock.MaxTimestamp, which a host's own clock can issue, are accepted as well: see
	// package clock. Syntax, names and values are checked as always.
	//
	// Leave it false wherever others choose the bytes, such as in a push handler. Scan
	// reads columns as a trusted Decoder does; the UnmarshalJSON methods do not.
	Trusted bool

	parser  parser
	builder Builder
	entries []entry
}

// maxKept is how much scratch memory a Decoder keeps for the next call.
const maxKept = 1 << 20

// start returns the parser set to the beginning of text, or an error if that is
// too long.
func (d *Decoder) start(text []byte) (*parser, error) {
	p := &d.parser
	p.in, p.pos, p.from, p.limits, p.trusted = text, 0, 0, d.Limits.inForce(d.Trusted), d.Trusted
	p.out, p.others, p.trail, p.dropped = p.out[:0], p.others[:0], p.trail[:0], false
	if cap(p.out)+cap(p.scratch) > maxKept {
		p.out, p.moved, p.members, p.scratch = nil, nil, nil, nil
	}
	if cap(d.entries) > maxKept/64 {
		d.entries = nil
	}
	if len(text) > p.limits.Bytes {
		return nil, p.fail(&LimitError{What: "bytes", Limit: p.limits.Bytes})
	}
	return p, nil
}

// Value reads one JSON text as a value.
func (d *Decoder) Value(text []byte) (Value, error) {
	p, err := d.start(text)
	if err != nil {
		return Value{}, err
	}
	if err := p.checkedValue(); err != nil {
		return Value{}, err
	}
	if err := p.end(); err != nil {
		return Value{}, err
	}
	return valueOf(string(p.out)), nil
}

// FieldValue reads one write of a field.
func (d *Decoder) FieldValue(text []byte) (FieldValue, error) {
	p, err := d.start(text)
	if err != nil {
		return FieldValue{}, err
	}
	var e entry
	err = p.write(&e)
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return FieldValue{}, p.located(-1, err)
	}
	return FieldValue{Value{string(p.out[e.from:e.to])}, e.stamp}, nil
}

// Record reads an object from field names to FieldValues as the record of the
// given key, which is not checked.
func (d *Decoder) Record(key Key, text []byte) (Record, error) {
	p, err := d.start(text)
	if err != nil {
		return Record{}, err
	}
	err = d.fields()
	if err == nil {
		err = p.end()
	}
	var r Record
	if err == nil {
		r, err = d.finish(key)
	}
	return r, p.located(-1, err)
}

// Mutation reads one mutation.
func (d *Decoder) Mutation(text []byte) (Mutation, error) {
	p, err := d.start(text)
	if err != nil {
		return Mutation{}, err
	}
	m, err := d.mutation()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return Mutation{}, p.located(-1, err)
	}
	return m, nil
}
