package record

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
)

// valueOf returns the Value of a canonical JSON text.
func valueOf(text string) Value {
	if text == "null" {
		return Value{}
	}
	return Value{text}
}

// write reads a FieldValue into e. The text of the value is left in Out.
func (p *parser) write(e *entry) error {
	names := [...]string{"value", "updatedAt", "clientId", "deleted"}
	seen, err := p.known(names[:], func(i int) (err error) {
		switch i {
		case 0:
			e.from = len(p.Out)
			err = p.Value()
			if string(p.Out[e.from:]) == "null" {
				p.Out = p.Out[:e.from] // a Value stores null as ""
			}
			e.to = len(p.Out)
		case 3:
			e.from = len(p.Out)
			err = p.deleted()
			e.to = len(p.Out)
		default:
			err = p.stampPart(i == 2, &e.stamp)
		}
		return err
	})
	if err != nil {
		return err
	}
	// Exactly one of value (bit 0) and deleted (bit 3) must be present. Both members of the
	// stamp are required.
	if value, deleted := seen&1 != 0, seen&8 != 0; value == deleted {
		return ErrValueForm
	}
	return p.missing(names[:3], seen|1)
}

// deleted reads the value of a member "deleted", which can only be true, and appends
// deletedText, the text of a deletion in a Value.
func (p *parser) deleted() error {
	switch err := p.Expect('t'); err {
	case nil:
	case ErrType:
		return ErrValueForm
	default:
		return err
	}
	p.Out = append(p.Out, deletedText...)
	return p.Literal("true")
}

// stampPart reads one of the two members of a stamp.
func (p *parser) stampPart(client bool, s *clock.Stamp) error {
	reason := ErrStamp
	if client {
		reason = ErrClient
	}
	if c := p.Peek(); c != '"' {
		if !client && (c == '-' || '0' <= c && c <= '9') {
			return errNumberStamp
		}
		return p.Expect('"')
	}
	// Canonical stamps have a known length, so they need no general string parser.
	if text, ok := p.Quoted(canonicalLen(client)); ok && p.setStampPart(s, client, text) == nil {
		p.Pos += len(text) + len(`""`)
		return nil
	}
	start := p.Pos
	text, err := p.Text()
	if err != nil {
		return err
	}
	if err := p.setStampPart(s, client, text); err != nil {
		p.Pos = start
		return &detail{reason, err}
	}
	return nil
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

var errNumberStamp = fmt.Errorf("%w: a number loses digits in JavaScript; send a string", ErrType)

// stamp reads a stamp that is an object of its own, as in a base.
func (p *parser) stamp() (s clock.Stamp, err error) {
	names := [...]string{"updatedAt", "clientId"}
	seen, err := p.known(names[:], func(i int) error { return p.stampPart(i == 1, &s) })
	if err == nil {
		err = p.missing(names[:], seen)
	}
	return s, err
}
