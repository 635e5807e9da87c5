package record

import (
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// mutation reads the next mutation. For a refused mutation it returns the parts of the key
// that had been read before the error.
func (d *Decoder) mutation() (m Mutation, err error) {
	var key Key
	base := -1 // offset of the value of base
	names := [...]string{"table", "id", "data", "base", "new", "seen"}
	p := &d.parser
	d.entries, p.others = d.entries[:0], p.others[:0]
	p.Clear()
	present, err := p.known(names[:], func(i int) (err error) {
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
		case 4:
			m.New, err = p.flag()
		case 5:
			m.Seen, err = d.seen()
		}
		return err
	})
	read := m
	m = Mutation{Data: New(key)}
	if err == nil {
		err = p.missing(names[:3], present)
	}
	if err != nil {
		return m, err
	}
	if read.Data, err = d.record(key); err != nil {
		return m, p.under([]byte("data"), err)
	}
	if base >= 0 {
		if read.Base, err = p.base(base, read.Data); err != nil {
			return m, p.under([]byte("base"), err)
		}
	}
	return read, nil
}

// flag reads true or false.
func (p *parser) flag() (bool, error) {
	if p.Peek() == 'f' {
		return false, p.Literal("false")
	}
	if err := p.Expect('t'); err != nil {
		return false, err
	}
	return true, p.Literal("true")
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

// checkBase checks the value of a member "base" as JSON, and drops it. The method base reads
// its content later, when the fields are known.
func (p *parser) checkBase() error {
	if err := p.Expect('{'); err != nil {
		return err
	}
	limits := p.Limits
	// The base is not a value: it is an object of objects, whose unknown members may contain
	// values.
	p.Limits = jsontext.Limits{Depth: limits.Depth + 2, Size: mostBytes}
	err := p.Drop()
	p.Limits = limits
	return err
}

// base reads the base that begins at start. It keeps only entries for fields that data
// writes, because the others have no meaning.
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

// shortestBase is the length of "f":null, including the comma.
const shortestBase = 9
