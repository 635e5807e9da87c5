package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestKilledServersLoseNoAcknowledgedWrite kills two servers on one database repeatedly, at
// random moments, while clients push to both. No acknowledged write may be lost, and a client
// that pulls continuously must end with the same records as a new client.
func TestKilledServersLoseNoAcknowledgedWrite(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killLoop(t, databasetest.SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { killLoop(t, databasetest.Postgres(t)) })
}

func killLoop(t *testing.T, database string) {
	kills := 30
	if testing.Short() {
		kills = 5
	}
	servers, addresses := startTwo(t, database)
	var enough, quiet atomic.Bool // whether the writers should stop; whether they have stopped
	var pushing, pulling sync.WaitGroup
	writers := make([]*pusher, 4)
	for i := range writers {
		writers[i] = newPusher(t, addresses)
		pushing.Go(func() { writers[i].loop(&enough) })
	}
	follower := newPusher(t, addresses)
	pulling.Go(func() { follower.follow(&quiet) })

	for n := range kills {
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond)
		servers[n%2].Kill()
		require.NoError(t, servers[n%2].StartAgain())
	}
	enough.Store(true)
	pushing.Wait()
	quiet.Store(true)
	pulling.Wait()

	fresh := newPusher(t, addresses)
	fresh.follow(&quiet)
	require.True(t, maps.EqualFunc(fresh.pulled, follower.pulled, bytes.Equal), "the follower missed a record")
	acknowledged, lost := 0, 0
	for _, w := range writers {
		require.NotEmpty(t, w.acknowledged)
		for _, m := range w.acknowledged {
			acknowledged++
			if !bytes.Equal(fresh.pulled[m.Data.Key()], record.Mutation{Data: m.Data}.AppendJSON(nil)) {
				lost++
			}
		}
	}
	require.Zero(t, lost, "of %d acknowledged writes", acknowledged)
	t.Logf("%d acknowledged writes, %d failed requests, %d kills", acknowledged, failures(writers), kills)
	require.NotZero(t, failures(writers), "no request failed, so no kill hit a request")
}

// failures returns how many requests of the given writers failed.
func failures(writers []*pusher) (n int) {
	for _, w := range writers {
		n += w.failed
	}
	return n
}

// pusher is a client of two servers. If a request to one server fails, it uses the other.
type pusher struct {
	addresses    [2]string
	turn, failed int
	ID           clock.ClientID `json:"clientId"`
	Token        string         `json:"token"`
	acknowledged []record.Mutation
	cursor       string
	pulled       map[record.Key][]byte
}

func newPusher(t *testing.T, addresses [2]string) *pusher {
	p := &pusher{addresses: addresses, pulled: make(map[record.Key][]byte)}
	text, err := p.request("POST", "/v1/join", []byte(`{"workspace":"demo"}`))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, p))
	return p
}

// request sends a request and returns the body of the answer.
func (p *pusher) request(method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequest(method, "http://"+p.addresses[p.turn%2]+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+p.Token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.turn++
		p.failed++
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		p.turn++
		p.failed++
		return nil, fmt.Errorf("status %d: %s, %w", answer.StatusCode, text, err)
	}
	return text, nil
}

// loop pushes one write after another, and repeats each until it is acknowledged.
func (p *pusher) loop(enough *atomic.Bool) {
	for n := 0; !enough.Load(); n++ {
		at := clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: p.ID}
		key := record.Key{Table: board.Tasks, ID: fmt.Sprintf("%s-%d", p.ID, n)}
		m, err := record.New(key).Edit(at).Set(board.Title, fmt.Sprint(n)).Mutation()
		if err != nil {
			panic(err)
		}
		for !p.push(m) {
			time.Sleep(5 * time.Millisecond)
		}
		p.acknowledged = append(p.acknowledged, m)
		p.turn++
	}
}

// push pushes a write and reports whether the server acknowledged it.
func (p *pusher) push(m record.Mutation) bool {
	text, err := p.request("POST", "/v1/push", m.AppendJSON(nil))
	if err != nil {
		return false
	}
	var answer struct{ Results []merge.Reply }
	return json.Unmarshal(text, &answer) == nil && len(answer.Results) == 1 && answer.Results[0].Verdict == "accepted"
}

// follow pulls until the writers have stopped and no record is left. It ignores an answer that
// ends early.
func (p *pusher) follow(quiet *atomic.Bool) {
	for {
		last := quiet.Load() // read before the pull, so that the last pull begins after the last push
		text, err := p.request("GET", "/v1/pull?limit=50&cursor="+p.cursor, nil)
		if err != nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if records, more := p.apply(text); last && records == 0 && !more {
			return
		}
	}
}

// apply applies the chunks of a pull that are complete. It returns the number of their records, and
// whether more follow.
func (p *pusher) apply(text []byte) (records int, more bool) {
	var chunk []record.Mutation
	reset := false
	for line := range bytes.Lines(text) {
		var l struct {
			Cursor *string
			More   bool
			Reset  []string
		}
		var m record.Mutation
		switch {
		case json.Unmarshal(line, &l) != nil || l.Cursor == nil && l.Reset == nil && json.Unmarshal(line, &m) != nil:
			panic(fmt.Sprintf("the answer to a pull has an invalid line: %s", line))
		case l.Reset != nil:
			reset = true
		case l.Cursor == nil:
			chunk = append(chunk, m)
		default:
			if reset {
				clear(p.pulled)
			}
			for _, m := range chunk {
				p.pulled[m.Data.Key()] = record.Mutation{Data: m.Data}.AppendJSON(nil)
			}
			records += len(chunk)
			chunk, reset, p.cursor, more = nil, false, *l.Cursor, l.More
		}
	}
	return records, more
}
