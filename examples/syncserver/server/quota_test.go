package server

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// timed returns quotas with a clock that the test sets.
func timed(member, group float64) (*quotas, *time.Time) {
	q := newQuotas(member, group, time.Minute)
	wall := time.Unix(0, 0)
	q.now = func() time.Time { return wall }
	return q, &wall
}

// use admits and charges a member, as a push does.
func (q *quotas) use(group, member string, cost float64) error {
	if err := q.admit(group, member); err != nil {
		return err
	}
	return q.charge(group, member, cost)
}

// waitOf returns how long to wait before a retry, according to the failure.
func waitOf(t *testing.T, err error) time.Duration {
	t.Helper()
	fail := new(failure)
	require.ErrorAs(t, err, &fail)
	require.Equal(t, 429, fail.status)
	require.Equal(t, "quota_exceeded", fail.Code)
	seconds, err := strconv.Atoi(retryAfter(fail))
	require.NoError(t, err)
	require.Positive(t, seconds)
	return time.Duration(seconds) * time.Second
}

// TestAnyPushFitsAQuotaThatIsNotUsedUp checks that a push of any cost is served if the quota is not
// used up, and that the next one is served after the wait that its refusal names.
func TestAnyPushFitsAQuotaThatIsNotUsedUp(t *testing.T) {
	for _, cost := range []float64{100, 150, 1000, 1e6} {
		q, wall := timed(100, 400)
		require.NoError(t, q.use("a", "ana", cost))
		for range 3 {
			wait := waitOf(t, q.use("a", "ana", 1))
			*wall = wall.Add(wait - 2*time.Second)
			if wait > 2*time.Second {
				waitOf(t, q.use("a", "ana", 1))
			}
			*wall = wall.Add(2 * time.Second)
			require.NoError(t, q.use("a", "ana", cost), cost)
		}
		require.NoError(t, q.use("b", "ana", cost), "the push was charged to another workspace as well")
	}
}

// TestUseOverTimeIsBounded checks that a member that pushes without a pause gets only its limit per
// minute, on average.
func TestUseOverTimeIsBounded(t *testing.T) {
	q, wall := timed(100, 1e9)
	used := 0.0
	for range 100 * 600 {
		if q.use("a", "ana", 7) == nil {
			used += 7
		}
		*wall = wall.Add(time.Minute / 600)
	}
	require.InDelta(t, 100*100, used, 700)
}

// TestHeavyUseDoesNotBlockALightUser checks that a member that uses little is always served while
// many others use as much as they can, and that the total stays bounded.
func TestHeavyUseDoesNotBlockALightUser(t *testing.T) {
	const group, crowd, greatest = 400.0, 50, 100.0
	q, wall := timed(100, group)
	used, minutes := 0.0, 10
	for second := range minutes * 60 {
		for i := range crowd {
			for _, cost := range []float64{greatest, 1} {
				if q.use("a", fmt.Sprint(i), cost) == nil {
					used += cost
				}
			}
		}
		if second%10 == 0 {
			require.NoError(t, q.use("a", "ana", 1), "%d s", second)
		}
		*wall = wall.Add(time.Second)
	}
	require.Less(t, used, 2*group*float64(minutes+1)+greatest)
	require.Greater(t, used, group*float64(minutes)/2, "a group in debt was served too little")

	// A push of high cost must wait until the debt of the group has faded, and is served then.
	wait := waitOf(t, q.use("a", "ana", greatest))
	waitOf(t, q.admit("a", "ana"))
	*wall = wall.Add(wait)
	require.NoError(t, q.use("a", "ana", greatest))
}

// TestIdleMembersAreRemoved checks that the memory of quotas is bounded by the active members and
// groups.
func TestIdleMembersAreRemoved(t *testing.T) {
	if testing.Short() {
		t.Skip("counts hundreds of thousands of members, and does not test concurrency")
	}
	q, wall := timed(1e6, 1e9)
	for i := range 100_000 {
		*wall = wall.Add(time.Second)
		require.NoError(t, q.use("a", fmt.Sprint(i), 1000))
		require.NoError(t, q.use(fmt.Sprint("workspace", i), "ana", 1000))
		require.LessOrEqual(t, len(q.of["a"].members), 2000)
		require.LessOrEqual(t, len(q.of), 2000)
	}
	for i := range maxCounted + 100 { // all at the same time
		require.NoError(t, q.use("a", fmt.Sprint("x", i), 1000))
	}
	require.LessOrEqual(t, len(q.of["a"].members), maxCounted+1)
}

// TestPushIsChargedForTheRecordsThatOthersPull checks that a small push to large records is charged
// for the bytes that other clients then pull. A push over the quota stores nothing and may be
// retried.
func TestPushIsChargedForTheRecordsThatOthersPull(t *testing.T) {
	if testing.Short() {
		t.Skip("pushes repeatedly to 5 MB of records, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		const records = 20
		long := strings.Repeat("x", 60_000)
		for i := range records {
			for _, field := range []string{"a", "b", "c", "d"} {
				ana.push(ana.set(board.Tasks, fmt.Sprint(i), field, long))
			}
		}
		wall := time.Unix(0, 0)
		const limit = 32 << 20
		s.pushes = newQuotas(limit, 4*limit, minute)
		s.pushes.now = func() time.Time { return wall }
		push := func(word string) (int, string, string) {
			var body []byte
			for i := range records {
				body = append(ben.set(board.Tasks, fmt.Sprint(i), board.Title, word).AppendJSON(body), '\n')
			}
			require.Less(t, len(body), 11_000)
			answer := ben.do("POST", "/v1/push", string(body), nil)
			text := make([]byte, 100)
			n, _ := answer.Body.Read(text)
			return answer.StatusCode, string(text[:n]), answer.Header.Get("Retry-After")
		}
		pushes := 0
		for {
			status, text, wait := push(fmt.Sprint(pushes))
			if status == 200 {
				pushes++
				continue
			}
			require.Equal(t, 429, status)
			require.Contains(t, text, `"code":"quota_exceeded"`)
			seconds, err := strconv.Atoi(wait)
			require.NoError(t, err)
			wall = wall.Add(time.Duration(seconds) * time.Second)
			break
		}
		size := 4 * 60_000 * records // the push reads and writes this many bytes
		require.Equal(t, limit/(2*size)+1, pushes)
		for _, l := range ben.pull("0&limit=1") {
			title, _ := l.Data.Get(board.Title)
			require.Equal(t, record.MustOf(fmt.Sprint(pushes-1)), title.Value)
		}
		ana.push(ana.set(board.Tasks, "a", board.Title, "x"))
		status, _, _ := push("again")
		require.Equal(t, 200, status)
	})
}

// TestPushOverQuotaIsRefusedBeforeReading checks a workspace in debt: a push that would exceed the
// share of its member, even of a new member, is refused before the server reads a record or runs a
// rule.
func TestPushOverQuotaIsRefusedBeforeReading(t *testing.T) {
	databasetest.OnEach(t, testPushOverQuotaIsRefusedBeforeReading)
}

func testPushOverQuotaIsRefusedBeforeReading(t *testing.T, name func(*testing.T) string) {
	s := open(t, name(t))
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	long := strings.Repeat("x", 60_000)
	s.engine.TableMaxRecord, s.engine.Guard = nil, nil
	ana.push(ana.set(board.Meetings, "a", board.Notes, long), ana.set(board.Meetings, "b", board.Notes, "x"))
	_, err := s.database.db.Exec(`UPDATE records SET data = '{' || data WHERE id = 'a'`) // makes any read of the record fail
	require.NoError(t, err)
	s.pushes = newQuotas(100_000, 50_000, minute)
	s.pushes.now = func() time.Time { return time.Unix(0, 0) }
	s.pushes.count("demo", "cem", 49_000)
	status, _ := ben.request("POST", "/v1/push", string(ben.set(board.Meetings, "a", board.Notes, "y").AppendJSON(nil)))
	require.Equal(t, 503, status, "without debt, the push did not read the record")
	s.pushes.count("demo", "cem", 60_000)
	ben.push(ben.set(board.Meetings, "b", board.Notes, "z")) // a small push is accepted
	used := s.pushes.of["demo"].members[ben.ID.String()].used
	var asked atomic.Int32
	s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{"asked": violation.PerRecord{
		Table: board.Meetings, Wrong: func(record.Record) (string, error) { asked.Add(1); return "", nil },
	}}}
	answer := ben.do("POST", "/v1/push", string(ben.set(board.Meetings, "a", board.Notes, "y").AppendJSON(nil)), nil)
	require.Equal(t, 429, answer.StatusCode)
	require.Zero(t, asked.Load())
	require.Equal(t, used, s.pushes.of["demo"].members[ben.ID.String()].used)
}

// TestPushIsChargedForScopes checks that a booking of many years is charged for its many index
// entries, which take more work than its bytes suggest.
func TestPushIsChargedForScopes(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	s.pushes.now = func() time.Time { return time.Unix(0, 0) }
	book := func(id, room, end string) (cost float64) {
		before := s.pushes.of["demo"]
		if before != nil {
			cost = -before.used
		}
		ana.push(ana.set(board.Meetings, id, "slot", map[string]string{"room": room, "start": "2026-12-01T10:00:00Z", "end": end}))
		return cost + s.pushes.of["demo"].used
	}
	hour := book("a", "R", "2026-12-01T11:00:00Z")
	require.Less(t, hour, 4.0*costOfScope)
	years := book("b", "S", "2260-12-01T11:00:00Z")
	require.Greater(t, years, hour+35*costOfScope)
	require.Greater(t, book("b", "T", "2260-12-01T11:00:00Z"), years+35*costOfScope, "the scopes that the booking left were not charged")
}

// TestJoinsAreLimitedByAddress checks that an address that joins repeatedly gets a limited number of
// client IDs, and that other addresses can still join.
func TestJoinsAreLimitedByAddress(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.joins = newQuotas(joinsOfAddress, pushedToWorkspace, minute)
	wall := time.Unix(0, 0)
	s.joins.now = func() time.Time { return wall }
	h := s.Handler()
	join := func(address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/v1/join", strings.NewReader(`{"workspace":"demo"}`))
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for i := range joinsOfAddress {
		require.Equal(t, 200, join(fmt.Sprint("192.0.2.1:", 1000+i)).Code)
		require.Equal(t, 200, join(fmt.Sprintf("[2001:db8::%x]:80", i)).Code)
	}
	for _, address := range []string{"192.0.2.1:1", "[::ffff:192.0.2.1]:1", "[2001:db8::ffff]:1"} {
		w := join(address)
		require.Equal(t, 429, w.Code, address)
		require.Equal(t, "1", w.Header().Get("Retry-After"))
	}
	require.Equal(t, 200, join("192.0.2.2:1").Code)
	require.Equal(t, 200, join("[2001:db8:0:1::1]:1").Code)
	wall = wall.Add(time.Second)
	require.Equal(t, 200, join("192.0.2.1:1").Code)
}

// TestPullsAreChargedForTheirSize checks that a page is charged for its size, that an empty page has
// a cost too, and that pulls in a loop are refused in the end.
func TestPullsAreChargedForTheirSize(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	ana.push(ana.set(board.Tasks, "a", board.Notes, strings.Repeat("x", 50_000)))
	for query, cost := range map[string]int{"after=0&limit=1": costOfPull + 50_000, "after=1": costOfPull} {
		s.pulls = newQuotas(1<<20, 1<<30, minute)
		s.pulls.now = func() time.Time { return time.Unix(0, 0) }
		served := 0
		for {
			answer := ana.do("GET", "/v1/pull?"+query, "", nil)
			if answer.StatusCode == 429 {
				require.NotEmpty(t, answer.Header.Get("Retry-After"))
				break
			}
			require.Equal(t, 200, answer.StatusCode)
			served++
		}
		require.InDelta(t, (1<<20)/cost+1, served, 1)
		require.Len(t, ben.pull("0"), 1)
	}
}

// TestTooLargePushInDebtIsRefusedAsTooLarge checks that a push to more records than the server reads
// at once is refused as too large, even if the workspace is in debt. The client then halves the
// push, and the quota may allow the parts.
func TestTooLargePushInDebtIsRefusedAsTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 24 MB of records, and does not test concurrency")
	}
	s := open(t, databasetest.SQLite(t))
	url := listen(t, s)
	ana, eve := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	const records = 400
	var all []record.Mutation
	for i := range records {
		eve.push(eve.set(board.Tasks, fmt.Sprint(i), "notes", strings.Repeat("x", 60_000)))
		all = append(all, ana.set(board.Tasks, fmt.Sprint(i), board.Title, "x"))
	}
	var body []byte
	for _, m := range all {
		body = append(m.AppendJSON(body), '\n')
	}
	s.pushes = newQuotas(1<<30, 32<<20, pushTime)
	s.pushes.count("demo", eve.ID.String(), 100<<20) // puts the workspace in debt
	status, text := ana.request("POST", "/v1/push", string(body))
	require.Equal(t, 413, status, text)
	require.Equal(t, "accepted", ana.push(all[:records/4]...).Results[0].Verdict)
}
