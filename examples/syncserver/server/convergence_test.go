package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// pair is a backend for the convergence kit: two servers that take turns, on one database. Each has
// its own Database, with its own connections.
type pair struct {
	servers [2]*Server
	name    string
	env     *mergetest.Env
	turn    int
}

// newPair returns a function that creates pairs. To create the database, a pair calls the given
// function, which returns the name of an empty database.
func newPair(t *testing.T, name func(*testing.T) string) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		return openPair(name(t), env)
	}
}

func openPair(name string, env *mergetest.Env) (*pair, error) {
	p := &pair{name: name, env: env}
	return p, p.open(Options{})
}

// open opens the database. It sets the options that all pairs have.
func (p *pair) open(o Options) error {
	o.Guard, o.Rules, o.TableMaxRecord, o.Journal = board.Guard(), board.Rules(), board.MaxRecords(), true
	o.Log, o.Now = slog.New(slog.DiscardHandler), p.env.Now
	for i := range p.servers {
		d, err := OpenDatabase(context.Background(), p.name)
		if err != nil {
			return err
		}
		if p.servers[i], err = New(context.Background(), d, o); err != nil {
			return err
		}
	}
	return nil
}

// next returns the server whose turn it is.
func (p *pair) next() *Server {
	p.turn++
	return p.servers[p.turn%2]
}

func (p *pair) Close() error {
	for _, s := range p.servers {
		s.database.Close()
	}
	return nil
}

// Restart opens the same database again.
func (p *pair) Restart() (mergetest.Backend, error) {
	p.Close()
	return openPair(p.name, p.env)
}

// admitted returns a client after its first request with a token of the server.
func (s *Server) admitted(client clock.ClientID) (Sender, error) {
	m := Sender{Workspace: "demo", User: client.String(), Client: client}
	return m, s.admit(context.Background(), Account{User: m.User, Workspace: m.Workspace, Client: client})
}

// Push may crash before it stores anything, or after the commit.
func (p *pair) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	return p.pushBy(client, batch, nil)
}

// pushBy pushes as a client of a version.
func (p *pair) pushBy(client clock.ClientID, batch []byte, version *lens.Lens) ([]byte, error) {
	if err := p.env.Crash(); err != nil {
		return nil, err
	}
	m, err := p.servers[0].admitted(client)
	if err != nil {
		return nil, err
	}
	b := Pushed{Body: batch}
	if version != nil {
		b.old = &oldForm{Lens: *version}
	}
	out, err := p.next().push(context.Background(), m, b)
	if err := p.env.Crash(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return b.old.results(out), nil
}

// Write is a write of a server's own. Each process has another ID.
func (p *pair) Write(key record.Key, field string, v record.Value) error {
	_, err := p.next().Write(context.Background(), "demo", key, func(e *record.Edit) error {
		e.Set(field, v)
		return nil
	})
	return err
}

// Import is a run of an import.
func (p *pair) Import(id clock.ClientID, rows []mergetest.ImportRow) error {
	all := make([]imports.Row, len(rows))
	for i, row := range rows {
		all[i] = imports.Row(row)
	}
	done, err := p.next().Import(context.Background(), "demo", Source{Name: "kit", ID: id}, all)
	return errors.Join(err, done.Err)
}

// Audit returns the violation rows that an audit has changed.
func (p *pair) Audit() (changed []record.Key, err error) {
	report, err := p.next().Audit(context.Background(), "demo")
	if errors.Is(err, ErrEmpty) {
		return nil, nil
	}
	for _, u := range report.Updates {
		changed = append(changed, u.After.Key())
	}
	return changed, errors.Join(err, report.Err)
}

// Pull reads pages of one record, so that a page boundary follows each record. Others may push
// before the page arrives.
func (p *pair) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	return p.pullBy(client, cursor, nil)
}

// pullBy pulls as a client of a version.
func (p *pair) pullBy(client clock.ClientID, cursor string, version *lens.Lens) ([]byte, string, error) {
	after, _ := strconv.ParseInt(cursor, 10, 64) // the first cursor is empty
	m, err := p.servers[0].admitted(client)
	if err != nil {
		return nil, cursor, err
	}
	rest := page{Sender: m, old: version, after: after, limit: 1, chunk: 1}
	lines, err := p.next().pull(context.Background(), &rest)
	p.env.Pause()
	if err != nil || len(lines) == 0 {
		return nil, cursor, err
	}
	return lines, strconv.FormatInt(rest.after, 10), nil
}

// TestServersPassTheConvergenceKit lets simulated devices work with two servers on one database,
// with all faults that the kit simulates.
func TestServersPassTheConvergenceKit(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit on each database")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		t.Run("tasks", func(t *testing.T) {
			mergetest.Run(t, newPair(t, name), mergetest.Options{
				Seeds: 8, Table: board.Tasks,
				Fields: map[string][]string{
					board.Title:  {`""`, "null", `"x"`},
					board.Status: {`"todo"`, `"done"`},
					"points":     {"9", "10", "9007199254740993"},
					"extra/é":    {"true", `{"<é>":[2.5]}`},
					"tag/é":      {"true"},
				},
				OnlyFields: true,
				Refused: map[merge.Code]map[string]string{
					board.TitleTooLong:  {board.Title: `"` + strings.Repeat("x", board.MaxTitle+1) + `"`},
					merge.Invalid:       {board.Title: "7", "tag/é": "false"},
					merge.LimitExceeded: {"points": `"` + strings.Repeat("x", maxValue) + `"`},
				},
			})
		})
		t.Run("with the client of this example", func(t *testing.T) {
			mergetest.Run(t, newPair(t, name), mergetest.Options{
				Seeds: 8,
				NewClient: func(id clock.ClientID, wall func() time.Time) mergetest.Client {
					r, err := replica.Open(replica.Options{ID: id, Wall: wall})
					if err != nil {
						t.Fatal(err)
					}
					return own{r, new(replica.Pull)}
				},
				Fields:     map[string][]string{board.Title: {`"x"`, `"y"`}, board.Status: {`"todo"`, `"done"`}},
				OnlyFields: true,
			})
		})
		t.Run("meetings", func(t *testing.T) {
			mergetest.Run(t, newPair(t, name), mergetest.Options{
				Seeds: 8, Table: board.Meetings, IDs: []string{"a", "b", "c"},
				Fields: map[string][]string{
					rooms.FieldTitle: {`"Stand-up"`, "null"},
					rooms.FieldSlot:  {slot("Lind", 9), slot("Lind", 10), slot("Elm", 10)},
				},
				OnlyFields: true,
			})
		})
	})
}

// own adapts the client of this example to the kit. It pushes its whole outbox at once. The kit pulls
// pages without trailers, from the cursor that it gets; the last page returns the same cursor.
type own struct {
	*replica.Replica
	pull *replica.Pull // that began last
}

func (c own) Outbox() []byte { return c.Batch(math.MaxInt, math.MaxInt) }

func (c own) Cursor() string {
	*c.pull = c.BeginPull()
	return c.pull.Cursor
}

func (c own) Pulled(lines []byte, next string) error {
	more := next != c.Replica.Cursor()
	return c.Replica.Pulled(c.pull, fmt.Appendf(bytes.Clone(lines), "\n{\"cursor\":%q,\"more\":%t}\n", next, more))
}

// slot returns a slot that takes the given room for two hours, from the given hour.
func slot(room string, hour int) string {
	from := time.Date(2024, 3, 5, hour, 0, 0, 0, time.UTC)
	return record.MustOf(rooms.Slot{Room: room, Start: from, End: from.Add(2 * time.Hour)}).JSON()
}
