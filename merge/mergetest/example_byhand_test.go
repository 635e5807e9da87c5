package mergetest_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// byHand is a backend without merge.Engine. Its rows are in the order of their last change.
type byHand struct {
	env  *mergetest.Env
	rows []row
	seq  int
}

type row struct {
	seq   int
	Table string          `json:"table"`
	ID    string          `json:"id"`
	Data  map[string]cell `json:"data"`
}

type cell struct {
	Value     json.RawMessage `json:"value,omitempty"`
	Deleted   bool            `json:"deleted,omitempty"`
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// compare implements the rule: time, client, deletion above value, value.
func (c cell) compare(d cell) int {
	deleted := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(c.UpdatedAt, d.UpdatedAt), bytes.Compare(c.ClientID[:], d.ClientID[:]),
		cmp.Compare(deleted[c.Deleted], deleted[d.Deleted]), bytes.Compare(c.Value, d.Value))
}

// arrival is a write of an accepted item, with the index of the item and the name of the field.
type arrival struct {
	cell
	item int
	name string
}

func (s *byHand) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(batch, &items); err != nil || !utf8.Valid(batch) {
		return nil, errors.New("400 Bad Request")
	}
	replies, changes := make([]merge.Reply, len(items)), make([]row, len(items))
	var writes []arrival
	for i, text := range items {
		code := s.read(&changes[i], client, text)
		replies[i] = merge.Reply{Index: i, Table: changes[i].Table, ID: changes[i].ID, Verdict: "accepted"}
		if code != "" {
			replies[i].Verdict, replies[i].Code = "refused", code
			replies[i].Retryable = code == merge.TooFarAhead || code == merge.ServerClock
			replies[i].ServerTime = clock.TimestampOf(s.env.Now())
			continue
		}
		for name, c := range changes[i].Data {
			writes = append(writes, arrival{c, i, name})
		}
	}
	slices.SortFunc(writes, func(a, b arrival) int {
		return cmp.Or(a.compare(b.cell), cmp.Compare(a.item, b.item), cmp.Compare(a.name, b.name))
	})
	for _, w := range writes {
		r, c := &replies[w.item], changes[w.item]
		old, stored := s.write(c.Table, c.ID, w)
		r.Changed = r.Changed || stored
		if old.UpdatedAt == w.UpdatedAt && old.ClientID == w.ClientID && old.compare(w.cell) != 0 {
			r.Notes = []merge.Code{merge.StampCollision}
		}
	}
	return json.Marshal(replies)
}

// read reads an item, and returns the code of its refusal, or "".
func (s *byHand) read(r *row, client clock.ClientID, text []byte) merge.Code {
	if json.Unmarshal(text, r) != nil || r.Table == "" || r.ID == "" {
		return merge.Invalid
	}
	ahead := false
	for name, c := range r.Data {
		v, err := record.ParseValue(c.Value)
		switch {
		case c.Deleted == (err == nil), c.UpdatedAt.IsZero(), name == "$deleted" && v.JSON() != "true" && v.JSON() != "false":
			return merge.Invalid
		case name != "$deleted" && strings.HasPrefix(name, "$"), c.ClientID != client:
			return merge.Forbidden
		case !c.Deleted:
			c.Value = json.RawMessage(v.JSON()) // canonical
			r.Data[name] = c
		}
		ahead = ahead || c.UpdatedAt.Millis()-s.env.Now().UnixMilli() > clock.DefaultMaxAhead.Milliseconds()
	}
	if s.env.Now().Year() < 2020 {
		return merge.ServerClock
	}
	return map[bool]merge.Code{true: merge.TooFarAhead}[ahead]
}

// write stores a write if it is greater than the stored one. It returns the previously stored write.
func (s *byHand) write(table, id string, w arrival) (old cell, stored bool) {
	r := row{Table: table, ID: id, Data: map[string]cell{}}
	i := slices.IndexFunc(s.rows, func(r row) bool { return r.Table == table && r.ID == id })
	if i >= 0 {
		r = s.rows[i]
	}
	old, known := r.Data[w.name]
	if known && w.compare(old) <= 0 {
		return old, false
	}
	if i >= 0 {
		s.rows = slices.Delete(s.rows, i, i+1)
	}
	s.seq++
	r.seq, r.Data[w.name] = s.seq, w.cell
	s.rows = append(s.rows, r)
	return old, true
}

// Pull returns the next row after the cursor.
func (s *byHand) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	after, _ := strconv.Atoi(cursor)
	for _, r := range s.rows {
		if r.seq > after {
			line, err := json.Marshal(r)
			return line, strconv.Itoa(r.seq), err
		}
	}
	return nil, cursor, nil
}

func newByHand(env *mergetest.Env) (mergetest.Backend, error) { return &byHand{env: env}, nil }

// A backend that is written by hand, without merge.Engine.
func Example_byHand() {
	fmt.Println(mergetest.Check(newByHand, mergetest.Options{Seeds: 5}))
	// Output: <nil>
}
