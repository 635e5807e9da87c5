package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// writer is a client that pushes one batch after another: a new task, a record that counts its tasks, and a field of
// its own in a record that all writers change. It sends a batch until a server acknowledges it.
type writer struct {
	remote.Membership
	clock        *clock.Clock
	servers      []string
	at           int           // the server that it uses now
	acknowledged []record.Key  // the tasks
	pending      record.Key    // the task whose push has no answer; zero if there is none
	count        record.Record // as acknowledged
	next         record.Record // as pending
	last, since  string        // its field of the shared record, as acknowledged and as pending
}

// shared returns the record that all writers change.
func shared() record.Key { return record.Key{Table: board.Tasks, ID: "shared"} }

// join lets clients join, and starts them.
func join(ctx context.Context, t *trio, n int) (*crew, error) {
	c := &crew{done: make(chan struct{})}
	var servers []string
	for _, m := range t.all {
		servers = append(servers, m.url)
	}
	for i := range n {
		w, err := newWriter(ctx, servers, i)
		if err != nil {
			return nil, err
		}
		c.writers = append(c.writers, w)
	}
	for _, url := range servers {
		f, err := newFollower(ctx, url)
		if err != nil {
			return nil, err
		}
		c.followers = append(c.followers, f)
	}
	ctx, c.cancel = context.WithCancel(ctx)
	var group sync.WaitGroup
	for _, w := range c.writers {
		group.Go(func() {
			if err := w.write(ctx, c); err != nil && ctx.Err() == nil {
				c.broken.Store(&err)
			}
		})
	}
	for _, f := range c.followers {
		group.Go(func() { f.follow(ctx) })
	}
	go func() {
		group.Wait()
		close(c.done)
	}()
	return c, nil
}

func newWriter(ctx context.Context, servers []string, i int) (*writer, error) {
	m, err := remote.Server{URL: servers[i%len(servers)]}.Join(ctx, "demo", "")
	if err != nil {
		return nil, err
	}
	wall, err := clock.New(clock.Options{})
	w := &writer{Membership: m, clock: wall, servers: servers, at: i}
	w.count = record.New(w.key("count"))
	return w, err
}

func (w *writer) key(name string) record.Key {
	return record.Key{Table: board.Tasks, ID: w.ClientID.String() + "-" + name}
}

// write pushes until the context ends.
func (w *writer) write(ctx context.Context, c *crew) error {
	for n := 1; ctx.Err() == nil; n++ {
		body, err := w.batch(n)
		if err != nil {
			return err
		}
		for done := false; !done; {
			if done, err = w.push(ctx, body); err != nil {
				return err
			}
			if !done && pause(ctx, 100*time.Millisecond) != nil {
				return nil
			}
		}
		w.acknowledged = append(w.acknowledged, w.pending)
		w.pending, w.count, w.last = record.Key{}, w.next, w.since
		c.acknowledged.Add(1)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batch returns the next batch.
func (w *writer) batch(n int) ([]byte, error) {
	stamp := clock.Stamp{Time: w.clock.Now(), Client: w.ClientID}
	w.pending = w.key(fmt.Sprint(n))
	task, err := record.New(w.pending).Edit(stamp).Set(board.Title, fmt.Sprint(n)).Mutation()
	if err != nil {
		return nil, err
	}
	count, err := w.count.Edit(stamp).Set(board.Title, fmt.Sprint(n)).Mutation()
	if err != nil {
		return nil, err
	}
	if w.next, err = merge.Records(w.count, count.Data); err != nil {
		return nil, err
	}
	w.since = fmt.Sprint(n)
	common, err := record.New(shared()).Edit(stamp).Set(w.field(), w.since).Mutation()
	if err != nil {
		return nil, err
	}
	body := append(task.AppendJSON([]byte("[")), ',')
	body = append(count.AppendJSON(body), ',')
	return append(common.AppendJSON(body), ']'), nil
}

// field returns the name of its field in the shared record.
func (w *writer) field() string { return "mark/" + w.ClientID.String() }

// push sends a batch once, and returns whether it is acknowledged. If it is not, the next attempt goes to another
// server. It returns an error only if an item was refused.
func (w *writer) push(ctx context.Context, body []byte) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.servers[w.at%len(w.servers)]+"/v1/push?v=2&cursor=", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Authorization", "Bearer "+w.Token)
	status, text := http.StatusServiceUnavailable, []byte(nil)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		status = answer.StatusCode
		if text, err = io.ReadAll(answer.Body); err != nil {
			status = http.StatusServiceUnavailable
		}
		answer.Body.Close()
	}
	switch {
	case status == http.StatusOK:
		return true, accepted(text)
	case status < http.StatusInternalServerError && status != http.StatusTooManyRequests:
		return false, fmt.Errorf("a push was refused with the status %d: %s", status, text)
	}
	w.at++
	return false, nil
}

// accepted returns an error unless all items were accepted.
func accepted(answer []byte) error {
	var a struct{ Results []merge.Reply }
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	for _, r := range a.Results {
		if r.Verdict != "accepted" {
			return fmt.Errorf("an item was refused: %s", r.Code)
		}
	}
	return nil
}

// follower is a client that pulls from one server.
type follower struct{ remote.Client }

func newFollower(ctx context.Context, url string) (*follower, error) {
	f := &follower{remote.Client{Server: remote.Server{URL: url}}}
	m, err := f.Server.Join(ctx, "demo", "")
	if err != nil {
		return nil, err
	}
	f.Token = m.Token
	f.Replica, err = replica.Open(replica.Options{ID: m.ClientID})
	return f, err
}

// follow pulls until the context ends, whether or not the server answers.
func (f *follower) follow(ctx context.Context) {
	for pause(ctx, 100*time.Millisecond) == nil {
		_ = f.Pull(ctx) // the last pull, in check, must succeed
	}
}
