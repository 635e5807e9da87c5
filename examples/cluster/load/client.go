package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// client pushes to a workspace. It holds little more than its own writes, so that the load takes little of the
// processors; its workspace holds the records that it was shown.
type client struct {
	server *target
	place  *workspace
	token  string
	id     clock.ClientID
	clock  *clock.Clock
	own    map[int]record.Record // what it has written, by the number of the record, since it was shown all records
	random *rand.Rand
	turn   int
}

// client returns a client of the workspace by its number.
func (w *workspace) client(ctx context.Context, t *target, n int) (*client, error) {
	for len(w.clients) <= n {
		m, err := t.server.Join(ctx, w.name, w.invite)
		if err != nil {
			return nil, err
		}
		wall, err := clock.New(clock.Options{})
		if err != nil {
			return nil, err
		}
		c := &client{server: t, place: w, token: m.Token, id: m.ClientID, clock: wall, own: make(map[int]record.Record)}
		c.random = rand.New(rand.NewPCG(1, uint64(len(w.clients))))
		w.clients = append(w.clients, c)
	}
	return w.clients[n], nil
}

// refused counts the attempts that were refused for now, by their status; 0 counts attempts without an answer.
type refused map[int]int

// edit changes one of the first n records of the workspace and pushes the change until it is acknowledged. It
// returns how long that took.
func (c *client) edit(ctx context.Context, n int, r refused) (time.Duration, error) {
	i := c.random.IntN(n)
	shown := c.place.records[i]
	if own, ok := c.own[i]; ok {
		var err error
		if shown, err = merge.Records(shown, own); err != nil {
			return 0, err
		}
	}
	field, value := change(i, c.turn)
	c.turn++
	m, err := shown.Edit(clock.Stamp{Time: c.clock.Now(), Client: c.id}).Set(field, value).Mutation()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := c.push(ctx, m, r); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	c.own[i], err = merge.Records(shown, m.Data)
	return took, err
}

// push pushes an edit until it is acknowledged.
func (c *client) push(ctx context.Context, m record.Mutation, r refused) error {
	body := m.AppendJSON(nil)
	query := url.Values{"v": {"2"}, "cursor": {c.place.reader.Replica.Cursor()}}
	for {
		status, wait, answer, err := c.post(ctx, "/v1/push?"+query.Encode(), body)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			status = 0
		case status == http.StatusOK:
			if again, err := judge(answer); !again {
				return err
			}
		case status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
			return fmt.Errorf("%s: a push was refused with status %d: %s", c.server.name, status, answer)
		}
		r[status]++
		select {
		case <-time.After(max(wait, time.Duration(50+c.random.IntN(100))*time.Millisecond)):
		case <-ctx.Done():
		}
	}
}

// judge reads the answer to a push of one item. It returns nil if the item is accepted, and whether it may be
// accepted later.
func judge(answer []byte) (again bool, err error) {
	var a struct{ Results []merge.Reply }
	if err := json.Unmarshal(answer, &a); err != nil {
		return false, err
	}
	switch {
	case len(a.Results) != 1:
		return false, fmt.Errorf("the answer to a push of 1 item has %d results", len(a.Results))
	case a.Results[0].Verdict != "accepted":
		return a.Results[0].Retryable, fmt.Errorf("an item was refused: %s", a.Results[0].Code)
	}
	return false, nil
}

// retries returns how often the server has tried to store a push again since it started, because another push had
// changed what it depends on. It is nil unless the server says so at /debug/retries, as the cluster does.
func (t *target) retries(ctx context.Context) *int64 {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.server.URL+"/debug/retries", nil)
	if err != nil {
		return nil
	}
	response, err := t.server.HTTP.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	var n int64
	if _, err := fmt.Fscan(response.Body, &n); err != nil || response.StatusCode != http.StatusOK {
		return nil
	}
	return &n
}

// post sends a request, and returns its status, for how long the server asks to wait, and the body of the answer.
func (c *client) post(ctx context.Context, path string, body []byte) (status int, wait time.Duration, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.server.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := c.server.server.HTTP.Do(request)
	if err != nil {
		return 0, 0, nil, err
	}
	defer response.Body.Close()
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // 0 if it is absent
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, time.Duration(seconds) * time.Second, answer, err
}
