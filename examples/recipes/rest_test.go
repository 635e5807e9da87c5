package recipes

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// tasks is a store of records with a lock, and its API.
type tasks struct {
	t      *testing.T
	mu     sync.Mutex
	stored merge.Collection
	last   clock.Timestamp
	writes int
}

// apiOf returns the API of a store, as a server has it.
func apiOf(s *tasks) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/tasks/{id}", API{Table: "tasks", Fields: []string{"title", "due", "count", "note"}, Read: s.read, Write: s.write})
	return mux
}

func (s *tasks) read(_ context.Context, key record.Key) (record.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored.Lookup([]record.Key{key})[0], nil
}

func (s *tasks) write(_ context.Context, key record.Key, edit func(*record.Edit) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last, noon) + 1
	e := s.stored.Lookup([]record.Key{key})[0].Edit(clock.Stamp{Time: s.last, Client: clock.ClientID{9}})
	if err := edit(e); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	m, err := e.Mutation()
	if err != nil {
		return err
	}
	if m.Data.Len() > 0 {
		s.writes++
		s.stored = merge.Join(s.stored, merge.Collect(m.Data))
	}
	return nil
}

// asks sends a request to an API and returns the answer. The header names an ETag, or is empty.
func asks(h http.Handler, method, path, match, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if match != "" {
		r.Header.Set("If-Match", match)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// storeOf returns a store with one task.
func storeOf(t *testing.T) *tasks {
	key, at := record.Key{Table: "tasks", ID: "1"}, clock.Stamp{Time: noon - 1000, Client: clock.ClientID{1}}
	m, err := record.New(key).Edit(at).SetMap(map[string]any{"title": "Fence", "due": "Monday", "count": 0, "color": "red"}).Mutation()
	require.NoError(t, err)
	return &tasks{t: t, stored: merge.Collect(m.Data)}
}

// TestPatchWritesOnlyWhatChanges checks that a form that sends all its fields back writes the changed one alone, that null
// deletes a field, and that fields of other versions are neither shown nor touched.
func TestPatchWritesOnlyWhatChanges(t *testing.T) {
	s := storeOf(t)
	h := apiOf(s)
	answer := asks(h, "PATCH", "/tasks/1", "", `{"title":"Fence","due":"Tuesday","count":0}`)
	require.Equal(t, 200, answer.Code, answer.Body)
	require.JSONEq(t, `{"title":"Fence","due":"Tuesday","count":0}`, answer.Body.String())
	stored, _ := s.read(t.Context(), record.Key{Table: "tasks", ID: "1"})
	for name, w := range stored.All() {
		require.Equal(t, name == "due", w.Stamp.Time > noon, name)
	}
	got := asks(h, "GET", "/tasks/1", "", "")
	require.Equal(t, answer.Body.String(), got.Body.String())
	require.Equal(t, answer.Header().Get("ETag"), got.Header().Get("ETag"))

	require.JSONEq(t, `{"title":"Fence","count":0}`, asks(h, "PATCH", "/tasks/1", "", `{"due":null}`).Body.String())
	require.Equal(t, 2, s.writes)
	for _, nothing := range []string{`{}`, `{"due":null}`, `{"note":null}`, `{"title":"Fence"}`} {
		again := asks(h, "PATCH", "/tasks/1", "", nothing)
		require.Equal(t, 200, again.Code)
		require.Equal(t, `{"count":0,"title":"Fence"}`+"\n", again.Body.String())
	}
	require.Equal(t, 2, s.writes)
	require.Equal(t, `{"count":0,"note":"","title":"Fence"}`+"\n", asks(h, "PATCH", "/tasks/1", "", `{"note":""}`).Body.String(), "a new field")
	stored, _ = s.read(t.Context(), record.Key{Table: "tasks", ID: "1"})
	color, _ := stored.Get("color")
	require.Equal(t, record.MustOf("red"), color.Value)
}

// TestPutReplacesTheFieldsOfTheAPI checks that a PUT writes only what differs, deletes the fields of the API that it leaves
// out, and touches no field of another version.
func TestPutReplacesTheFieldsOfTheAPI(t *testing.T) {
	s := storeOf(t)
	h := apiOf(s)
	for range 2 {
		answer := asks(h, "PUT", "/tasks/1", "", `{"title":"Fence","count":1}`)
		require.Equal(t, 200, answer.Code, answer.Body)
		require.JSONEq(t, `{"title":"Fence","count":1}`, answer.Body.String())
	}
	require.Equal(t, 1, s.writes)
	stored, _ := s.read(t.Context(), record.Key{Table: "tasks", ID: "1"})
	for name, w := range stored.All() {
		require.Equal(t, name == "due" || name == "count", w.Stamp.Time > noon, name)
	}
	require.Equal(t, map[string]any{"title": "Fence", "count": int64(1), "color": "red"}, stored.Map())
}

// TestNullOverNullIsNoWrite checks that a form that sends back a null which it has got, for example from an imported row,
// writes nothing.
func TestNullOverNullIsNoWrite(t *testing.T) {
	s := storeOf(t)
	h := apiOf(s)
	key := record.Key{Table: "tasks", ID: "1"}
	s.stored = merge.Join(s.stored, merge.Collect(write(key, "note", nil, clock.Stamp{Time: noon - 500, Client: clock.ClientID{1}})))
	got := asks(h, "GET", "/tasks/1", "", "").Body.String()
	require.JSONEq(t, `{"title":"Fence","due":"Monday","count":0,"note":null}`, got)
	for _, method := range []string{"PATCH", "PUT"} {
		require.Equal(t, got, asks(h, method, "/tasks/1", "", got).Body.String())
	}
	require.Zero(t, s.writes)
}

// TestPutDeletesANullThatItLeavesOut checks that a PUT tells a field that is null from one that is left out.
func TestPutDeletesANullThatItLeavesOut(t *testing.T) {
	s := storeOf(t)
	h := apiOf(s)
	key := record.Key{Table: "tasks", ID: "1"}
	s.stored = merge.Join(s.stored, merge.Collect(write(key, "note", nil, clock.Stamp{Time: noon - 500, Client: clock.ClientID{1}})))
	for range 2 {
		require.JSONEq(t, `{"title":"Fence","due":"Monday","count":0}`, asks(h, "PUT", "/tasks/1", "", `{"title":"Fence","due":"Monday","count":0}`).Body.String())
		require.Equal(t, 1, s.writes)
	}
	require.JSONEq(t, `{"title":"Fence","due":"Monday","count":0}`, asks(h, "PUT", "/tasks/1", "", `{"title":"Fence","due":"Monday","count":0,"note":null}`).Body.String())
	require.Equal(t, 1, s.writes)
}

// TestPatchWithAnETagLosesNothing lets callers count up at the same time: each reads a count, and writes the next one only
// if the record is still the one that it has read.
func TestPatchWithAnETagLosesNothing(t *testing.T) {
	const callers, times = 4, 20
	s := storeOf(t)
	h := apiOf(s)
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			for n := 0; n < times; {
				got := asks(h, "GET", "/tasks/1", "", "")
				_, rest, _ := strings.Cut(got.Body.String(), `"count":`)
				count, _ := strconv.Atoi(rest[:strings.IndexAny(rest, ",}")])
				answer := asks(h, "PATCH", "/tasks/1", got.Header().Get("ETag"), fmt.Sprintf(`{"count":%d}`, count+1))
				if answer.Code == 200 {
					n++
				} else if answer.Code != http.StatusPreconditionFailed {
					t.Errorf("status %d", answer.Code)
					return
				}
			}
		})
	}
	done.Wait()
	require.Contains(t, asks(h, "GET", "/tasks/1", "", "").Body.String(), fmt.Sprintf(`"count":%d,`, callers*times))
	require.Equal(t, 200, asks(h, "PATCH", "/tasks/1", "*", `{"count":0}`).Code)
}

// TestAPIRefusesWithoutAWrite checks the status of each refusal, and that nothing is stored.
func TestAPIRefusesWithoutAWrite(t *testing.T) {
	s := storeOf(t)
	h := apiOf(s)
	before := asks(h, "GET", "/tasks/1", "", "").Header().Get("ETag")
	for _, c := range []struct {
		method, path, match, body string
		status                    int
	}{
		{"PATCH", "/tasks/1", `"other"`, `{"title":"x"}`, 412},
		{"PATCH", "/tasks/2", "", `{"title":"x"}`, 404},
		{"PUT", "/tasks/1", `"other"`, `{"title":"x"}`, 412},
		{"PUT", "/tasks/2", "", `{"title":"x"}`, 404},
		{"PUT", "/tasks/1", "", `{"color":"x"}`, 422},
		{"PUT", "/tasks/1", "", `null`, 400},
		{"PATCH", "/tasks/1", "", `null`, 400},
		{"GET", "/tasks/2", "", "", 404},
		{"PATCH", "/tasks/1", "", `{"color":"x"}`, 422},
		{"PATCH", "/tasks/1", "", `{"$deleted":true}`, 422},
		{"PATCH", "/tasks/1", "", `["x"]`, 400},
		{"PATCH", "/tasks/1", "", `{"title":"x"} {}`, 400},
		{"PATCH", "/tasks/1", "", `{"title":"` + strings.Repeat("x", maxPatch) + `"}`, 400},
		{"DELETE", "/tasks/1", "", "", 405},
	} {
		require.Equal(t, c.status, asks(h, c.method, c.path, c.match, c.body).Code, "%s %s %.40s", c.method, c.path, c.body)
	}
	require.Equal(t, "GET, PATCH, PUT", asks(h, "DELETE", "/tasks/1", "", "").Header().Get("Allow"))
	require.Equal(t, before, asks(h, "GET", "/tasks/1", "", "").Header().Get("ETag"))
	require.Zero(t, s.writes)

	deleted := write(record.Key{Table: "tasks", ID: "1"}, record.DeletedField, true, clock.Stamp{Time: noon, Client: clock.ClientID{1}})
	s.stored = merge.Join(s.stored, merge.Collect(deleted))
	require.Equal(t, 404, asks(h, "GET", "/tasks/1", "", "").Code)
	require.Equal(t, 404, asks(h, "PATCH", "/tasks/1", "", `{"title":"x"}`).Code)
}

// TestAPITellsWhatToDoAboutAFailedWrite checks that a caller sends again what may succeed later, and nothing else.
func TestAPITellsWhatToDoAboutAFailedWrite(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{context.DeadlineExceeded, 503}, {&merge.Refusal{Code: merge.StorageFull, Retryable: true}, 503},
		{&merge.Refusal{Code: merge.RecordFull}, 422}, {&record.Error{Err: record.ErrLimit}, 422},
	} {
		api := API{Fields: []string{"title"}, Write: func(context.Context, record.Key, func(*record.Edit) error) error {
			return fmt.Errorf("write: %w", c.err)
		}}
		require.Equal(t, c.status, asks(api, "PATCH", "/", "", `{"title":"x"}`).Code, "%v", c.err)
	}
}
