package powersync

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
)

// phone is a device of the model: its queue, and the requests that it has sent.
type phone struct {
	id    clock.ClientID
	last  int64
	queue []Transaction
	sent  []Batch
}

// arrivalWorld is a server, and a model of what it must store: each entry takes effect once, when it
// arrives first, if it is not refused.
type arrivalWorld struct {
	*rapid.T
	*Handler
	store   memory.Server
	wall    time.Time
	phones  []*phone
	values  int
	shown   map[string]string // the title by row
	arrived map[string]bool   // by value, since each entry writes a value of its own
}

// edit adds a transaction of one to three entries to the queue.
func (w *arrivalWorld) edit(p *phone) {
	p.last += int64(rapid.IntRange(1, 2).Draw(w.T, "step"))
	id := p.last
	t := Transaction{ID: &id}
	for range rapid.IntRange(1, 3).Draw(w.T, "entries") {
		w.values++
		value, _ := json.Marshal(strconv.Itoa(w.values))
		row := rapid.SampledFrom([]string{"1", "2", "secret"}).Draw(w.T, "row")
		t.Crud = append(t.Crud, Entry{Op: "PATCH", Table: "tasks", ID: row, Data: map[string]json.RawMessage{"title": value}})
	}
	p.queue = append(p.queue, t)
}

// upload sends the beginning of the queue. If the answer arrives, the transactions leave the queue.
func (w *arrivalWorld) upload(p *phone) {
	if len(p.queue) == 0 {
		return
	}
	n := rapid.IntRange(1, len(p.queue)).Draw(w.T, "transactions")
	b := Batch{append([]Transaction(nil), p.queue[:n]...)}
	p.sent = append(p.sent, b)
	results := w.deliver(p, b)
	for i, t := range b.Transactions {
		want := Success
		for _, e := range t.Crud {
			if e.ID == "secret" {
				want = Fatal
			}
		}
		require.Equal(w.T, want, results.Results[i].Status)
	}
	if rapid.Bool().Draw(w.T, "answer arrives") {
		p.queue = p.queue[n:]
	}
}

// deliver gives a request to the server, and to the model.
func (w *arrivalWorld) deliver(p *phone, b Batch) Results {
	w.wall = w.wall.Add(time.Duration(rapid.IntRange(-1, 2).Draw(w.T, "ms")) * time.Millisecond)
	results, err := w.Apply(p.id, b)
	require.NoError(w.T, err)
	for _, t := range b.Transactions {
		for _, e := range t.Crud {
			if value := string(e.Data["title"]); e.ID != "secret" && !w.arrived[value] {
				w.arrived[value] = true
				w.shown[e.ID] = value
			}
		}
	}
	for r := range w.store.Records().All() {
		title, _ := r.Get("title")
		require.Equal(w.T, w.shown[r.Key().ID], title.Value.JSON())
	}
	return results
}

// TestUnstampedEntriesApplyOnceInTheOrderOfArrival: answers are lost, requests are repeated, also with
// more transactions, and copies of old requests arrive at any time.
func TestUnstampedEntriesApplyOnceInTheOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &arrivalWorld{T: t, wall: noon.Time(), phones: []*phone{{id: ana}, {id: ben}}, shown: map[string]string{}, arrived: map[string]bool{}}
		w.store.Now = func() time.Time { return w.wall }
		w.store.Engine.Guard = guard
		var err error
		w.Handler, err = New(Options{Server: &w.store, Schema: schema, AcceptUnstamped: true})
		require.NoError(t, err)
		any := func() *phone { return rapid.SampledFrom(w.phones).Draw(t, "phone") }
		t.Repeat(map[string]func(*rapid.T){
			"edit":   func(*rapid.T) { w.edit(any()) },
			"upload": func(*rapid.T) { w.upload(any()) },
			"copy": func(*rapid.T) {
				if p := any(); len(p.sent) > 0 {
					w.deliver(p, rapid.SampledFrom(p.sent).Draw(t, "request"))
				}
			},
		})
	})
}

// TestRestoredQueueIsRefused: a transaction ID that was used for something else is not taken for a retry.
func TestRestoredQueueIsRefused(t *testing.T) {
	e := newEndpoint(t, true)
	e.post(batch(patch("one", clock.Stamp{}), patch("two", clock.Stamp{}), patch("three", clock.Stamp{})))
	_, answer := e.post(batch(patch("other", clock.Stamp{})))
	require.Contains(t, answer, `"error_code":"queue_restored"`, "it differs from the entry in the ledger")
	e.post(`{"transactions":[{"transaction_id":4,"crud":[` + patch("four", clock.Stamp{}) + `]}]}`)
	_, answer = e.post(batch(patch("one", clock.Stamp{})))
	require.Contains(t, answer, `"error_code":"queue_restored"`, "it has left the queue")
	_, answer = e.post(`{"transactions":[{"crud":[` + patch("no ID", clock.Stamp{}) + `]}]}`)
	require.Contains(t, answer, `"error_code":"invalid"`)
	require.Equal(t, "four", e.title())
	require.Len(t, e.arrivalsOf(ana).applied, 1, "the ledger forgets what has left the queue")
}

// TestArrivalIsAboveWhatIsStored: an entry without a stamp wins over a stored write of a device whose
// clock is ahead, also after a restart.
func TestArrivalIsAboveWhatIsStored(t *testing.T) {
	e := newEndpoint(t, true)
	e.post(batch(patch("ahead", at(4*time.Minute, ana)), patch("arrives later", clock.Stamp{})))
	require.Equal(t, "arrives later", e.title())
	var err error
	e.Handler, err = New(e.o)
	require.NoError(t, err)
	e.post(batch(patch("later", clock.Stamp{})))
	require.Equal(t, "later", e.title())
}

// TestArrivalIsAboveStampsFarAhead: the clock has no bound of its own, or it would not follow a stamp that the engine
// permits.
func TestArrivalIsAboveStampsFarAhead(t *testing.T) {
	e := newEndpoint(t, true)
	e.store.Engine.MaxAhead = time.Hour
	e.post(batch(patch("ahead", at(time.Hour/2, ana)), patch("arrives later", clock.Stamp{})))
	require.Equal(t, "arrives later", e.title())
}

// TestRetryOfALaterTransaction: a transaction that was sent as the second one, and comes again as the first one, is a
// retry. The entry would otherwise win over an edit made since.
func TestRetryOfALaterTransaction(t *testing.T) {
	e := newEndpoint(t, true)
	e.post(batch(patch("one", clock.Stamp{}), patch("two", clock.Stamp{})))
	_, err := e.Apply(ben, read(t, batch(patch("by Ben", at(time.Minute, ben)))))
	require.NoError(t, err)
	e.wall = e.wall.Add(time.Hour)
	_, answer := e.post(`{"transactions":[{"transaction_id":2,"crud":[` + patch("two", clock.Stamp{}) + `]}]}`)
	require.JSONEq(t, `{"results":[{"status":"success"}]}`, answer)
	require.Equal(t, "by Ben", e.title())
}

// TestArrivalsHaveAnIDOfTheirOwn: the stamps of a device do not run backwards because an entry without
// a stamp arrived in between.
func TestArrivalsHaveAnIDOfTheirOwn(t *testing.T) {
	e := newEndpoint(t, true)
	other := strings.Replace(patch("an hour ago", at(-time.Hour, ana)), `"id":"1"`, `"id":"2"`, 1)
	_, answer := e.post(batch(patch("no stamp", clock.Stamp{}), other))
	require.JSONEq(t, `{"results":[{"status":"success"},{"status":"success"}]}`, answer)
}

// TestLedgerIsBounded: a device that never completes a transaction cannot make the ledger grow without bounds. Its
// retries are accepted, and so are its entries once it has completed what was applied.
func TestLedgerIsBounded(t *testing.T) {
	var a arrivals
	a.begin(1)
	e := Entry{Op: "DELETE", Table: "tasks", ID: "1"}
	for i := range MaxEntries {
		require.Equal(t, unknown, a.state(place{2, i}, e))
		a.add(place{2, i}, e)
	}
	require.Equal(t, contradicts, a.state(place{3, 0}, e))
	require.Equal(t, isApplied, a.state(place{2, 7}, e))
	a.begin(3)
	require.Equal(t, unknown, a.state(place{3, 0}, e))
	require.Empty(t, a.applied)
}
