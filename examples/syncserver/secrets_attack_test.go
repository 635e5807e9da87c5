package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// attacks sends requests that no honest client would send.
func (d *device) attacks(quiet *atomic.Bool) {
	for !quiet.Load() {
		switch rand.IntN(10) {
		case 0, 1:
			d.pulls()
		case 2, 3:
			d.steals()
		case 4:
			d.pushesRows()
		case 5:
			d.asksForMembers()
		case 6:
			d.pretends()
		case 7:
			d.errs()
		case 8, 9:
			d.collides()
		}
	}
}

// pulls pulls with forged cursors and with cursors of others.
func (d *device) pulls() {
	cursor := ""
	if c := d.cursor.Load(); c != nil {
		cursor = *c
	}
	epoch, _, _ := strings.Cut(cursor, ".")
	n, m := rand.IntN(300), rand.IntN(300)
	forged := []string{
		"", cursor, epoch + ".0", fmt.Sprintf("%s.%d", epoch, n), fmt.Sprintf("%s.%d.%d", epoch, n, m), fmt.Sprintf("%s.0.%d", epoch, n),
		fmt.Sprintf("%s.%d~x~%d_%d_%d", epoch, n, n, n, m+n), fmt.Sprintf("%s.%d.%d~x~%d_%d_%d", epoch, n, n, n, n, n+m),
		strings.Replace(cursor, "1", "0", 1), "x" + cursor,
	}[rand.IntN(10)]
	path := fmt.Sprintf("/v1/pull?cursor=%s&limit=%d", forged, []int{1, 7, 1000}[rand.IntN(3)])
	if rand.IntN(8) == 0 {
		path = fmt.Sprintf("/v1/pull?after=%d", n)
	}
	status, _, _ := d.do(request{method: "GET", path: path})
	d.count[fmt.Sprint("pull ", status)]++
}

// target returns a task of the owner, and its latest write.
func (w *world) target() (record.Mutation, bool) {
	w.known.Lock()
	defer w.known.Unlock()
	if len(w.tasks) == 0 {
		return record.Mutation{}, false
	}
	return w.tasks[rand.IntN(len(w.tasks))].last, true
}

// steals pushes items about a task that the user perhaps may not read. If the user certainly may not, the
// reply must be a refusal that says nothing.
func (d *device) steals() {
	theirs, ok := d.target()
	if !ok {
		return
	}
	key := theirs.Data.Key()
	at := clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: d.id}
	low := clock.Stamp{Time: clock.TimestampOf(time.Now().Add(-time.Hour)), Client: d.id}
	edit := func(at clock.Stamp, field string, value any) record.Mutation {
		m, _ := record.New(key).Edit(at).Set(field, value).Mutation()
		return m
	}
	var m record.Mutation
	switch kind := rand.IntN(6); kind {
	case 0:
		m = edit(at, d.field, d.make(secretValue, key.ID, d.user))
	case 1:
		m = edit(low, board.Project, "")
	case 2:
		m = edit(low, board.Title, "lower")
	case 3:
		m = edit(low, board.Project, d.projects[2])
	case 4:
		m, _ = record.New(key).Edit(low).DeleteRecord().Mutation()
	case 5:
		m = theirs // with the stamps of the owner
	}
	version := []string{"?v=2", ""}[rand.IntN(2)]
	status, text, when := d.do(request{method: "POST", path: "/v1/push" + version, body: m.AppendJSON(nil)})
	d.count[fmt.Sprint("steal ", status)]++
	var answer struct{ Results []json.RawMessage }
	if status != 200 || json.Unmarshal(text, &answer) != nil {
		return
	}
	var reply merge.Reply
	json.Unmarshal(answer.Results[0], &reply)
	d.count[string(reply.Code)]++
	if !d.unreadable(d.user, key.ID, when) || reply.Code == merge.Gone || reply.Code == merge.OtherClient {
		return
	}
	if reply.Verdict != "refused" || reply.Code != merge.Forbidden || reply.Detail+reply.Path != "" {
		d.reports("%s pushed %.500s and got %s", d.user, m.AppendJSON(nil), answer.Results[0])
	}
}

// pushesRows acknowledges a violation that the user perhaps may not read.
func (d *device) pushesRows() {
	ids := d.rowIDs.Load()
	if ids == nil || len(*ids) == 0 {
		return
	}
	key := record.Key{Table: violation.DefaultTable, ID: (*ids)[rand.IntN(len(*ids))]}
	m, _ := record.New(key).Edit(clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: d.id}).Set("acknowledged", true).Mutation()
	status, _, _ := d.do(request{method: "POST", path: "/v1/push?v=2", body: m.AppendJSON(nil)})
	d.count[fmt.Sprint("row ", status)]++
}

// collides gives a task of the user a title that others have too, or another one. So the answer could
// report violations about records that the user may not read.
func (d *device) collides() {
	key := record.Key{Table: board.Tasks, ID: "of " + d.id.String()}
	d.begin(d.places, key.ID, board.Everyone)
	m, _ := record.New(key).Edit(clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: d.id}).
		Set(board.Title, fmt.Sprint("title ", rand.IntN(4))).Mutation()
	status, _, _ := d.do(request{method: "POST", path: "/v1/push?v=2", body: m.AppendJSON(nil)})
	d.count[fmt.Sprint("collide ", status)]++
}

// asksForMembers lists members, and asks for the membership in projects.
func (d *device) asksForMembers() {
	bucket := bucketOf(d.projects[rand.IntN(len(d.projects))])
	escaped := strings.ReplaceAll(bucket, "/", "%2F")
	give, _ := json.Marshal(map[string]string{"user": d.user, "bucket": bucket, "role": board.Owner})
	r := []request{
		{method: "GET", path: "/v1/members"},
		{method: "GET", path: "/v1/members?bucket=" + escaped},
		{method: "POST", path: "/v1/members", body: give},
		{method: "DELETE", path: "/v1/members?user=" + d.owner.ID.String() + "&bucket=" + escaped},
	}[rand.IntN(4)]
	status, text, when := d.do(r)
	d.count[fmt.Sprint(r.method, " members ", status)]++
	switch {
	case r.method != "GET" && status == 200:
		d.reports("%s changed a membership: %v", d.user, r)
	case strings.Contains(string(text), `"role"`) && strings.Contains(r.path, "bucket=") && d.isNoMember(bucket, when):
		d.reports("%s received the members of %s: %s", d.user, bucket, text)
	}
}

// isNoMember reports whether the user certainly was not a member of a bucket during a span.
func (d *device) isNoMember(bucket string, when span) bool {
	d.ledger.mu.Lock()
	defer d.ledger.mu.Unlock()
	for _, s := range d.members[d.user][bucket] {
		if _, ok := s.and(when); ok {
			return false
		}
	}
	return true
}

// pretends pretends to be somebody else. Such a request must be refused.
func (d *device) pretends() {
	owner := d.owner.ID.String()
	join := func(client string) []byte {
		return []byte(`{"workspace":"demo","invite":"","clientId":"` + client + `"}`)
	}
	forged := strings.ReplaceAll(d.token, d.user, owner)
	r := []request{
		{method: "POST", path: "/v1/join", body: join(owner)},
		{method: "POST", path: "/v1/join", body: join(owner), header: map[string]string{"Authorization": ""}},
		{method: "POST", path: "/v1/join", body: []byte(`{"workspace":"demo","invite":"` + owner + `.99999999999999999.x"}`), header: map[string]string{"Authorization": ""}},
		{method: "POST", path: "/v1/renew", header: map[string]string{"Authorization": "Bearer " + forged}},
		{method: "GET", path: "/v1/pull?cursor=", header: map[string]string{"Authorization": "Bearer " + forged}},
		{method: "GET", path: "/v1/pull?cursor=", header: map[string]string{"Authorization": "Bearer demo." + owner + ".x", "Client-Id": owner}},
		{method: "GET", path: "/v1/events", header: map[string]string{"Authorization": ""}},
	}[rand.IntN(7)]
	status, text, _ := d.do(r)
	d.count[fmt.Sprint("pretend ", status)]++
	if status == 200 {
		d.reports("%s pretended: %v: %s", d.user, r, text)
	}
	d.do(request{method: "GET", path: "/v1/pull?cursor=", header: map[string]string{"Client-Id": owner}}) // without effect
}

// errs provokes errors.
func (d *device) errs() {
	theirs, _ := d.target()
	key := theirs.Data.Key()
	far, _ := record.New(key).Edit(clock.Stamp{Time: clock.TimestampOf(time.Now().Add(time.Hour)), Client: d.id}).Set(board.Title, "far").Mutation()
	r := []request{
		{method: "GET", path: "/v1/health"},
		{method: "PUT", path: "/v1/pull"},
		{method: "GET", path: "/v2"},
		{method: "POST", path: "/v1/push?v=2", body: []byte(`{"table":"tasks"`)},
		{method: "POST", path: "/v1/push?v=2&cursor=x", body: far.AppendJSON(nil)},
		{method: "POST", path: "/v1/push?v=2", body: far.AppendJSON(nil)},
		{method: "POST", path: "/v1/push?v=2", body: bytes.Repeat([]byte("x"), 2<<20+1)},
		{method: "GET", path: "/v1/pull?cursor=~~"},
		{method: "GET", path: "/v1/pull?limit=-1&cursor="},
	}[rand.IntN(9)]
	status, _, _ := d.do(r)
	d.count[fmt.Sprint("error ", status)]++
}

// listens reads event streams.
func (d *device) listens(quiet *atomic.Bool) {
	for !quiet.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		from := time.Now()
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+d.addresses[rand.IntN(2)]+"/v1/events", nil)
		r.Header.Set("Authorization", "Bearer "+d.token)
		if response, err := http.DefaultTransport.RoundTrip(r); err == nil {
			text := plain(response)
			response.Body.Close()
			d.check(answer{d.user, d.id, span{from, time.Now()}, "events", text})
			for line := range strings.Lines(string(text)) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "data: ") && !strings.HasPrefix(line, ": ") {
					d.reports("an event stream has the line %s", line)
				}
			}
		} else {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}
}
