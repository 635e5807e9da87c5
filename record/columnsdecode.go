package record

import (
	"bytes"
	"slices"

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

// readBuckets reads the member in.
func (c *columnDecoder) readBuckets() error {
	return c.elements(&c.in, func() error {
		start := c.Pos
		name, err := c.readString()
		if err == nil && len(name) > c.limits.Name {
			c.Pos = start
			err = &LimitError{What: "name", Limit: c.limits.Name}
		}
		return err
	})
}

// readName reads a table, an ID or a field name.
func (c *columnDecoder) readName() ([]byte, error) {
	start := c.Pos
	name, err := c.readString()
	if err == nil {
		if err = c.checkName(name); err != nil {
			c.Pos = start
		}
	}
	return name, err
}

// readNames reads the names of fields. It first counts them, so that it allocates only what they need.
func (c *columnDecoder) readNames() error {
	var l list
	start := c.Pos
	size := 0
	if err := c.elements(&l, func() error {
		name, err := c.readName()
		size += len(name)
		return err
	}); err != nil {
		return err
	}
	c.Pos, c.names, c.nameText = start, make([]columnName, 0, l.len), make([]byte, 0, size)
	if err := c.elements(&l, func() error {
		name, err := c.readName()
		c.nameText = append(c.nameText, name...)
		c.names = append(c.names, columnName{end: int32(len(c.nameText))})
		return err
	}); err != nil {
		return err
	}
	return c.distinct(len(c.names), func(i, j int) int { return bytes.Compare(c.name(i), c.name(j)) })
}

// name returns the name with an index.
func (c *columnDecoder) name(i int) []byte {
	if i == 0 {
		return c.nameText[:c.names[0].end]
	}
	return c.nameText[c.names[i-1].end:c.names[i].end]
}

// distinct refuses a list with equal elements.
func (c *columnDecoder) distinct(n int, compare func(i, j int) int) error {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return compare(int(i), int(j)) })
	for i := 1; i < n; i++ {
		if compare(int(order[i-1]), int(order[i])) == 0 {
			return wrongColumns("two equal entries")
		}
	}
	return nil
}

// readKinds reads the kinds. A kind may use a name for the first time only if all names before it are in
// use.
func (c *columnDecoder) readKinds() error {
	var l list
	used := 0
	one := func(k *columnKind) error {
		if err := c.expect("["); err != nil {
			return err
		}
		k.at = int32(c.Pos)
		if _, err := c.readName(); err != nil {
			return err
		}
		if err := c.expect(","); err != nil {
			return err
		}
		last := -1
		if err := c.elements(&k.fields, func() error {
			at := c.Pos
			if err := c.integer(); err != nil {
				return err
			}
			n, _ := integerAt(c.text, at)
			i := int(n)
			switch {
			case i < 0 || i > used || i >= len(c.names):
				c.Pos = at
				return wrongColumns("name out of order")
			case last >= 0 && bytes.Compare(c.name(last), c.name(i)) >= 0:
				c.Pos = at
				return wrongColumns("names of a kind out of order")
			case int(k.fields.len) >= c.limits.Fields:
				return &LimitError{What: "fields", Limit: c.limits.Fields}
			}
			used, last = max(used, i+1), i
			return nil
		}); err != nil {
			return err
		}
		return c.expect("]")
	}
	start := c.Pos
	var k columnKind
	if err := c.elements(&l, func() error { return one(&k) }); err != nil {
		return err
	}
	if used < len(c.names) {
		return wrongColumns("unused name")
	}
	c.Pos, c.kinds = start, make([]columnKind, l.len)
	if err := c.elements(&l, func() error { return one(&c.kinds[l.len]) }); err != nil {
		return err
	}
	return c.distinct(len(c.kinds), func(i, j int) int { return bytes.Compare(c.kindText(i), c.kindText(j)) })
}

// kindText returns the JSON of a kind from its table on.
func (c *columnDecoder) kindText(i int) []byte {
	k := c.kinds[i]
	return c.text[k.at : int(k.fields.at)+bytes.IndexByte(c.text[k.fields.at:], ']')]
}

// readClients reads the client IDs.
func (c *columnDecoder) readClients() error {
	var l list
	var id clock.ClientID
	one := func() error {
		start := c.Pos
		text, err := c.readString()
		if err != nil {
			return err
		}
		if err := id.UnmarshalText(text); err != nil {
			c.Pos = start
			return &detail{ErrClient, err}
		}
		var canonical [36]byte
		if b, _ := id.AppendText(canonical[:0]); !bytes.Equal(b, text) {
			c.Pos = start
			return wrongColumns("client ID not in canonical form")
		}
		return nil
	}
	start := c.Pos
	if err := c.elements(&l, one); err != nil {
		return err
	}
	c.Pos, c.clients = start, make([]clock.ClientID, 0, l.len)
	if err := c.elements(&l, func() error {
		err := one()
		c.clients = append(c.clients, id)
		return err
	}); err != nil {
		return err
	}
	return c.distinct(len(c.clients), func(i, j int) int { return c.clients[i].Compare(c.clients[j]) })
}

// readIDs reads the IDs of the records.
func (c *columnDecoder) readIDs() error {
	most := min(c.limits.Items, columnRecords)
	if int(c.lists.kind.len) > most {
		return &LimitError{What: "items", Limit: most}
	}
	return c.elements(&c.lists.id, func() error {
		start := c.Pos
		_, err := c.readName()
		c.lastID = c.Pos - start
		c.size += c.lastID + columnExtra
		return err
	})
}

// readColumns reads the columns of values.
func (c *columnDecoder) readColumns() error {
	var l list
	err := c.elements(&l, func() error {
		i := int(l.len)
		if i >= len(c.names) {
			return wrongColumns("more columns than names")
		}
		n := &c.names[i]
		deletes := string(c.name(i)) == DeletedField
		if err := c.elements(&n.values, func() error { return c.value(n, deletes) }); err != nil {
			return c.under(c.name(i), err)
		}
		return nil
	})
	if err == nil && int(l.len) < len(c.names) {
		err = wrongColumns("fewer columns than names")
	}
	return err
}

// value reads a value of a column. If the column deletes records, the value must be a boolean.
func (c *columnDecoder) value(n *columnName, deletes bool) error {
	start := c.Pos
	c.Clear()
	if err := c.Value(); err != nil {
		return err
	}
	read := c.text[start:c.Pos]
	switch {
	case !bytes.Equal(read, c.Out):
		c.Pos = start
		return wrongColumns("value not in canonical form")
	case deletes && read[0] != 't' && read[0] != 'f':
		c.Pos = start
		return errDeletedField
	}
	n.last = int32(len(read))
	c.size += len(read) + columnExtra
	return nil
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
