package record

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// known reads an object of which the names of the known members are given,
// calling member with the index of each that it finds, and skips the others. It
// returns a bit for each known member that was there.
func (p *parser) known(names []string, member func(i int) error) (seen uint, err error) {
	outer := len(p.others)
	err = p.object(names, func(i int, name []byte) error {
		if i < 0 {
			i = slices.Index(names, string(name))
		}
		if i < 0 {
			if err := p.checkUnknown(names, p.others[outer:], name); err != nil {
				return p.fail(err)
			}
			p.others = append(p.others, name)
			return p.unknown()
		}
		if seen&(1<<i) != 0 {
			return p.fail(ErrDuplicate)
		}
		seen |= 1 << i
		return member(i)
	})
	p.others = p.others[:outer]
	return seen, err
}

// checkUnknown returns the reason why the name of an unknown member is refused,
// if it is: that it occurs twice, or differs in case alone from a known one, so
// that some readers would take it for that one.
func (p *parser) checkUnknown(names []string, others [][]byte, name []byte) error {
	if len(others) == mostMembers {
		return &LimitError{What: "members", Limit: mostMembers}
	}
	for _, other := range others {
		if bytes.Equal(other, name) {
			return ErrDuplicate
		}
	}
	for _, known := range names {
		if bytes.EqualFold([]byte(known), name) {
			return errVariant
		}
	}
	return nil
}

var errVariant = fmt.Errorf("%w: differs from a known member in case alone", ErrName)

// unknown reads the value of an unknown member, and drops it.
func (p *parser) unknown() error {
	end, outer := len(p.out), p.dropped
	p.dropped = true
	err := p.checkedValue()
	p.out, p.dropped = p.out[:end], outer
	return err
}

// valueOf returns the Value of a canonical JSON text.
func valueOf(text string) Value {
	if text == "null" {
		return Value{}
	}
	return Value{text}
}

// write reads a FieldValue into e. What the value is stays in out.
func (p *parser) write(e *entry) error {
	names := [...]string{"value", "updatedAt", "clientId", "deleted"}
	seen, err := p.known(names[:], func(i int) (err error) {
		switch i {
		case 0:
			e.from = len(p.out)
			err = p.checkedValue()
			if string(p.out[e.from:]) == "null" {
				p.out = p.out[:e.from] // as a Value has it
			}
			e.to = len(p.out)
		case 3:
			e.from = len(p.out)
			err = p.deleted()
			e.to = len(p.out)
		default:
			err = p.stampPart(i == 2, &e.stamp)
		}
		return err
	})
	if err != nil {
		return err
	}
	if value, deleted := seen&1 != 0, seen&8 != 0; value == deleted {
		return p.fail(ErrKind)
	}
	return p.missing(names[:3], seen|1)
}

// deleted reads the value of a member "deleted", which can only be true, and
// appends what stands for it in a Value.
func (p *parser) deleted() error {
	if c := p.peek(); c != 't' && startsValue(c) {
		return p.fail(ErrKind)
	}
	p.out = append(p.out, deletedText...)
	return p.literal("true")
}

// missing refuses an object in which one of the named members was not seen.
func (p *parser) missing(names []string, seen uint) error {
	for i, name := range names {
		if seen&(1<<i) == 0 {
			return p.under([]byte(name), p.fail(ErrMissing))
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
			return p.fail(errNumberStamp)
		}
		return p.expect('"')
	}
	if n := canonicalLen(client); p.quoted(n) && p.setStampPart(s, client, p.in[p.pos+1:p.pos+1+n]) == nil {
		p.pos += n + 2
		return nil
	}
	start := p.pos
	text, err := p.text()
	if err != nil {
		return err
	}
	if err := p.setStampPart(s, client, text); err != nil {
		p.pos = start
		return p.fail(&detail{reason, err})
	}
	return nil
}

// quoted reports whether n bytes and a quotation mark follow the one that is next.
// Canonical stamps have a known length, and what their parsers accept needs no
// look at the string before.
func (p *parser) quoted(n int) bool {
	return p.pos+n+1 < len(p.in) && p.in[p.pos+n+1] == '"'
}

// canonicalLen returns the length of the canonical text of a client ID or a
// timestamp.
func canonicalLen(client bool) int {
	if client {
		return len("00000000-0000-0000-0000-000000000000")
	}
	return len("2006-01-02T15:04:05.000000000Z")
}

func (p *parser) setStampPart(s *clock.Stamp, client bool, text []byte) error {
	switch {
	case client:
		return s.Client.UnmarshalText(text)
	case p.trusted:
		return s.Time.Scan(text)
	}
	return s.Time.UnmarshalText(text)
}

var errNumberStamp = fmt.Errorf("%w: a number, which loses digits in JavaScript; send the text", ErrType)

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
	return p.object(nil, func(_ int, name []byte) error {
		if len(d.entries) >= p.limits.Fields {
			return p.fail(&LimitError{What: "fields", Limit: p.limits.Fields})
		}
		if err := p.checkName(name); err != nil {
			return p.fail(err)
		}
		e := entry{name: name}
		if err := p.write(&e); err != nil {
			return err
		}
		if string(name) == DeletedField && (Value{string(p.out[e.from:e.to])}).Kind() != KindBool {
			return p.fail(errDeletedField)
		}
		d.entries = append(d.entries, e)
		return nil
	})
}

// checkName returns the reason why name cannot be a table, an ID or a field here.
func (p *parser) checkName(name []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(name) > p.limits.Name {
		return &LimitError{What: "name", Limit: p.limits.Name}
	}
	return nil
}

// finish returns the record of d.entries.
func (d *Decoder) finish(key Key) (Record, error) {
	if err := sortEntries(d.entries); err != nil {
		err.(*Error).Offset = d.parser.pos
		return Record{}, err
	}
	return d.builder.record(key, d.entries, d.parser.out), nil
}
