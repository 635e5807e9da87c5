package main

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// losesAnEdit checks that a client gets the row of an edit that it loses, and that another client of its user does not.
func (w *world) losesAnEdit(d, other *device) {
	w.create("")
	one := w.tasks[len(w.tasks)-1]
	at := clock.Stamp{Time: w.now(), Client: d.id}
	m, err := record.New(one.key).Edit(at).Set(board.Title, "mine").Mutation()
	require.NoError(w.t, err)
	status, text, _ := d.do(request{method: "POST", path: "/v1/push?v=2", body: m.AppendJSON(nil)})
	require.Equal(w.t, 200, status, string(text))
	w.edit(one)
	gets := func(d *device) bool {
		return slices.ContainsFunc(w.pull(d.get), func(r record.Record) bool {
			v, _ := violation.Parse(r)
			return v.RecordID == one.key.ID && len(authorsOf(r)) > 0
		})
	}
	require.True(w.t, gets(d))
	require.False(w.t, gets(other))
}

// revokedDuringAPull takes a membership while a device reads the answer to a pull slowly. What is written
// after that must not be in the rest of the answer.
func (w *world) revokedDuringAPull(d *device) {
	project := w.projects[2]
	w.grant(d.user, project, board.Reader)
	var large []*task
	for range 30 {
		w.create(project)
		t := w.tasks[len(w.tasks)-1]
		w.write(record.New(t.key), func(e *record.Edit) {
			for _, name := range []string{"pad1", "pad2", "pad3"} {
				e.Set(name, strings.Repeat(".", 65_000))
			}
		})
		large = append(large, t)
	}
	read := d.slowly("/v1/pull?cursor=&limit=1000")
	w.revoke(d.user, project)
	for _, t := range large {
		w.edit(t)
	}
	w.did["kilobytes read slowly"] += read() >> 10
}

// tooFarAhead pushes writes that are too far ahead, so that the answer lists stored ones.
func (w *world) tooFarAhead(d *device) {
	o := titledOptions()
	o.Now = func() time.Time { return time.Now().Add(time.Hour) }
	o.Log = slog.New(slog.DiscardHandler)
	fast, err := server.New(w.t.Context(), w.database, o)
	require.NoError(w.t, err)
	var keys []record.Key
	for _, project := range []string{w.projects[2], ""} {
		w.create(project)
		key := w.tasks[len(w.tasks)-1].key
		keys = append(keys, key)
		at := clock.Stamp{Time: clock.TimestampOf(time.Now().Add(time.Hour)), Client: w.owner.ID}
		m, err := record.New(key).Edit(at).Set(board.Due, "ahead").Mutation()
		require.NoError(w.t, err)
		r := httptest.NewRequest("POST", "/v1/push?v=2", bytes.NewReader(m.AppendJSON(nil)))
		r.Header.Set("Authorization", "Bearer "+w.owner.Token)
		answer := httptest.NewRecorder()
		fast.Handler().ServeHTTP(answer, r)
		require.Contains(w.t, answer.Body.String(), `"accepted"`)
	}
	at := clock.Stamp{Time: clock.TimestampOf(time.Now().Add(2 * time.Hour)), Client: d.id}
	m, err := record.New(record.Key{Table: board.Tasks, ID: "mine"}).Edit(at).Set(board.Title, "far").Mutation()
	require.NoError(w.t, err)
	_, text, _ := d.do(request{method: "POST", path: "/v1/push?v=2", body: m.AppendJSON(nil)})
	require.Contains(w.t, string(text), `"ahead":[{"table":"tasks","id":"`+keys[1].ID)
}

// signsOut checks that a user who was signed out gets nothing.
func (w *world) signsOut(d *device) {
	require.NoError(w.t, w.admin.SignOut(w.t.Context(), "demo", d.user))
	for n := 0; ; n++ {
		require.Less(w.t, n, 6000)
		if status, _, _ := d.do(request{method: "GET", path: "/v1/pull?cursor="}); status == 401 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
