package record

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// mutation reads the mutation that is next. Of one that is refused it returns
// the key, as far as it was read.
func (d *Decoder) mutation() (m Mutation, err error) {
	var key Key
	base := -1 // where it begins
	names := [...]string{"table", "id", "data", "base"}
	p := &d.parser
	d.entries, p.others = d.entries[:0], p.others[:0]
	p.Clear()
	seen, err := p.known(names[:], func(i int) (err error) {
		switch i {
		case 0:
			key.Table, err = d.keyPart()
		case 1:
			key.ID, err = d.keyPart()
		case 2:
			err = d.fields()
		case 3:
			base = p.Pos
			err = p.checkBase()
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
	data, err := d.record(key)
	if err != nil {
		return m, p.under([]byte("data"), err)
	}
	if base >= 0 {
		if m.Base, err = p.base(base, data); err != nil {
			return m, p.under([]byte("base"), err)
		}
	}
	m.Data = data
	return m, nil
}

// keyPart reads a table or an ID.
func (d *Decoder) keyPart() (string, error) {
	p := &d.parser
	if err := p.Expect('"'); err != nil {
		return "", err
	}
	start := p.Pos
	text, err := p.Text()
	if err != nil {
		return "", err
	}
	if err := p.checkName(text); err != nil {
		p.Pos = start
		return "", err
	}
	return string(text), nil
}

// checkBase reads the value of a member "base" as JSON, and drops it. What it
// says is read by base, when the fields are known.
func (p *parser) checkBase() error {
	if err := p.Expect('{'); err != nil {
		return err
	}
	limits := p.Limits
	// It is no value, but an object of objects that may have values in them.
	p.Limits = jsontext.Limits{Depth: limits.Depth + 2, Size: mostBytes}
	err := p.Drop()
	p.Limits = limits
	return err
}

// base reads the base that begins at start, as far as it is about fields that
// data writes: of others it can say nothing.
func (p *parser) base(start int, data Record) (map[string]clock.Stamp, error) {
	end := p.Pos
	p.Pos = start
	base := make(map[string]clock.Stamp, min(data.Len(), (end-start)/shortestBase))
	err := p.object(nil, func(_ int, name []byte) (err error) {
		var s clock.Stamp
		if p.Peek() == 'n' {
			err = p.Literal("null")
		} else {
			s, err = p.stamp()
		}
		if i, ok := slices.BinarySearch(data.nameList(), string(name)); ok && err == nil {
			base[data.names.list[i]] = s
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	p.Pos = end
	return base, nil
}

// shortestBase is the length of "f":null, with its comma.
const shortestBase = 9
