package merge_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// server is a backend. Its maps stand for tables, and a method for a transaction.
type server struct {
	engine  merge.Engine
	clock   *clock.Clock // with the bound against clients
	wall    func() time.Time
	records map[record.Key]row
	marks   map[clock.ClientID]clock.Timestamp
	seq     int
}

// row is a stored record, and the sequence at which it last changed.
type row struct {
	record.Record
	seq int
}

// push is the push handler: client is who was authenticated. In a database, all
// between Keys and Observe is one transaction.
func (s *server) push(client clock.ClientID, body []byte) ([]byte, error) {
	items, err := s.engine.Decode(body)
	if err != nil {
		return nil, err // the batch makes no sense, and nothing of it was applied
	}
	in := merge.Input{Actor: client, Wall: s.wall(), Items: items}
	in.Marks = []clock.Stamp{{Time: s.marks[client], Client: client}}
	in.Current = s.load(s.engine.Keys(in))
	answer := s.engine.Apply(in)
	s.save(answer)
	if err := s.clock.Observe(answer.Greatest); err != nil {
		return nil, err // the wall clock was set back meanwhile
	}
	return answer.AppendJSON(nil), nil
}

func (s *server) load(keys []record.Key) merge.Collection {
	var found []record.Record
	for _, key := range keys {
		found = append(found, s.records[key].Record)
	}
	return merge.Collect(found...)
}

func (s *server) save(a merge.Answer) {
	for _, u := range a.Updates {
		s.seq++
		s.records[u.After.Key()] = row{u.After, s.seq}
	}
	for _, mark := range a.Marks {
		s.marks[mark.Client] = mark.Time
	}
}

// pull is the pull handler: all that changed after the cursor, and the next cursor.
func (s *server) pull(cursor int) (lines []byte, next int) {
	rows := slices.SortedFunc(maps.Values(s.records), func(a, b row) int { return cmp.Compare(a.seq, b.seq) })
	for _, r := range rows {
		if r.seq > cursor {
			lines = append(record.Mutation{Data: r.Record}.AppendJSON(lines), '\n')
			cursor = r.seq
		}
	}
	return lines, cursor
}

// client is an app with a replica: what the server confirmed, and an outbox of what
// is its own and not yet sent. What it shows is the join of both.
type client struct {
	id        clock.ClientID
	clock     *clock.Clock // without a bound: it trusts its server
	confirmed map[record.Key]record.Record
	outbox    []record.Mutation
	cursor    int
}

func (c *client) shown(key record.Key) record.Record {
	all := []record.Record{c.confirmed[key]}
	for _, m := range c.outbox {
		if m.Data.Key() == key {
			all = append(all, m.Data)
		}
	}
	r, ok := merge.Collect(all...).Get(key)
	if !ok {
		return record.New(key)
	}
	return r
}

func (c *client) set(key record.Key, field string, value any) error {
	stamp := clock.Stamp{Time: c.clock.Now(), Client: c.id}
	m, err := c.shown(key).Edit(stamp).Set(field, value).Mutation()
	if err == nil {
		c.outbox = append(c.outbox, m)
	}
	return err
}

// push sends the outbox. An item leaves it when it is accepted, and then it is
// confirmed, or when it is refused for good, which rolls it back.
func (c *client) push(s *server) error {
	body := []byte{}
	for _, m := range c.outbox {
		body = append(m.AppendJSON(body), '\n')
	}
	text, err := s.push(c.id, body)
	if err != nil {
		return err
	}
	var results []struct {
		Verdict, Code string
		Retryable     bool
		Notes         []string
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return err
	}
	var keep []record.Mutation
	for i, r := range results {
		m := c.outbox[i]
		switch {
		case r.Verdict == "accepted":
			joined := merge.Collect(c.confirmed[m.Data.Key()], m.Data)
			c.confirmed[m.Data.Key()], _ = joined.Get(m.Data.Key())
		case r.Retryable:
			keep = append(keep, m)
		}
		fmt.Println(m.Data.Key(), r.Verdict, r.Code, r.Notes)
	}
	c.outbox = keep
	return nil
}

// pull replaces what is confirmed by what the server has now.
func (c *client) pull(s *server) error {
	var lines []byte
	lines, c.cursor = s.pull(c.cursor)
	var d record.Decoder
	for line := range bytes.Lines(lines) {
		m, err := d.Mutation(line)
		if err != nil {
			return err
		}
		c.confirmed[m.Data.Key()] = m.Data
		for _, w := range m.Data.All() {
			if err := c.clock.Observe(w.Stamp.Time); err != nil {
				return err
			}
		}
	}
	return nil
}

// A server and two clients in short: the push handler, the pull handler, and an
// outbox. Both edit one title offline; the later edit wins, and the client that
// replaced one that it had not seen is told so.
func Example_sync() {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	wall := func() time.Time { now = now.Add(time.Second); return now }
	open := func(id string) *client {
		c, _ := clock.New(clock.Options{Now: wall, MaxAhead: -1})
		return &client{id: clock.MustParseClientID(id), clock: c, confirmed: map[record.Key]record.Record{}}
	}
	serverClock, _ := clock.New(clock.Options{Now: wall})
	s := &server{
		clock: serverClock, wall: wall,
		records: map[record.Key]row{}, marks: map[clock.ClientID]clock.Timestamp{},
		engine: merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
			if m.Data.Key().Table != "tasks" {
				return fmt.Errorf("no such table")
			}
			return nil
		}},
	}
	ana := open("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben := open("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
	fence := record.Key{Table: "tasks", ID: "fence"}

	var errs []error
	do := func(err error) { errs = append(errs, err) }
	do(ana.set(fence, "title", "Paint the fence"))
	do(ana.push(s))
	do(ben.pull(s))
	do(ana.set(fence, "title", "Paint the fence green"))
	do(ben.set(fence, "title", "Paint the fence red"))
	do(ben.set(fence, "due", "2026-03-06"))
	do(ben.set(record.Key{Table: "secrets", ID: "1"}, "x", 1))
	do(ana.push(s))
	do(ben.push(s))
	do(ana.pull(s))
	do(ben.pull(s))
	for _, c := range []*client{ana, ben} {
		fmt.Println(c.shown(fence).Map(), len(c.outbox))
	}
	for _, err := range errs {
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// tasks/fence accepted  []
	// tasks/fence accepted  []
	// tasks/fence accepted  [lost_edit]
	// tasks/fence accepted  []
	// secrets/1 refused forbidden []
	// map[due:2026-03-06 title:Paint the fence red] 0
	// map[due:2026-03-06 title:Paint the fence red] 0
}
