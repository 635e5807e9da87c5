package main

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

var kills = flag.Int("kills", 4, "how many times the servers that tell no secrets are killed")

// TestKilledServersTellNoSecrets kills two servers on one database repeatedly, while an owner moves,
// deletes, restores and erases tasks, and gives and takes memberships, and the retention passes. Two other
// users sync with replicas, and send requests that no honest client would send. No byte that they
// receive may tell what they may not know; see ledger. In the end, each replica holds exactly what its
// user may read.
func TestKilledServersTellNoSecrets(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, database func(*testing.T) string) { tellNoSecrets(t, database(t)) })
}

func tellNoSecrets(t *testing.T, database string) {
	w := newWorld(t, database)
	var quiet atomic.Bool
	var all sync.WaitGroup
	var devices, attackers []*device
	for _, field := range []string{board.Assignee, board.Due} {
		d := w.join(field, "")
		d.users = append(d.users, d.user)
		devices, attackers = append(devices, d), append(attackers, w.join(field, d.token))
	}
	for i, d := range devices {
		attackers[i].cursor = d.cursor
		all.Go(func() { d.syncs(&quiet) })
		all.Go(func() { attackers[i].attacks(&quiet) })
		all.Go(func() { attackers[i].listens(&quiet) })
	}
	owner := make(chan struct{})
	go func() {
		defer close(owner)
		for n := 0; !quiet.Load(); n++ {
			w.step(n)
		}
	}()
	for n := range *kills {
		time.Sleep(time.Duration(100+rand.IntN(500)) * time.Millisecond)
		w.kill(n % 2)
		if n == *kills/2 {
			late := w.join("", "") // a user who may never know what was moved or deleted before
			attackers = append(attackers, late)
			all.Go(func() {
				late.client.Pull(t.Context())
				cursor := late.client.Replica.Cursor()
				for late.cursor.Store(&cursor); !quiet.Load(); {
					late.pulls()
				}
			})
		}
	}
	w.waitForSecrets()
	quiet.Store(true)
	<-owner
	all.Wait()
	w.atRest(devices)
	w.losesAnEdit(attackers[0], devices[0])
	w.revokedDuringAPull(attackers[0])
	w.tooFarAhead(attackers[0])
	w.signsOut(attackers[1])
	for i := range w.servers {
		w.kill(i)
	}
	w.report(attackers)
}

// waitForSecrets waits until the users have received each kind of line that may tell a secret.
func (w *world) waitForSecrets() {
	require.Eventually(w.t, func() bool {
		w.ledger.mu.Lock()
		defer w.ledger.mu.Unlock()
		return w.found > 0 && w.lefts > 0 && w.ledger.rows > 0
	}, 3*time.Minute, 10*time.Millisecond)
}

// kill kills a server, starts it again, and checks that its log has no values.
func (w *world) kill(i int) {
	w.servers[i].Kill()
	if text := secretText.FindStringSubmatch(strings.ReplaceAll(w.servers[i].Log(), "zqi-", "")); text != nil && text[1] == "v" {
		w.t.Errorf("the log has the value %s:\n%s", text[0], w.servers[i].Log())
	}
	require.NoError(w.t, w.servers[i].StartAgain())
	w.did["kill"]++
}

// everything pulls everything as the owner.
func (w *world) everything() []record.Record {
	return w.pull(func(path string) ([]byte, error) { return w.owner.request("GET", path, nil) })
}

// pull pulls everything that a client may read.
func (w *world) pull(get func(path string) ([]byte, error)) (all []record.Record) {
	for {
		text, err := get("/v1/pull?cursor=&limit=10000")
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if err != nil || strings.Contains(lines[len(lines)-1], `"more":true`) {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		for _, line := range lines {
			var m record.Mutation
			if strings.Contains(line, `"data":`) {
				require.NoError(w.t, json.Unmarshal([]byte(line), &m))
				all = append(all, m.Data)
			}
		}
		return all
	}
}

// atRest checks that each replica holds exactly what its user may read.
func (w *world) atRest(devices []*device) {
	for _, d := range devices {
		for n := 0; d.client.Sync(w.t.Context()) != nil || d.client.Replica.NumWaiting() > 0; n++ {
			require.Less(w.t, n, 3000, "the replica never comes to rest")
			time.Sleep(20 * time.Millisecond)
		}
	}
	all := w.everything()
	for i, d := range devices {
		require.NoError(w.t, d.client.Sync(w.t.Context()))
		want, have := make(map[record.Key]string), make(map[record.Key]string)
		readable := func(r record.Record) bool {
			in := board.Buckets(r)
			if v, err := violation.Parse(r); r.Key().Table == violation.DefaultTable && err == nil {
				in = v.Buckets
			}
			return slices.ContainsFunc(in, func(b string) bool { return w.has(d.user, b) })
		}
		for _, r := range all {
			if readable(r) && len(authorsOf(r)) == 0 {
				want[r.Key()] = string(record.Mutation{Data: r}.AppendJSON(nil))
			}
		}
		for _, r := range w.pull(d.get) { // the owner does not get the rows of edits that others lost
			if len(authorsOf(r)) > 0 {
				require.True(w.t, readable(r), "device %d has a row about a record that it may not read", i)
				want[r.Key()] = string(record.Mutation{Data: r}.AppendJSON(nil))
				w.did["rows of lost edits at rest"]++
			}
		}
		for _, table := range board.Tables() {
			for r := range d.client.Replica.Records(table) {
				have[r.Key()] = string(record.Mutation{Data: r}.AppendJSON(nil))
			}
		}
		require.Equal(w.t, want, have, "device %d", i)
		w.did["records at rest"] += len(have)
	}
}

// has reports whether a user has a bucket now.
func (w *world) has(user, bucket string) bool {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	spans := w.members[user][bucket]
	return len(spans) > 0 && spans[len(spans)-1].to.IsZero()
}

// report fails the test if a secret was told, or if nothing was tested.
func (w *world) report(attackers []*device) {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	w.t.Logf("%v; %d bytes read, %d permitted secrets, %d lines with left, %d violation rows, %d of lost edits", w.did, w.read, w.found, w.lefts, w.rows, w.lost)
	for _, fault := range w.ledger.faults {
		w.t.Error(fault)
	}
	for _, d := range attackers {
		w.t.Logf("%v", d.count)
	}
	for _, n := range []int{w.found, w.lefts, w.ledger.rows, w.lost} {
		require.NotZero(w.t, n)
	}
}
