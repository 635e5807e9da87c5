package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// pushOf pushes some items.
func (s *Server) pushOf(t *testing.T, items ...[]byte) (syncserver.Outcome, error) {
	body := append(append([]byte("["), bytes.Join(items, []byte(","))...), ']')
	return s.Push(t.Context(), syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, syncserver.Pushed{Body: body})
}

// refuses requires that an error has a status.
func refuses(t *testing.T, status int, err error) {
	t.Helper()
	require.Error(t, err)
	got, _ := syncserver.StatusOf(err)
	require.Equal(t, status, got, "%v", err)
}

// TestPushThatDoesNotFitIntoABatchIsHalved: a batch has at most 999 puts, and one of them is the mark.
func TestPushThatDoesNotFitIntoABatchIsHalved(t *testing.T) {
	s := open(t, memory.New(), Options{})
	items := make([][]byte, store.MostPuts)
	for i := range items {
		items[i] = write(t, fmt.Sprint(i), clock.TimestampOf(noon), "x")
	}
	_, err := s.pushOf(t, items...)
	refuses(t, http.StatusRequestEntityTooLarge, err)
	for len(items) > 0 {
		half := items[:min(len(items), store.MostPuts/2)]
		_, err := s.pushOf(t, half...)
		require.NoError(t, err)
		items = items[len(half):]
	}
	require.Len(t, allOf(t, s.store, workspace), store.MostPuts)
}

// TestPushIsRefusedIfTheStoredRecordsAreTooLarge grows records until a small push names more than a server reads.
func TestPushIsRefusedIfTheStoredRecordsAreTooLarge(t *testing.T) {
	s := open(t, memory.New(), Options{})
	n := maxLoaded/(3*s.engine.Limits.Value) + 10
	all := make([][]byte, n)
	for i := range n {
		for j := range 3 {
			at := clock.Stamp{Time: clock.TimestampOf(noon), Client: ana}
			m, err := record.New(record.Key{Table: "tasks", ID: fmt.Sprint(i)}).Edit(at).Set(fmt.Sprint("field ", j), strings.Repeat("x", s.engine.Limits.Value-10)).Mutation()
			require.NoError(t, err)
			_, err = s.pushOf(t, m.AppendJSON(nil))
			require.NoError(t, err)
		}
		all[i] = write(t, fmt.Sprint(i), clock.TimestampOf(noon), "x")
	}
	_, err := s.pushOf(t, all...)
	refuses(t, http.StatusRequestEntityTooLarge, err)
	_, err = s.pushOf(t, all[:n/2]...)
	require.NoError(t, err)
}

func TestStampsTooFarAheadAreRefused(t *testing.T) {
	s := open(t, memory.New(), Options{})
	result := s.pushes(t, write(t, "1", clock.TimestampOf(noon.Add(time.Hour)), "x"))
	require.Equal(t, merge.TooFarAhead, result.Refusal.Code)
	require.Empty(t, allOf(t, s.store, workspace))
}

func TestBatchThatCannotBeReadIsRefused(t *testing.T) {
	s := open(t, memory.New(), Options{})
	_, err := s.pushOf(t, []byte("{"))
	refuses(t, http.StatusBadRequest, err)
}

// failing is a store that fails.
type failing struct {
	Store
	err error
}

func (f failing) Commit(context.Context, store.Batch) error { return f.err }

func TestErrorsOfTheStoreAreTemporary(t *testing.T) {
	t.Parallel()
	for _, err := range []error{store.ErrFull, store.ErrUnavailable, errors.New("other")} {
		p := &between{Store: memory.New()}
		s := open(t, p, Options{})
		p.Store = failing{p.Store, fmt.Errorf("wrapped: %w", err)}
		_, got := s.pushOf(t, write(t, "1", clock.TimestampOf(noon), "x"))
		refuses(t, http.StatusServiceUnavailable, got)
		require.ErrorIs(t, got, err)
	}
}

// ending is a store that fails to commit a batch, and lets the context end before an attempt, or while the attempt reads.
type ending struct {
	Store
	err error
	end context.CancelFunc
	at  int // the number of the call of Load during which the context ends; 0 ends it with the first Commit
}

func (e *ending) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	if e.at--; e.at == 0 {
		e.end()
	}
	return e.Store.Load(ctx, workspace, keys)
}

func (e *ending) Commit(context.Context, store.Batch) error {
	if e.at < 0 {
		e.end()
	}
	return e.err
}

// TestEndOfARequestDoesNotHideWhyItWasNotStored lets the context of a push end after a failure of the store, wherever the
// push is then.
func TestEndOfARequestDoesNotHideWhyItWasNotStored(t *testing.T) {
	for _, err := range []error{store.ErrUnknown, store.ErrUnavailable} {
		for _, at := range []int{0, 2} {
			m := memory.New()
			s := open(t, m, Options{})
			ctx, cancel := context.WithCancel(t.Context())
			s.store = &ending{m, fmt.Errorf("wrapped: %w", err), cancel, at}
			_, got := s.Push(ctx, syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, syncserver.Pushed{Body: write(t, "1", clock.TimestampOf(noon), "x")})
			cancel()
			refuses(t, http.StatusServiceUnavailable, got)
			require.ErrorIs(t, got, err, "%d", at)
		}
	}
}

// TestRecordIsStoredWithoutRowsThatDoNotFit lets one record violate more scopes than a batch has room for.
func TestRecordIsStoredWithoutRowsThatDoNotFit(t *testing.T) {
	many := &violation.Checker{Rules: map[string]violation.Rule{"many": manyScopes{}}}
	s := open(t, memory.New(), Options{Rules: many})
	out, err := s.pushOf(t, write(t, "1", clock.TimestampOf(noon), "x"))
	require.NoError(t, err)
	require.True(t, out.Answer.Results[0].Accepted())
	require.Len(t, out.Report.Failed, 1)
	require.Equal(t, "many", out.Report.Failed[0].Rule)
	require.Len(t, allOf(t, s.store, workspace), 1)
}

// manyScopes is a rule that finds a violation in each of many scopes of a record.
type manyScopes struct{}

func (manyScopes) Scopes(record.Record) (names []string, err error) {
	for i := range 600 {
		names = append(names, fmt.Sprint(i))
	}
	return names, nil
}

func (manyScopes) Check(g violation.Group) (f violation.Findings, err error) {
	for _, r := range g.Records {
		f.List = append(f.List, violation.Finding{Key: g.Scope + " " + violation.RecordKey(r.Key()), Type: "many", Record: r.Key()})
	}
	return f, nil
}
