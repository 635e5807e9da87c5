package server

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

var seeds = flag.Int("seeds", 20, "the number of runs of the convergence kit, for each kind of server")

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
	}
	return nil
}

func (p *pair) next() *Server {
	p.turn++
	return p.servers[p.turn%len(p.servers)]
}

func (p *pair) member(client clock.ClientID) syncserver.Sender {
	return syncserver.Sender{Workspace: p.on.Workspace(), User: client.String(), Client: client}
}

func (p *pair) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	out, err := p.next().Push(p.t.Context(), p.member(client), syncserver.Pushed{Body: batch})
	if err != nil {
		return nil, err
	}
	return out.Answer.AppendJSON(nil), nil
}

// pull returns the lines of a chunk.
func (p *pair) pull(client clock.ClientID, text string, limit int) (chunk Chunk, lines []byte, next string, err error) {
	at, err := buckets.ParseCursor(text)
	if err != nil {
		return chunk, nil, "", err
	}
	if chunk, err = p.next().Pull(p.t.Context(), p.member(client), at, limit); err != nil {
		return chunk, nil, "", err
	}
	for _, r := range chunk.Resets {
		lines = appendLine(lines, map[string]any{"reset": r.Buckets, "why": r.Why})
	}
	for _, f := range chunk.Records {
		lines = appendFound(lines, f)
	}
	return chunk, lines, chunk.Cursor.String(), nil
}

func appendFound(dst []byte, f Found) []byte {
	key := f.Record.Key()
	if len(f.In) == 0 {
		return appendLine(dst, map[string]any{"seq": f.Seq, "table": key.Table, "id": key.ID, "left": true, "erased": f.Erased})
	}
	in, _ := json.Marshal(f.In)
	dst = append(append(append(dst, `{"in":`...), in...), ',')
	return append(append(dst, record.Mutation{Data: f.Record}.AppendJSON(nil)[1:]...), '\n')
}

func appendLine(dst []byte, line any) []byte {
	text, _ := json.Marshal(line)
	return append(append(dst, text...), '\n')
}

// trailer returns the last line of a chunk.
func trailer(c Chunk) []byte {
	line := map[string]any{"cursor": c.Cursor.String(), "level": c.Level}
	if c.Names != nil {
		line["buckets"] = c.Names
	}
	if c.Fence > 0 {
		line["fence"] = c.Fence
	}
	if c.Clock > 0 {
		line["clock"] = c.Clock
	}
	return appendLine(nil, line)
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
	chunk, lines, next, err := p.pull(client, cursor, 1)
	for range chunk.Resets {
		_, lines, _ = bytes.Cut(lines, []byte("\n"))
	}
	return lines, next, err
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
