package server

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// begin sends the head of a request, and what is given of its body, and no more.
func (c *client) begin(head, body string) net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	require.NoError(c.t, err)
	c.t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n", head, c.Token)
	require.NoError(c.t, err)
	_, err = fmt.Fprint(conn, body)
	require.NoError(c.t, err)
	return conn
}

// TestStalledReaders: clients that pull and do not read keep nobody from pushing, however
// many there are.
func TestStalledReaders(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		s.readers.silence = time.Second / 4
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		long := strings.Repeat("x", 60_000)
		for i := range 8 {
			var many []record.Mutation
			for j := range 30 {
				many = append(many, ana.set(board.Tasks, fmt.Sprint(i, "/", j), board.Notes, long))
			}
			ana.push(many...)
		}
		chunk, err := s.pull(context.Background(), &page{"demo", 0, maxPage, chunkRecords})
		require.NoError(t, err)
		require.Less(t, len(chunk), chunkBytes+2*len(long), "what is in memory at once")
		for range maxConnections + 4 {
			conn := ana.begin("GET /v1/pull", "\r\n")
			require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
		}
		// Give them the time to take what they can get: it must not matter.
		require.Eventually(t, func() bool { return len(ana.pull("0&limit=1")) == 1 }, 20*time.Second, time.Millisecond)
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		defer stop()
		done := make(chan bool)
		go func() {
			for i := range 20 {
				ana.push(ana.set(board.Tasks, "a", board.Title, fmt.Sprint(i)))
			}
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			t.Fatal("pushes wait for those who do not read")
		}
	})
}

// TestPullReadsWhatItSends: of records that are large, a pull asks the database for few more
// than it sends.
func TestPullReadsWhatItSends(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, trace := openTraced(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		const small, large = 300, 60
		for i := range small + large {
			text := "x"
			if i >= small {
				text = strings.Repeat("x", 60_000)
			}
			ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Notes, text))
		}
		statements, _ := trace.during(func() { require.Len(t, ana.pull("0&limit=1000"), small+large) })
		asked := int64(0)
		for statement, times := range statements {
			for _, args := range times {
				if strings.Contains(statement, "ORDER BY seq LIMIT") {
					asked += args[2].(int64)
				}
			}
		}
		require.Less(t, asked, int64(small+4*large+chunkRecords))
	})
}

// TestUploadBreaksOff: of a body that does not come to its end the server says that it
// may be sent again, and not that it makes no sense: a client would drop its edit.
func TestUploadBreaksOff(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana := joined(t, url, "demo", "")
	m := string(ana.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil))
	conn := ana.begin("POST /v1/push", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(m), m[:20]))
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "1", answer.Header.Get("Retry-After"))
	require.Empty(t, ana.pull("0"))
}

// TestRecordGrows: a record that gets more and more fields ends at a limit. What would make
// it larger is refused by itself, whatever else is in the push; it can still be shortened,
// and deleted.
func TestRecordGrows(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		long := strings.Repeat("x", 60_000)
		grow := func(i int) record.Mutation { return ana.set(board.Tasks, "a", fmt.Sprint("field", i), long) }
		fit := maxRecord / len(long)
		for i := range fit {
			require.Equal(t, "accepted", ana.push(grow(i)).Results[0].Verdict)
		}
		results := ana.push(grow(fit), ana.set(board.Tasks, "b", board.Title, "x"), ana.set(board.Tasks, "a", "field0", "short"), grow(fit+1)).Results
		require.Equal(t, []merge.Code{merge.RecordFull, "", "", ""}, codes(results), "the last one has the room that the one before it gave up")
		require.Equal(t, []merge.Code{merge.RecordFull}, codes(ana.push(grow(fit)).Results))
		for _, m := range []record.Mutation{
			ana.set(board.Tasks, "a", "field0", record.Deletion()), ana.set(board.Tasks, "a", "field1", strings.Repeat("y", len(long))), ana.deletion(board.Tasks, "a"),
		} {
			require.Equal(t, []merge.Code{""}, codes(ana.push(m).Results))
		}
		requireCounted(t, s.database)
	})
}

// TestStorageFull: a workspace that has what it may have accepts only what makes no record
// grow, until room is made. Other workspaces go on.
func TestStorageFull(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		require.EqualValues(t, defaultStorage, s.options.Storage)
		s.options.Storage = 10_000
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		long := strings.Repeat("x", 9_000)
		ana.push(ana.set(board.Tasks, "a", board.Notes, long))
		ana.push(ana.set(board.Tasks, "b", board.Notes, long)) // begins below the bound
		body := ana.set(board.Tasks, "c", board.Title, "x").AppendJSON(nil)
		body = ana.deletion(board.Tasks, "b").AppendJSON(append(body, '\n'))
		status, text := ana.request("POST", "/v1/push", string(body))
		require.Equal(t, 200, status, text)
		require.Contains(t, text, `"code":"storage_full","retryable":true`)
		require.Contains(t, text, `"verdict":"accepted"`)
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, url, "other", invite)
		require.Equal(t, []merge.Code{""}, codes(other.push(other.set(board.Tasks, "c", board.Title, "x")).Results))

		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "b", board.Notes, "short")).Results))
		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "c", board.Title, "x")).Results))
		requireCounted(t, s.database)

		s.options.Storage = -1
		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "d", board.Notes, long), ana.set(board.Tasks, "e", board.Notes, long)).Results[:1]))
		require.Equal(t, []merge.Code{""}, codes(ana.push(ana.set(board.Tasks, "f", board.Notes, long)).Results))
	})
}

// codes returns what items were refused for.
func codes(replies []merge.Reply) []merge.Code {
	all := make([]merge.Code, len(replies))
	for i, r := range replies {
		all[i] = r.Code
	}
	return all
}

// deletion returns the deletion of a record.
func (c *client) deletion(table, id string) record.Mutation {
	c.t.Helper()
	at := clock.Stamp{Time: now.Now(), Client: c.ID}
	m, err := record.New(record.Key{Table: table, ID: id}).Edit(at).DeleteRecord().Mutation()
	require.NoError(c.t, err)
	return m
}

// TestManyLargeRecords: a small push that is about large records is refused, and a part of it
// is not. Where a rule would have to read them all, the push is stored without it.
func TestManyLargeRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("stores hundreds of large records")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		s.engine.TableMaxRecord, s.engine.Guard = nil, nil // so that meetings can be large
		ana := joined(t, listen(t, s), "demo", "")
		push := func(items ...record.Mutation) (outcome, error) {
			var body []byte
			for _, m := range items {
				body = append(m.AppendJSON(body), '\n')
			}
			return s.push(context.Background(), member{"demo", ana.ID}, body)
		}
		long := strings.Repeat("x", 60_000)
		titles := make([]record.Mutation, maxLoaded/(4*len(long))+1)
		for i := range titles {
			id := fmt.Sprint(i)
			titles[i] = ana.set(board.Meetings, id, board.Title, "x")
			out, err := push(ana.set(board.Meetings, id, "slot", inMarch(i)), ana.set(board.Meetings, id, "a", long),
				ana.set(board.Meetings, id, "b", long), ana.set(board.Meetings, id, "c", long), ana.set(board.Meetings, id, "d", long))
			require.NoError(t, err)
			require.Len(t, out.answer.Updates, 1)
			if i < len(titles)/2 {
				require.NoError(t, out.report.Err)
			}
		}
		out, err := push(ana.set(board.Meetings, "0", "slot", inMarch(1)))
		require.NoError(t, err)
		require.Len(t, out.answer.Updates, 1)
		require.ErrorIs(t, out.report.Err, violation.ErrTooLarge)

		var fail *failure
		_, err = push(titles...)
		require.ErrorAs(t, err, &fail)
		require.Equal(t, 413, fail.status)
		out, err = push(titles[1:]...)
		require.NoError(t, err)
		require.Len(t, out.answer.Updates, len(titles)-1)
	})
}

// TestJoinIsSmall: what nobody has a token for takes little memory.
func TestJoinIsSmall(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	c := client{t: t, url: url}
	status, _ := c.request("POST", "/v1/join", strings.Repeat(" ", 8<<10)+`{"workspace":"demo"}`)
	require.Equal(t, 413, status)
}

// TestBoardLimits: what the rules read again and again is small, and a title is a text.
func TestBoardLimits(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana := joined(t, url, "demo", "")
	for _, c := range []struct {
		field string
		value any
		code  merge.Code
	}{
		{board.Title, nil, ""},
		{board.Title, 7, merge.Invalid},
		{board.Title, []string{"x"}, merge.Invalid},
		{"slot", map[string]string{"room": strings.Repeat("x", board.MaxSlot-len(`{"room":""}`))}, ""},
		{"slot", map[string]string{"room": strings.Repeat("x", board.MaxSlot)}, merge.LimitExceeded},
	} {
		require.Equal(t, c.code, ana.push(ana.set(board.Meetings, "a", c.field, c.value)).Results[0].Code)
	}
	long := strings.Repeat("x", board.MaxMeeting)
	for _, m := range []struct {
		mutation record.Mutation
		code     merge.Code
	}{
		{ana.set(board.Meetings, "b", "host", long[:board.MaxMeeting/2]), ""},
		{ana.set(board.Meetings, "b", "host", long), merge.RecordFull},
		{ana.set(board.Meetings, "b", board.Notes, "x"), board.UnknownField},
		{ana.set(board.Tasks, "b", board.Notes, long), ""},
	} {
		require.Equal(t, m.code, ana.push(m.mutation).Results[0].Code)
	}
}

// TestManyScopes: a push whose records are in very many scopes is refused, and nothing of it is
// stored. Parts of it are accepted, down to one record, and none of it is lost.
func TestManyScopes(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		count := func(statement string) (n int) {
			require.NoError(t, s.database.db.QueryRow(statement).Scan(&n))
			return n
		}
		many := make([]record.Mutation, maxItems)
		for i := range many {
			many[i] = ana.set(board.Meetings, fmt.Sprint(i), "slot",
				map[string]string{"room": fmt.Sprint(i), "start": "2026-12-01T10:00:00Z", "end": "2262-01-01T00:00:00Z"})
		}
		const scopes = 36 // of each, once it is cut
		var halve func(items []record.Mutation)
		halve = func(items []record.Mutation) {
			var body []byte
			for _, m := range items {
				body = append(m.AppendJSON(body), '\n')
			}
			before := count(`SELECT count(*) FROM records`)
			status, text := ana.request("POST", "/v1/push", string(body))
			if len(items)*scopes <= maxScopes {
				require.Equal(t, 200, status, text)
				return
			}
			require.Equal(t, 413, status, text)
			require.Equal(t, before, count(`SELECT count(*) FROM records`))
			halve(items[:len(items)/2])
			halve(items[len(items)/2:])
		}
		halve(many)
		require.Equal(t, maxItems, count(`SELECT count(*) FROM records WHERE tbl = 'meetings'`))
		require.Equal(t, maxItems*scopes, count(`SELECT count(*) FROM scopes WHERE tbl = 'meetings'`))

		// An edit counts the scopes before and after it.
		edits := func(n int) (all []record.Mutation) {
			for i := range n {
				all = append(all, ana.set(board.Meetings, fmt.Sprint(i), board.Title, "x"))
			}
			return all
		}
		ana.push(edits(maxScopes / scopes / 2)...)
		var body []byte
		for _, m := range edits(maxScopes/scopes/2 + 1) {
			body = append(m.AppendJSON(body), '\n')
		}
		status, _ := ana.request("POST", "/v1/push", string(body))
		require.Equal(t, 413, status)
	})
}

// TestRecordOfManyScopesIsAccepted: a single record is stored, in however many scopes it is.
func TestRecordOfManyScopesIsAccepted(t *testing.T) {
	d, err := OpenDatabase(context.Background(), databasetest.SQLite(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s := withRules(t, d, &violation.Checker{Rules: map[string]violation.Rule{"many": inMany{}}}, "")
	ana := joined(t, listen(t, s), "demo", "")
	require.True(t, ana.push(ana.set(board.Tasks, "a", board.Title, "x")).Results[0].Changed)
	status, _ := ana.request("POST", "/v1/push", string(append(append(ana.set(board.Tasks, "b", board.Title, "x").AppendJSON(nil), '\n'),
		ana.set(board.Tasks, "c", board.Title, "x").AppendJSON(nil)...)))
	require.Equal(t, 413, status)
}

// inMany is a rule with which a task is in more scopes than a push may have.
type inMany struct{}

func (inMany) Scopes(record.Record) (names []string, err error) {
	for i := range maxScopes + 1 {
		names = append(names, fmt.Sprint(i))
	}
	return names, nil
}

func (inMany) Check(violation.Group) (violation.Findings, error) { return violation.Findings{}, nil }

// TestStalledUploads: clients whose uploads do not come to an end keep no other client from
// pushing, small or large, of their workspace or another one, however many they are.
func TestStalledUploads(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.uploads.silence = time.Second / 4
	url := listen(t, s)
	invite, err := s.Invitation("busy")
	require.NoError(t, err)
	var stalled []net.Conn
	for range uploadsOfWorkspace {
		busy := joined(t, url, "busy", invite)
		for range uploadsOfClient + 1 {
			stalled = append(stalled, busy.begin("POST /v1/push", "Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", smallBody)))
		}
	}
	under := func() int {
		s.uploads.mu.Lock()
		defer s.uploads.mu.Unlock()
		return len(s.uploads.all)
	}
	require.Eventually(t, func() bool { return under() == uploadsOfWorkspace }, 10*time.Second, time.Millisecond)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "busy", invite)
	for _, c := range []*client{ana, ben} {
		c.push(c.set(board.Tasks, "a", board.Title, "x"))
		large := c.set(board.Tasks, "a", board.Notes, strings.Repeat("x", 60_000))
		c.push(large, large)
	}
	for _, conn := range stalled {
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool { return under() == 0 }, 10*time.Second, time.Millisecond)
}

// TestUploadThatMakesWayIsTooSlow: its client is told to send less at once.
func TestUploadThatMakesWayIsTooSlow(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.uploads.silence = time.Second / 4
	ana := joined(t, listen(t, s), "demo", "")
	first := ana.begin("POST /v1/push", "Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", smallBody))
	for range uploadsOfClient {
		defer ana.begin("POST /v1/push", "Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", smallBody)).Close()
	}
	answer, err := http.ReadResponse(bufio.NewReader(first), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, answer.StatusCode)
}

// TestPushesOfOneClientComeOneAfterAnother: together they have one place in the queue of their
// workspace, and each of them is admitted by what those before it have cost.
func TestPushesOfOneClientComeOneAfterAnother(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.pushes = newQuotas(1, 1e9, time.Minute)
	decode, decoding, goOn := s.decode, make(chan bool), make(chan bool)
	s.decode = func(body []byte) ([]record.Item, error) {
		for _, step := range []chan bool{decoding, goOn} {
			select {
			case step <- true:
			case <-t.Context().Done(): // the test has failed
			}
		}
		return decode(body)
	}
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	var statuses [8]int
	var all sync.WaitGroup
	send := func(c *client, status *int) {
		body := "[" + string(c.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil)) + "]"
		all.Go(func() { *status, _ = c.request("POST", "/v1/push", body) })
	}
	for i := range statuses[1:] {
		send(ana, &statuses[i+1])
	}
	<-decoding
	of := "demo/" + ana.ID.String()
	require.Eventually(t, func() bool { return s.own.waiting(of) == len(statuses)-1 }, 10*time.Second, time.Millisecond)
	send(ben, &statuses[0])
	require.Eventually(t, func() bool { return s.turns.waiting("demo") == 2 }, 10*time.Second, time.Millisecond)
	<-goOn
	<-decoding // ben's: all others of ana's are refused
	<-goOn
	all.Wait()
	require.Equal(t, 200, statuses[0])
	slices.Sort(statuses[1:])
	require.Equal(t, []int{200, 429, 429, 429, 429, 429, 429}, statuses[1:])
}

// TestSlowBody: a body that takes long to decode keeps no other workspace waiting.
func TestSlowBody(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		decode, decoding, goOn := s.decode, make(chan bool), make(chan bool)
		s.decode = func(body []byte) ([]record.Item, error) {
			if strings.Contains(string(body), "slow") {
				decoding <- true
				<-goOn
			}
			return decode(body)
		}
		url := listen(t, s)
		invite, err := s.Invitation("busy")
		require.NoError(t, err)
		ana := joined(t, url, "demo", "")
		var slow sync.WaitGroup
		for range 2 * maxTurns {
			busy := joined(t, url, "busy", invite)
			m := busy.set(board.Tasks, "a", board.Title, "slow")
			slow.Go(func() { busy.push(m) })
		}
		<-decoding
		require.Eventually(t, func() bool { return s.turns.waiting("busy") == 2*maxTurns }, 10*time.Second, time.Millisecond)
		ana.push(ana.set(board.Tasks, "a", board.Title, "x"))
		require.Empty(t, s.working.all, "a place is taken by a body that is being decoded")
		go func() {
			for range decoding { // the others
			}
		}()
		close(goOn)
		slow.Wait()
		close(decoding)
	})
}

// TestBusyWorkspace: pushes that wait for the lock of one workspace do not keep those of
// another one waiting, however many they are.
func TestBusyWorkspace(t *testing.T) {
	s := open(t, databasetest.Postgres(t)) // SQLite has one lock for all
	url := listen(t, s)
	invite, err := s.Invitation("busy")
	require.NoError(t, err)
	locked, release := make(chan bool), make(chan bool)
	go s.database.locked(context.Background(), "busy", func(*session) error {
		close(locked)
		<-release
		return nil
	})
	<-locked
	var waiting sync.WaitGroup
	const most = 2 * maxWorking
	for range most {
		busy := joined(t, url, "busy", invite)
		m := busy.set(board.Tasks, "a", board.Title, "x")
		waiting.Go(func() { busy.push(m) })
	}
	require.Eventually(t, func() bool { return s.turns.waiting("busy") == most }, 10*time.Second, time.Millisecond)
	ana := joined(t, url, "demo", "")
	ana.push(ana.set(board.Tasks, "a", board.Title, "x"))
	close(release)
	waiting.Wait()
	require.Empty(t, s.turns.of, "a workspace that is done with is forgotten")
}
