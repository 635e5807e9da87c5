package record

// rows makes the records of a chunk that was checked, so no error occurs.
func (c *columnDecoder) rows(d *Decoder) []Row {
	in := c.buckets()
	for i := range c.kinds {
		c.kinds[i].table = d.builder.table.word(c.stringAt(int(c.kinds[i].at)))
	}
	if most := c.mostFields(); cap(d.entries) < most {
		d.entries = make([]entry, 0, most)
	}
	w := c.walk()
	rows := make([]Row, w.left.kind.len)
	for i := range rows {
		_ = w.next()
		id := string(c.stringAt(int(w.left.id.at)))
		w.left.id = list{int32(c.Pos + 1), w.left.id.len - 1}
		w.takeFields(d)
		rows[i] = Row{d.builder.record(Key{w.kind.table, id}, d.entries, c.Out), in, w.seq}
	}
	return rows
}

// stringAt returns the string at an offset, and sets Pos to its end.
func (c *columnDecoder) stringAt(at int) []byte {
	c.Pos = at
	text, _ := c.Text()
	return text
}

// buckets returns the buckets of the records.
func (c *columnDecoder) buckets() []string {
	if c.in.len == 0 {
		return nil
	}
	in := make([]string, c.in.len)
	at := int(c.in.at)
	for i := range in {
		in[i] = string(c.stringAt(at))
		at = c.Pos + 1 // after the comma
	}
	return in
}

// takeFields takes the fields of a record into d.entries.
func (w *columnWalk) takeFields(d *Decoder) {
	w.Clear()
	d.entries = d.entries[:0]
	for fields := w.kind.fields; fields.len > 0; {
		name := int(w.take(&fields))
		e := entry{name: w.name(name), from: len(w.Out)}
		deleted := w.takeDeleted()
		switch text := w.takeValue(&w.names[name]); {
		case deleted:
			w.Out = append(w.Out, deletedText...)
		case string(text) != "null": // a Value stores null as ""
			w.Out = append(w.Out, text...)
		}
		e.to = len(w.Out)
		i := len(d.entries)
		switch {
		case len(w.recordsStamps) == 1:
			e.stamp = w.recordsStamps[0]
		case len(w.stampOf) > 0:
			e.stamp = w.recordsStamps[w.stampOf[i]]
		default:
			e.stamp = w.recordsStamps[i]
		}
		d.entries = append(d.entries, e)
	}
}
