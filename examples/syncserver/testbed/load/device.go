package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
)

// roundTime is how long a side is measured before it is the other's turn.
const roundTime = 2 * time.Second

// device pushes without a replica, so that it takes little of the time of the machine.
type device struct {
	remote.Membership
	url    string
	http   http.Client
	clock  clock.Clock
	random *rand.Rand
	tasks  int
}

// join lets clients join the workspace. The first one fills it with tasks.
func (s *side) join(ctx context.Context, clients, tasks int) error {
	for i := range clients {
		m, err := s.server.Join(ctx, "demo", "")
		if err != nil {
			return err
		}
		s.devices = append(s.devices, &device{
			Membership: m, url: s.server.URL, http: http.Client{Transport: new(http.Transport)},
			random: rand.New(rand.NewPCG(1, uint64(i))), tasks: tasks,
		})
	}
	first := s.devices[0]
	for from := 0; from < tasks; from += 500 {
		var body []byte
		for i := from; i < min(from+500, tasks); i++ {
			m, err := record.New(task(i)).Edit(first.stamp()).Set(board.Title, fmt.Sprint("Task ", i)).
				Set(board.Status, "todo").Set(board.Notes, "Seen again after the last release.").Mutation()
			if err != nil {
				return err
			}
			m.New = true
			body = append(m.AppendJSON(body), '\n')
		}
		if err := first.send(ctx, body); err != nil {
			return err
		}
	}
	return nil
}

func task(i int) record.Key { return record.Key{Table: board.Tasks, ID: id("task", i)} }

func (d *device) stamp() clock.Stamp { return clock.Stamp{Time: d.clock.Now(), Client: d.ClientID} }

// round lets some devices push for the time of a round.
func (s *side) round(ctx context.Context, clients int) error {
	took := make([][]time.Duration, clients)
	failed := make([]error, clients)
	var all sync.WaitGroup
	begin := time.Now()
	for i, d := range s.devices[:clients] {
		all.Go(func() {
			for failed[i] == nil && time.Since(begin) < roundTime {
				sent := time.Now()
				failed[i] = d.push(ctx)
				took[i] = append(took[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	passed, pushes := time.Since(begin), 0
	for i := range clients {
		if failed[i] != nil {
			return failed[i]
		}
		pushes += len(took[i])
		s.took = append(s.took, took[i]...)
	}
	s.rates = append(s.rates, float64(pushes)/passed.Seconds())
	return nil
}

// push pushes an edit of one field of any task.
func (d *device) push(ctx context.Context) error {
	field := []string{board.Title, board.Status, board.Notes}[d.random.IntN(3)]
	m, err := record.New(task(d.random.IntN(d.tasks))).Edit(d.stamp()).Set(field, fmt.Sprint("edit ", d.random.IntN(1000))).Mutation()
	if err != nil {
		return err
	}
	return d.send(ctx, m.AppendJSON(nil))
}

// send pushes a body, whose items must all be accepted.
func (d *device) send(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/v1/push?v=2", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+d.Token)
	answer, err := d.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"code"`))) {
		err = fmt.Errorf("a push failed with the status %d: %.500s", answer.StatusCode, text)
	}
	return err
}
