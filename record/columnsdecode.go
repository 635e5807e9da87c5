package record

import (
	"bytes"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Columns reads one chunk of columns: a line without its line feed. It accepts exactly the lines that
// AppendColumns writes, and refuses all others as a whole, with ErrColumns, with ErrVersion for a later
// version, or with the reason that the row would be refused for. Limits.Items, which is at most 1,000
// here, bounds the number of records.
func (d *Decoder) Columns(line []byte) ([]Row, error) {
	c := columnDecoder{parser: &d.parser, text: line}
	err := d.start(line)
	if err == nil {
		err = c.read()
	}
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return nil, c.located(err)
	}
	return c.rows(d), nil
}

// columnDecoder is a chunk that is being read. The text is read three times, so that a chunk that is
// refused costs little memory: read checks each member and remembers where its list begins, check
// compares the lists with each other, and rows makes the records.
type columnDecoder struct {
	*parser
	text []byte
	in   list
	// nameText holds all names, one after another.
	nameText []byte
	names    []columnName
	kinds    []columnKind
	clients  []clock.ClientID
	lists    columnLists
	size     int // of all IDs and values
	lastID   int // the length of the last ID
}

// columnLists are the lists of a chunk.
type columnLists struct{ kind, id, seq, stamps, stamp, ms, tick, client, deleted list }

// list is the rest of a list: the offset of the next element, and the number of elements.
type list struct{ at, len int32 }

// columnName is a field name and its column of values.
type columnName struct {
	end    int32 // of the name in columnDecoder.nameText, where it begins after the name before
	last   int32 // the length of the last value
	values list
	rest   list // the values that are still to be taken
}

// columnKind is the offset of a table, and the indexes of its fields.
type columnKind struct {
	at     int32
	table  string // set when records are made
	fields list
}

// read reads the members in their order.
func (c *columnDecoder) read() error {
	if err := c.version(); err != nil {
		return err
	}
	l := &c.lists
	for _, member := range []struct {
		name     string
		optional bool
		read     func() error
	}{
		{"in", true, c.readBuckets}, {"names", false, c.readNames}, {"kinds", false, c.readKinds}, {"clients", false, c.readClients},
		{"kind", false, c.integers(&l.kind)}, {"id", false, c.readIDs}, {"seq", true, c.integers(&l.seq)},
		{"stamps", false, c.integers(&l.stamps)}, {"stamp", true, c.integers(&l.stamp)}, {"ms", false, c.integers(&l.ms)},
		{"tick", true, c.integers(&l.tick)}, {"client", false, c.integers(&l.client)}, {"deleted", true, c.integers(&l.deleted)},
		{"values", false, c.readColumns},
	} {
		if !bytes.HasPrefix(c.Rest(), []byte(`,"`+member.name+`":[`)) {
			if member.optional {
				continue
			}
			if err := c.expect(`,"` + member.name + `":[`); err != nil {
				return c.under([]byte(member.name), err)
			}
		}
		c.Pos += len(`,"":`) + len(member.name)
		if member.optional && bytes.HasPrefix(c.Rest(), []byte("[]")) {
			return c.under([]byte(member.name), wrongColumns("empty list"))
		}
		if err := member.read(); err != nil {
			return c.under([]byte(member.name), err)
		}
	}
	if err := c.expect("}"); err != nil {
		return err
	}
	if c.Pos < len(c.text) {
		return wrongColumns("data after the chunk")
	}
	return nil
}

// version reads the beginning of the chunk.
func (c *columnDecoder) version() error {
	if err := c.expect(`{"packed":`); err != nil {
		return err
	}
	digits := c.Rest()
	for i, b := range digits {
		if b < '0' || b > '9' {
			digits = digits[:i]
			break
		}
	}
	if text := string(digits); len(text) > 0 && text[0] != '0' && text != columnVersion {
		return c.under([]byte("packed"), ErrVersion)
	}
	return c.expect(columnVersion)
}

// expect reads a text that must come next.
func (c *columnDecoder) expect(text string) error {
	rest := c.Rest()
	if bytes.HasPrefix(rest, []byte(text)) {
		c.Pos += len(text)
		return nil
	}
	if len(rest) < len(text) && bytes.HasPrefix([]byte(text), rest) {
		c.Pos = len(c.text)
		return jsontext.ErrTruncated
	}
	return wrongColumns("expected " + text)
}

// elements reads a list, whose first byte is known, and calls element for each element. It sets l.
func (c *columnDecoder) elements(l *list, element func() error) error {
	if err := c.expect("["); err != nil {
		return err
	}
	l.at, l.len = int32(c.Pos), 0
	if c.Next(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		l.len++
		if c.Next(']') {
			return nil
		}
		if err := c.expect(","); err != nil {
			return err
		}
	}
}

// integers returns a function that reads a list of integers.
func (c *columnDecoder) integers(l *list) func() error {
	return func() error { return c.elements(l, c.integer) }
}

// integer reads an integer with at most 16 digits.
func (c *columnDecoder) integer() error {
	start := c.Pos
	c.Next('-')
	first := c.Pos
	for c.Pos < len(c.text) && '0' <= c.text[c.Pos] && c.text[c.Pos] <= '9' {
		c.Pos++
	}
	digits := c.text[first:c.Pos]
	switch {
	case c.Pos == len(c.text):
		return jsontext.ErrTruncated
	case len(digits) == 0 || len(digits) > 16 || digits[0] == '0' && (len(digits) > 1 || first > start):
		c.Pos = start
		return wrongColumns("expected an integer")
	}
	return nil
}

// readString reads a string in canonical form and returns its text. The text may be overwritten by the next
// call.
func (c *columnDecoder) readString() ([]byte, error) {
	start := c.Pos
	if c.Pos == len(c.text) || c.text[c.Pos] != '"' {
		return nil, c.expect(`"`)
	}
	text, err := c.Text()
	if err != nil {
		return nil, err
	}
	if read := c.text[start:c.Pos]; len(read) > len(text)+len(`""`) {
		if c.path = jsontext.AppendQuoted(c.path[:0], string(text)); !bytes.Equal(read, c.path) {
			c.Pos = start
			return nil, wrongColumns("unnecessary escape")
		}
	}
	return text, nil
}

// integerAt returns the integer at an offset of a text, and the offset of its end.
func integerAt(text []byte, at int) (n int64, end int) {
	negative := text[at] == '-'
	if negative {
		at++
	}
	for ; '0' <= text[at] && text[at] <= '9'; at++ {
		n = 10*n + int64(text[at]-'0')
	}
	if negative {
		n = -n
	}
	return n, at
}
