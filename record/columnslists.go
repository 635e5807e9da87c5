package record

import (
	"bytes"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

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
