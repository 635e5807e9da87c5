package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
)

// device is a client of a user who is not the owner.
type device struct {
	*world
	user   string
	id     clock.ClientID
	token  string
	field  string // that only this user writes
	client *remote.Client
	cursor *atomic.Pointer[string] // of the replica of the same user
	count  map[string]int
}

// join makes a client for a new user or, if token is not empty, for the user of the token.
func (w *world) join(field, token string) *device {
	d := &device{world: w, field: field, count: make(map[string]int), cursor: new(atomic.Pointer[string])}
	var m remote.Membership
	r, err := http.NewRequest("POST", "http://"+w.addresses[0]+"/v1/join", strings.NewReader(`{"workspace":"demo"}`))
	require.NoError(w.t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	require.NoError(w.t, json.NewDecoder(response.Body).Decode(&m))
	response.Body.Close()
	d.user, d.id, d.token = m.User, m.ClientID, m.Token
	w.begin(w.members, d.user, board.Everyone)
	own, err := replica.Open(replica.Options{ID: m.ClientID, User: m.User})
	require.NoError(w.t, err)
	d.client = &remote.Client{Server: d.server(0), Token: m.Token, Replica: own}
	return d
}

// server returns one of the two servers, as the device sees it.
func (d *device) server(i int) remote.Server {
	return remote.Server{URL: "http://" + d.addresses[i], HTTP: &http.Client{Transport: spy{d.ledger, d.user, d.id}}}
}

// syncs edits and syncs until the world is quiet.
func (d *device) syncs(quiet *atomic.Bool) {
	for !quiet.Load() {
		d.client.Server = d.server(rand.IntN(2))
		if rand.IntN(2) == 0 {
			d.edits()
		}
		err := d.client.Sync(context.Background())
		if errors.Is(err, replica.ErrAnswer) {
			d.reports("a replica got an invalid answer: %v", err)
		}
		cursor := d.client.Replica.Cursor()
		d.cursor.Store(&cursor)
		d.client.Replica.TakeNotices()
		if err != nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// edits edits a task, or creates one.
func (d *device) edits() {
	var tasks []record.Record
	for r := range d.client.Replica.Records(board.Tasks) {
		tasks = append(tasks, r)
	}
	if len(tasks) > 0 && rand.IntN(4) > 0 {
		key := tasks[rand.IntN(len(tasks))].Key()
		d.client.Replica.Edit(key, map[string]record.Value{d.field: textOf(d.make(secretValue, key.ID, d.user))})
		return
	}
	if len(tasks) > 100 {
		return
	}
	id, project := d.make(secretID, "", d.user), append([]string{""}, d.projects...)[rand.IntN(3)]
	d.begin(d.places, id, bucketOf(project))
	d.client.Replica.Edit(record.Key{Table: board.Tasks, ID: id}, map[string]record.Value{
		board.Project: textOf(project), board.Title: textOf(fmt.Sprint("title ", rand.IntN(3))),
		d.field: textOf(d.make(secretValue, id, d.user)),
	})
}

func textOf(text string) record.Value {
	v, _ := record.Text(text) // valid UTF-8
	return v
}

// reports notes a fault.
func (d *device) reports(format string, args ...any) {
	d.ledger.mu.Lock()
	defer d.ledger.mu.Unlock()
	d.fault(format, args...)
}
