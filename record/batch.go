package record

import (
	"bytes"
	"errors"
	"slices"
)

// Batch reads an array of mutations, or JSON Lines with one mutation per line. It returns an
// error if the batch as a whole cannot be understood. Otherwise it returns an Item for each
// mutation, in order; a refused item does not affect the others. An empty array is a valid
// batch; white space alone is not.
//
// A batch is refused as a whole, with ErrLimit, if it has more than 1,000 refused items and
// more than one per 64 bytes of input: their errors would cost many times the memory of the
// input.
func (d *Decoder) Batch(text []byte) ([]Item, error) {
	b := batch{Decoder: d, size: len(text)}
	if err := d.read(text, b.read); err != nil {
		return nil, err
	}
	return b.items(), nil
}

// batch is the state of a batch that is being read.
type batch struct {
	*Decoder
	size int // length of the text
	// full and last hold the items so far. For most batches, all items are in last.
	full    [][]Item
	last    []Item
	count   int
	refused int
}

// read reads a batch in either form.
func (b *batch) read() error {
	if b.parser.Peek() == '{' {
		return b.lines()
	}
	return b.array()
}

// array reads an array of mutations.
func (b *batch) array() error {
	p := &b.parser
	if err := p.Expect('['); err != nil {
		return err
	}
	p.Pos++
	if p.Accept(']') {
		return nil
	}
	for {
		if err := b.item(); err != nil {
			return err
		}
		if p.Accept(']') {
			return nil
		}
		if !p.Accept(',') {
			return p.Syntax("expected , or ]")
		}
	}
}

// lines reads mutations one after another, each on a line of its own.
func (b *batch) lines() error {
	p := &b.parser
	for p.Peek(); len(p.Rest()) > 0; p.Peek() {
		if err := b.item(); err != nil {
			return err
		}
		for p.Next(' ') || p.Next('\t') || p.Next('\r') {
		}
		if len(p.Rest()) > 0 && !p.Next('\n') {
			return p.Syntax("expected a line break after the mutation")
		}
	}
	return nil
}

// item reads the next item. It returns an error only if the end of the item cannot be found,
// or if there are too many items.
func (b *batch) item() error {
	p := &b.parser
	p.Peek()
	if b.count >= p.limits.Items {
		return &LimitError{What: "items", Limit: p.limits.Items}
	}
	p.item = b.count
	start := p.Pos
	m, err := b.mutation()
	if err != nil {
		if errors.Is(err, ErrSyntax) { // the end of the item cannot be found
			return err
		}
		err = p.located(err)
		p.Pos = start
		if err := b.refuse(); err != nil {
			return err
		}
	}
	p.item = noItem
	b.add(Item{m, err})
	return nil
}

// A refused item can cost more memory than its text. So a batch may have at most maxRefused
// refused items or, if it is long, one for each refusedSize bytes.
const (
	maxRefused  = 1000
	refusedSize = 64
)

// refuse counts a refused item and skips it.
func (b *batch) refuse() error {
	p := &b.parser
	if most := max(b.size/refusedSize, maxRefused); b.refused == most {
		return &LimitError{What: "refused", Limit: most}
	}
	b.refused++
	return p.Skip()
}

// add adds an item. The first slice has room for an estimated number of items. If the
// estimate was too low, that slice stays as it is and short slices follow. So add never copies
// earlier items, and never searches the rest of the input a second time.
func (b *batch) add(item Item) {
	if len(b.last) == cap(b.last) {
		room := 64
		if b.last == nil {
			const shortest = len(`{"table":"t","id":"i","data":{}}`)
			rest := b.parser.Rest()
			room = 1 + min(bytes.Count(rest, []byte(`"table"`)), len(rest)/shortest)
		} else {
			b.full = append(b.full, b.last)
		}
		b.last = make([]Item, 0, room)
	}
	b.last = append(b.last, item)
	b.count++
}

// items returns all items in one slice.
func (b *batch) items() []Item {
	switch {
	case b.count == 0:
		return []Item{}
	case len(b.full) == 0:
		return b.last
	}
	return slices.Concat(append(b.full, b.last)...)
}
