package replica

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/merge/buckets"
)

// The buckets in which a record is held are a sorted slice that records share. Nil stands for the one
// bucket "" of a workspace without partial replication, and an empty slice for a record that no line
// of a pull has brought yet.

// undivided returns the buckets of a workspace without partial replication.
func undivided() []string { return []string{""} }

// maxShared is the maximum number of slices that are kept to be shared. Sharing saves memory only.
const maxShared = 10_000

// Buckets returns the buckets that the client may read, as the server told it last, sorted. They are
// the one bucket "" if the workspace has no partial replication.
func (r *Replica) Buckets() []string {
	if r.buckets == nil {
		return undivided()
	}
	return slices.Clone(r.buckets)
}

// share returns the buckets in a JSON array.
func (r *Replica) share(array []byte) ([]string, error) {
	if in, ok := r.shared[string(array)]; ok {
		return in, nil
	}
	var names []string
	if err := json.Unmarshal(array, &names); err != nil {
		return nil, err
	}
	if r.shared == nil || len(r.shared) >= maxShared {
		r.shared = make(map[string][]string)
	}
	slices.Sort(names)
	in := heldForm(slices.Compact(names))
	r.shared[string(array)] = in
	return in, nil
}

// heldForm returns the form in which sorted buckets are held.
func heldForm(names []string) []string {
	switch {
	case len(names) == 1 && names[0] == "":
		return nil
	case names == nil:
		return []string{}
	}
	return names
}

// told is the member buckets of a trailer. A server that divides its records names the one bucket "" in
// each trailer, and other buckets when they change. A server without buckets does not have the member.
type told struct {
	names   []string // nil for the one bucket ""
	present bool     // if it is absent, the buckets are the same as in the trailer before
}

// UnmarshalJSON reads the names of the buckets.
func (t *told) UnmarshalJSON(array []byte) error {
	*t = told{present: string(array) != "null"}
	if !t.present || string(array) == `[""]` {
		return nil
	}
	var names []string
	if err := json.Unmarshal(array, &names); err != nil {
		return err
	}
	slices.Sort(names)
	t.names = heldForm(slices.Compact(names))
	return nil
}

// has returns the names, or nil if the trailer does not name them.
func (t told) has() []string {
	if t.present && t.names == nil {
		return undivided()
	}
	return t.names
}

// bucketsIn returns the buckets that the line for a record names, or the bucket "" if it names none.
func (r *Replica) bucketsIn(line []byte) ([]string, error) {
	rest, hasSeq := bytes.CutPrefix(line, []byte(`{"seq":`))
	rest = bytes.TrimLeft(rest, "0123456789")
	rest, hasIn := bytes.CutPrefix(rest, []byte(`,"in":`))
	if hasSeq && hasIn {
		if bytes.HasPrefix(rest, []byte(`[""]`)) {
			return nil, nil
		}
		if array := plainArray(rest); array != nil {
			return r.share(array)
		}
	}
	if !bytes.Contains(line, []byte(`"in"`)) {
		return nil, nil
	}
	var l struct {
		In json.RawMessage `json:"in"`
	}
	if err := json.Unmarshal(line, &l); err != nil || l.In == nil {
		return nil, err
	}
	return r.share(l.In)
}

// plainArray returns the JSON array at the beginning of a text, or nil if it has escapes.
func plainArray(text []byte) []byte {
	inText := false
	for i, c := range text {
		switch {
		case c == '\\':
			return nil
		case c == '"':
			inText = !inText
		case c == ']' && !inText:
			return text[:i+1]
		}
	}
	return nil
}

// parseBuckets notes the buckets of the next records of a chunk. Each record is on a line of its own.
func (r *Replica) parseBuckets(c *chunk, lines []byte, records int) error {
	n := len(c.items)
	for text := range bytes.Lines(lines) {
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		in, err := r.bucketsIn(text)
		if err != nil {
			return fmt.Errorf("%w: in: want an array of texts", ErrAnswer)
		}
		if in != nil {
			c.in = append(c.in, make([][]string, n-len(c.in))...)
			c.in = append(c.in, in)
		}
		n++
	}
	if n != len(c.items)+records {
		return fmt.Errorf("%w: want each record on a line of its own", ErrAnswer)
	}
	return nil
}

// bucketsOf returns the buckets of one of the records of a chunk.
func (c *chunk) bucketsOf(i int) []string {
	if i >= len(c.in) {
		return nil
	}
	return c.in[i]
}

// isBrought reports whether a line of a pull has brought what is confirmed of a record. If none has,
// it is known only from the client's own accepted edits.
func (h *held) isBrought() bool { return h.in == nil || len(h.in) > 0 }

// forgetLost forgets a record whose buckets the client has lost, or loads again. If the server divides its
// records, the record may be in buckets now that the user may not read, and then no line brings it: its
// edits are hidden until one does. Otherwise the user may read every record, and edits stay shown: a
// restored server that lacks the record takes them.
func (r *Replica) forgetLost(h *held) {
	if r.divided && h.isBrought() && h.confirmed.Len() > 0 {
		r.leave(h)
	} else {
		r.forget(h)
	}
}

// lose takes buckets away: records that are in no other bucket are forgotten.
func (r *Replica) lose(l buckets.Loss) {
	kept := make(map[*string][]string) // by the first name of the buckets before, which records share
	one := undivided()
	for _, table := range r.tables {
		for _, h := range table {
			if h.confirmed.Len() == 0 || !h.isBrought() {
				continue
			}
			in := h.in
			if in == nil {
				in = one
			}
			now, known := kept[&in[0]]
			if !known {
				now = l.Keep(in)
				kept[&in[0]] = now
			}
			switch {
			case len(now) == 0:
				r.change(h, func() { r.forgetLost(h) })
			case len(now) < len(in):
				h.in = heldForm(now)
				r.unsaved.record(h)
			}
		}
	}
}
