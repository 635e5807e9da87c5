package record

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
)

// known reads an object of which the names of the known members are given,
// calling member with the index of each that it finds, and skips the others. It
// returns a bit for each known member that was there.
func (p *parser) known(names []string, member func(i int) error) (seen uint, err error) {
	var others [][]byte
	err = p.object(func(name []byte) error {
		for i, known := range names {
			if known == string(name) {
				if seen&(1<<i) != 0 {
					return p.fail(ErrDuplicate)
				}
				seen |= 1 << i
				return member(i)
			}
		}
		if len(others) == mostMembers {
			return p.fail(&LimitError{What: "members", Limit: mostMembers})
		}
		for _, other := range others {
			if bytes.Equal(other, name) {
				return p.fail(ErrDuplicate)
			}
		}
		others = append(others, name)
		return p.unknown(names, name)
	})
	return seen, err
}

// unknown skips a member that is not known, unless it only differs in case from
// one that is: some readers would take it for that one.
func (p *parser) unknown(names []string, name []byte) error {
	for _, known := range names {
		if strings.EqualFold(known, string(name)) {
			return p.fail(fmt.Errorf("%w: differs from a known member in case alone", ErrName))
		}
	}
	end := len(p.out)
	err := p.checkedValue()
	p.out = p.out[:end]
	return err
}

// checkedValue reads the next value, which is no part of another.
func (p *parser) checkedValue() error {
	start := len(p.out)
	if err := p.value(0); err != nil {
		return err
	}
	return p.checkSize(start)
}

// valueOf returns the Value of a canonical JSON text.
func valueOf(text string) Value {
	if text == "null" {
		return Value{}
	}
	return Value{text}
}

// fieldValue reads a FieldValue into e. What the value is stays in out.
func (p *parser) fieldValue(e *entry) error {
	names := [...]string{"value", "updatedAt", "clientId", "deleted"}
	seen, err := p.known(names[:], func(i int) (err error) {
		switch i {
		case 0:
			e.from = len(p.out)
			err = p.checkedValue()
			e.to = len(p.out)
		case 3:
			err = p.deleted()
		default:
			err = p.stampPart(i == 2, &e.stamp)
		}
		return err
	})
	switch value, deleted := seen&1 != 0, seen&8 != 0; {
	case err != nil:
		return err
	case value == deleted:
		return p.fail(ErrKind)
	case deleted:
		e.value = Deletion()
	}
	return p.missing(names[:3], seen|1)
}

// deleted reads the value of a member "deleted", which can only be true.
func (p *parser) deleted() error {
	if p.peek() == 'f' {
		return p.fail(ErrKind)
	}
	if err := p.expect('t'); err != nil {
		return err
	}
	end := len(p.out)
	err := p.literal("true")
	p.out = p.out[:end]
	return err
}

// missing refuses an object in which one of the named members was not seen.
func (p *parser) missing(names []string, seen uint) error {
	for i, name := range names {
		if seen&(1<<i) == 0 {
			return at(name, p.fail(ErrMissing))
		}
	}
	return nil
}

// stampPart reads one of the two members that make a stamp.
func (p *parser) stampPart(client bool, s *clock.Stamp) error {
	reason := ErrStamp
	if client {
		reason = ErrClient
	}
	if c := p.peek(); c != '"' {
		if !client && (c == '-' || '0' <= c && c <= '9') {
			return p.fail(fmt.Errorf("%w: a number, which loses digits in JavaScript; send the text", reason))
		}
		return p.expect('"')
	}
	start := p.pos
	text, err := p.text()
	if err != nil {
		return err
	}
	if client {
		err = s.Client.UnmarshalText(text)
	} else {
		err = s.Time.UnmarshalText(text)
	}
	if err != nil {
		p.pos = start
		return p.fail(fmt.Errorf("%w: %w", reason, err))
	}
	return nil
}

// stamp reads the object that a stamp is on its own.
func (p *parser) stamp() (s clock.Stamp, err error) {
	names := [...]string{"updatedAt", "clientId"}
	seen, err := p.known(names[:], func(i int) error { return p.stampPart(i == 1, &s) })
	if err == nil {
		err = p.missing(names[:], seen)
	}
	return s, err
}

// fields reads an object from field names to FieldValues into d.entries.
func (d *Decoder) fields() error {
	p := &d.parser
	d.entries = d.entries[:0]
	return p.object(func(name []byte) error {
		if len(d.entries) >= p.limits.Fields {
			return p.fail(&LimitError{What: "fields", Limit: p.limits.Fields})
		}
		if err := checkName(name); err != nil {
			return p.fail(err)
		}
		e := entry{name: name}
		if err := p.fieldValue(&e); err != nil {
			return err
		}
		d.entries = append(d.entries, e)
		return nil
	})
}

// finish returns the record of d.entries.
func (d *Decoder) finish(key Key) (Record, error) {
	if err := sortEntries(d.entries); err != nil {
		return Record{}, err
	}
	// One string holds the texts of all values.
	texts := string(d.parser.out)
	for i := range d.entries {
		e := &d.entries[i]
		if e.value.text != deletedText {
			e.value = valueOf(texts[e.from:e.to])
		}
		if string(e.name) == DeletedField && e.value.Kind() != KindBool {
			return Record{}, at(DeletedField, errDeletedField)
		}
	}
	return d.builder.record(key, d.entries), nil
}

// mutation reads the mutation that is next. Of one that is refused it returns
// the key, as far as it was read.
func (d *Decoder) mutation() (m Mutation, err error) {
	var key Key
	var base []byte
	names := [...]string{"table", "id", "data", "base"}
	p := &d.parser
	d.entries, p.out, p.from = d.entries[:0], p.out[:0], p.pos
	seen, err := p.known(names[:], func(i int) (err error) {
		switch i {
		case 0:
			key.Table, err = d.keyPart()
		case 1:
			key.ID, err = d.keyPart()
		case 2:
			err = d.fields()
		case 3:
			base, err = p.baseText()
		}
		return err
	})
	m.Data = New(key)
	if err == nil {
		err = p.missing(names[:3], seen)
	}
	if err != nil {
		return m, err
	}
	data, err := d.finish(key)
	if err != nil {
		return m, at("data", err)
	}
	if base != nil {
		if m.Base, err = d.base(base, data); err != nil {
			return m, at("base", err)
		}
	}
	m.Data = data
	return m, nil
}

// keyPart reads a table or an ID.
func (d *Decoder) keyPart() (string, error) {
	p := &d.parser
	if err := p.expect('"'); err != nil {
		return "", err
	}
	text, err := p.text()
	if err != nil {
		return "", err
	}
	if err := checkName(text); err != nil {
		return "", p.fail(err)
	}
	return string(text), nil
}

// baseText reads the value of a member "base" and returns its canonical text.
// What it says is read when the fields are known.
func (p *parser) baseText() ([]byte, error) {
	if err := p.expect('{'); err != nil {
		return nil, err
	}
	end := len(p.out)
	if err := p.value(0); err != nil {
		return nil, err
	}
	text := bytes.Clone(p.out[end:])
	p.out = p.out[:end]
	return text, nil
}

// base reads the canonical text of a base, as far as it is about fields that
// data writes: of others it can say nothing.
func (d *Decoder) base(text []byte, data Record) (map[string]clock.Stamp, error) {
	base := make(map[string]clock.Stamp, min(data.Len(), len(text)/shortestBase))
	p := parser{in: text, limits: d.parser.limits}
	err := p.object(func(name []byte) (err error) {
		i, ok := slices.BinarySearch(data.nameList(), string(name))
		var s clock.Stamp
		if p.peek() == 'n' {
			err = p.literal("null")
		} else {
			s, err = p.stamp()
		}
		if ok && err == nil {
			base[data.names.list[i]] = s
		}
		return err
	})
	if e, ok := err.(*Error); ok {
		e.Offset = d.parser.pos
	}
	return base, err
}

// shortestBase is the length of "f":null, with its comma.
const shortestBase = 9
