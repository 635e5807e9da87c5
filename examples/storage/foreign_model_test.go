package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// cell models one task: the stored write of its title, and the column that other programs see.
type cell struct {
	begin   string // how the row began
	steps   string
	exists  bool   // the row
	known   bool   // to the server, which has given it a sequence
	stored  string // the JSON of the value, "deleted", or "" if the title is absent
	at      time.Time
	column  string // the JSON of the column
	deleted bool   // stored
	removed bool   // the column deleted
}

// shown returns the column that belongs to the stored write.
func (c *cell) shown() string {
	if strings.HasPrefix(c.stored, `"`) {
		return c.stored
	}
	return "null"
}

// stamp models what the server does before each change of a task, and in a sweep.
func (c *cell) stamp(now time.Time) {
	if c.column != c.shown() {
		c.stored, c.at = c.column, now
	}
	c.deleted, c.known = c.removed, c.exists
}

// write models a push.
func (c *cell) write(value string, at, now time.Time) {
	c.stamp(now)
	if c.stored == "" || at.After(c.at) {
		c.stored, c.at = value, at
	}
	c.exists, c.known, c.column = true, true, c.shown()
}

// cells returns a cell for each beginning and each sequence of steps.
func cells(length int) (all []*cell) {
	sequences := []string{""}
	for range length {
		var longer []string
		for _, s := range sequences {
			for _, step := range "ubndpos" {
				longer = append(longer, s+string(step))
			}
		}
		sequences = longer
	}
	for _, begin := range []string{`"Paint"`, `null`, `["a","list"]`, `deleted`, `inserted`} {
		for _, steps := range sequences {
			c := &cell{begin: begin, steps: steps, exists: true, known: true, stored: begin, at: noon(), column: "null"}
			c.column = c.shown()
			if begin == "inserted" {
				c.known, c.stored, c.column = false, "", `"Paint"`
			}
			all = append(all, c)
		}
	}
	return all
}

func (c *cell) id() string { return c.begin + c.steps }

// bench runs the steps of all cells on a server.
type bench struct {
	t      *testing.T
	s      *server
	wall   time.Time
	phone  replica           // pulls after each step
	values map[string]string // by record, field and stamp
}

// replica replaces its records by what it pulls.
type replica struct {
	records map[record.Key]record.Record
	cursor  int64
}

// pull pulls everything new in large pages.
func (r *replica) pull(t *testing.T, s *server) {
	t.Helper()
	if r.records == nil {
		r.records = make(map[record.Key]record.Record)
	}
	for {
		p, err := s.pull(context.Background(), r.cursor, 1000)
		require.NoError(t, err)
		if p.cursor == r.cursor {
			return
		}
		news, err := parseLines(p.lines)
		require.NoError(t, err)
		for n := range news.All() {
			r.records[n.Key()] = n
		}
		r.cursor = p.cursor
	}
}

// sql runs a statement on the tasks of the cells.
func (b *bench) sql(statement string, cells []*cell) {
	ids := make([]string, len(cells))
	for i, c := range cells {
		ids[i] = "'" + c.id() + "'"
	}
	exec(b.t, b.s.db, statement+` (`+strings.Join(ids, ", ")+`)`)
}

// push pushes an edit of the title of each cell. Its author has seen what the phone has seen, or
// nothing if the stamp is older than that.
func (b *bench) push(stamp clock.Stamp, title string, cells []*cell) {
	var body []byte
	for _, c := range cells {
		m, err := b.phone.records[task(c.id())].WithKey(task(c.id())).Edit(stamp).Set("title", title).Mutation()
		if errors.Is(err, record.ErrStamp) {
			m, err = record.New(task(c.id())).Edit(stamp).Set("title", title).Mutation()
		}
		require.NoError(b.t, err)
		body = append(m.AppendJSON(body), '\n')
	}
	answer, err := b.s.push(context.Background(), stamp.Client, body)
	require.NoError(b.t, err)
	require.NotContains(b.t, string(answer), `"refused"`)
	for _, c := range cells {
		c.write(`"`+title+`"`, stamp.Time.Time(), b.wall)
	}
}

// step runs one step of each cell: the foreign updates u (another value), b (the first value) and
// n (NULL); a foreign d(elete); a p(ush) of an edit made just now; a push of an o(ld) edit, made
// before all others; and a s(weep).
func (b *bench) step(step rune, cells []*cell) {
	if len(cells) == 0 {
		return
	}
	for _, u := range []struct {
		step        rune
		value, json string
	}{{'u', `'u'`, `"u"`}, {'b', `'Paint'`, `"Paint"`}, {'n', `NULL`, `null`}} {
		if step == u.step {
			b.sql(`UPDATE tasks SET title = `+u.value+` WHERE id IN`, cells)
			for _, c := range cells {
				if c.exists {
					c.column = u.json
				}
			}
		}
	}
	switch step {
	case 'd':
		b.sql(`DELETE FROM tasks WHERE id IN`, cells)
		for _, c := range cells {
			if !c.known {
				c.exists, c.column = false, "null"
			}
			c.removed = c.exists
		}
	case 'p':
		justNow := clock.TimestampOf(b.wall.Add(-time.Millisecond))
		b.push(clock.Stamp{Time: justNow, Client: ana}, fmt.Sprint("p", b.wall.Minute()), cells)
	case 'o':
		b.push(clock.Stamp{Time: at(0) + 1, Client: ben}, "old", cells)
	case 's':
		var ids []string
		for _, c := range cells {
			if c.exists {
				ids = append(ids, c.id())
				c.stamp(b.wall)
			}
		}
		require.NoError(b.t, b.s.stamp(context.Background(), ids))
	}
}

// look compares all cells with what devices and other programs see.
func (b *bench) look(all []*cell) {
	b.phone.pull(b.t, b.s)
	var fresh replica
	fresh.pull(b.t, b.s)
	require.Len(b.t, b.phone.records, len(fresh.records))
	for key, r := range fresh.records {
		require.True(b.t, r.Equal(b.phone.records[key]), "a new device sees %v, one that pulls often sees %v", r, b.phone.records[key])
		for name, w := range r.All() {
			key := fmt.Sprintf("%s %s %s", r.Key(), name, w.Stamp)
			if before, ok := b.values[key]; ok && before != w.Value.String() {
				require.Fail(b.t, "one stamp, two values", "%s: %s and %s", key, before, w.Value)
			}
			b.values[key] = w.Value.String()
		}
	}
	columns := b.columns()
	for _, c := range all {
		r := fresh.records[task(c.id())]
		stored := ""
		if title, ok := r.Get("title"); ok {
			stored = title.Value.String()
		}
		require.Equal(b.t, c.stored, stored, "%s: the title that devices see", c.id())
		require.Equal(b.t, c.deleted, r.Deleted(), c.id())
		require.Equal(b.t, c.column, cmp.Or(columns[c.id()], "null"), "%s: the title that other programs see", c.id())
	}
}

// columns returns the titles that other programs see, as JSON.
func (b *bench) columns() map[string]string {
	rows, err := b.s.db.Query(`SELECT id, title FROM tasks`)
	require.NoError(b.t, err)
	defer rows.Close()
	titles := make(map[string]string)
	for rows.Next() {
		var id string
		var title *string
		require.NoError(b.t, rows.Scan(&id, &title))
		text, err := json.Marshal(title)
		require.NoError(b.t, err)
		titles[id] = string(text)
	}
	require.NoError(b.t, rows.Err())
	return titles
}

// begin stores the beginnings of all cells.
func (b *bench) begin(all []*cell) {
	var inserted []string
	var body []record.Record
	for _, c := range all {
		e := record.New(task(c.id())).Edit(clock.Stamp{Time: at(0), Client: ana})
		switch c.begin {
		case "inserted":
			inserted = append(inserted, `('`+c.id()+`', 'Paint')`)
			continue
		case "deleted":
			e.Delete("title")
		default:
			v, err := record.ParseValue([]byte(c.begin))
			require.NoError(b.t, err)
			e.Set("title", v)
		}
		m, err := e.Mutation()
		require.NoError(b.t, err)
		body = append(body, m.Data)
	}
	pushAs(b.t, b.s, ana, body...)
	exec(b.t, b.s.db, `INSERT INTO tasks (id, title) VALUES `+strings.Join(inserted, ", "))
}

// TestForeignWritesInAllOrders: foreign updates and deletes, pushes and sweeps of one task, in all
// orders. No device ever sees two values under one stamp, a new device sees what the others see,
// and a foreign value is replaced only by a later write.
func TestForeignWritesInAllOrders(t *testing.T) {
	for name, open := range columnsServers() {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, s: open(t), wall: noon(), values: make(map[string]string)}
			b.s.wall = func() time.Time { return b.wall }
			var err error
			b.s.clock, err = clock.New(clock.Options{Now: b.s.wall, MaxAhead: -1})
			require.NoError(t, err)
			const length = 3
			all := cells(length)
			b.begin(all)
			b.look(all)
			for i := range length {
				b.wall = b.wall.Add(time.Minute)
				for _, step := range "ubndpos" {
					var doing []*cell
					for _, c := range all {
						if rune(c.steps[i]) == step {
							doing = append(doing, c)
						}
					}
					b.step(step, doing)
				}
				b.look(all)
			}
			require.NoError(t, b.s.sweep(context.Background()))
			for _, c := range all {
				c.stamp(b.wall)
			}
			b.look(all)
			require.Empty(t, dirtyRows(t, b.s))
		})
	}
}

// dirtyRows returns the IDs of the rows with foreign writes.
func dirtyRows(t *testing.T, s *server) []string {
	t.Helper()
	ids, err := s.dirtyAfter(context.Background(), "", 10)
	require.NoError(t, err)
	return ids
}
