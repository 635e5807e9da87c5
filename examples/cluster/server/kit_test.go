package server

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

var (
	seeds     = flag.Int("seeds", 20, "the number of runs of the convergence kit in memory, for each kind of server")
	nodeSeeds = flag.Int("node-seeds", 4, "the number of runs of the convergence kit on nodes, for each of the five kinds of servers")
)

// workspace is the workspace of all tests.
const workspace = "demo"

// backing is what the servers of a test run on.
type backing interface {
	At(server int) Store // what a server is connected to
	Workspace() string
	Backup(t *testing.T) (restore func() backing)
}

// control is the port in memory.
type control struct{ *memory.Store }

func (c control) At(int) Store { return c.Store }

func (control) Workspace() string { return workspace }

func (c control) Backup(t *testing.T) func() backing {
	saved := c.Copy()
	return func() backing {
		c := control{saved.Copy()}
		c.Renew(t.Context())
		return c
	}
}

// newControl returns a store in memory with faults: about one batch in four meets one.
func newControl(*testing.T) control {
	c := control{memory.New()}
	dice := rand.New(rand.NewPCG(1, 2))
	c.Inject(func(store.Batch) memory.Fault {
		if dice.IntN(4) > 0 {
			return memory.None
		}
		return memory.Fault(1 + dice.IntN(4))
	})
	return c
}

// paused lets other requests in wherever the server calls the store, and may let the server die around a commit.
type paused struct {
	Store
	env *mergetest.Env
}

func (p paused) Commit(ctx context.Context, b store.Batch) error {
	p.env.Pause()
	if err := p.env.Crash(); err != nil {
		return err
	}
	err := p.Store.Commit(ctx, b)
	if err == nil {
		err = p.env.Crash()
	}
	return err
}

func (p paused) After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error) {
	p.env.Pause()
	page, err := p.Store.After(ctx, workspace, seq, limit)
	p.env.Pause()
	return page, err
}

// pair is two servers that take turns.
type pair struct {
	t       *testing.T
	env     *mergetest.Env
	on      backing
	options Options
	servers [2]*Server
	turn    int
}

func newPair(t *testing.T, env *mergetest.Env, on backing, o Options) (*pair, error) {
	o.Now = env.Now
	o.Log = slog.New(slog.DiscardHandler)
	b := &pair{t: t, env: env, on: on, options: o}
	return b, b.open()
}

func (p *pair) open() (err error) {
	for i := range p.servers {
		if p.servers[i], err = New(paused{p.on.At(i), p.env}, p.options); err != nil {
			return err
		}
		// The kit tests names and records of any size. Its storms never end within a request.
		p.servers[i].engine.Limits, p.servers[i].engine.MaxRecord, p.servers[i].attempts = record.Limits{}, 0, 20
		p.servers[i].quietFor = time.Millisecond // the change that asked for quiet waits for the requests that it lets in
	}
	return nil
}

func (p *pair) next() *Server {
	p.turn++
	return p.servers[p.turn%len(p.servers)]
}

// nextFront returns a handler for one request. A handler lets the pushes of a user wait for each other, and the kit
// sends some while another one is paused.
func (p *pair) nextFront() http.Handler {
	front, err := frontOf(p.t, p.next(), p.on.Workspace())
	if err != nil {
		p.t.Error(err)
		return http.NotFoundHandler()
	}
	return front
}

// Push uses the protocol, as all requests of the kit do.
func (p *pair) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	text, err := ask(p.nextFront(), client, httptest.NewRequest(http.MethodPost, "/v1/push?v=2&cursor=", bytes.NewReader(batch)))
	if err != nil {
		return nil, err
	}
	var answer struct{ Results json.RawMessage }
	err = json.Unmarshal(text, &answer)
	return answer.Results, err
}

// pull returns the lines of a pull of about one record.
func (p *pair) pull(client clock.ClientID, cursor string) (lines []byte, next string, err error) {
	lines, err = ask(p.nextFront(), client, httptest.NewRequest(http.MethodGet, "/v1/pull?limit=1&cursor="+url.QueryEscape(cursor), nil))
	if err != nil {
		return nil, "", err
	}
	var end struct{ Cursor string }
	last := bytes.TrimSpace(lines)
	err = json.Unmarshal(last[bytes.LastIndexByte(last, '\n')+1:], &end)
	return lines, end.Cursor, err
}

// Write is a write of a server's own.
func (p *pair) Write(key record.Key, field string, v record.Value) error {
	return p.next().Edit(p.t.Context(), p.on.Workspace(), key, func(e *record.Edit) { e.Set(field, v) })
}

// plain is a pair whose clients know nothing of fences.
type plain struct{ *pair }

// Pull returns about one record at a time.
func (p plain) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	if err := p.join(client); err != nil {
		return nil, "", err
	}
	lines, next, err := p.pull(client, cursor)
	var records []byte
	for line := range bytes.Lines(lines) {
		if !bytes.HasPrefix(line, []byte(`{"reset"`)) && !bytes.HasPrefix(line, []byte(`{"cursor"`)) {
			records = append(records, line...)
		}
	}
	return records, next, err
}

func (p plain) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if err := p.join(client); err != nil {
		return nil, err
	}
	return p.pair.Push(client, batch)
}

// join gives a client the bucket "".
func (p *pair) join(client clock.ClientID) error {
	return p.next().Grant(p.t.Context(), p.on.Workspace(), client.String(), map[string]string{"": "writer"})
}

func (p plain) Restart() (mergetest.Backend, error) { return p, p.open() }

func (p plain) Backup() (func() (mergetest.Backend, error), error) {
	restore := p.on.Backup(p.t)
	return func() (mergetest.Backend, error) {
		p.on = restore()
		return p, p.open()
	}, nil
}
