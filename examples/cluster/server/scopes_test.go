package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// wide is a rule whose records are in many scopes, and that finds nothing.
type wide struct{ names []string }

func (w wide) Scopes(record.Record) ([]string, error) { return w.names, nil }

func (wide) Check(violation.Group) (violation.Findings, error) { return violation.Findings{}, nil }

// openWide returns a server whose records are in scopes with lists that are too large together. A list of the test has
// one member with a long name.
func openWide(t *testing.T) (*Server, *counted) {
	const size = 100 << 10
	rule := wide{}
	b := store.Batch{Workspace: workspace, ID: newID()}
	for i := range maxListed/size + 20 {
		rule.names = append(rule.names, fmt.Sprint(i))
		text, err := json.Marshal(members{Sizes: map[string]int{strings.Repeat("x", size): 1}})
		require.NoError(t, err)
		b.Puts = append(b.Puts, store.Put{Key: scopeKey(workspace, "wide", fmt.Sprint(i)), Data: text})
	}
	c := &counted{Store: memory.New()}
	s := open(t, c, Options{PurgeLevel: 2, Rules: &violation.Checker{Rules: map[string]violation.Rule{"wide": rule}}})
	require.NoError(t, c.Commit(t.Context(), b))
	c.put = 0
	return s, c
}

// counted is a store that counts bytes.
type counted struct {
	Store
	put, read int // in batches, and in pages
}

func (c *counted) Commit(ctx context.Context, b store.Batch) error {
	for _, p := range b.Puts {
		c.put += len(p.Data)
	}
	return c.Store.Commit(ctx, b)
}

func (c *counted) After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error) {
	page, err := c.Store.After(ctx, workspace, seq, limit)
	for _, e := range page.Entries {
		c.read += len(e.Data)
	}
	return page, err
}

// TestListsOfScopesAreLimited pushes records whose scopes have lists that are too large together. A push of two records
// is refused. A record alone is stored, and each scope has it or is not checked any longer.
func TestListsOfScopesAreLimited(t *testing.T) {
	s, c := openWide(t)
	at := clock.TimestampOf(noon)
	_, err := s.pushOf(t, write(t, "1", at, "x"), write(t, "2", at, "x"))
	refuses(t, http.StatusRequestEntityTooLarge, err)
	require.Zero(t, c.put)
	for range 2 {
		at++
		out, err := s.pushOf(t, write(t, "1", at, "x"))
		require.NoError(t, err)
		require.Len(t, out.Report.Failed, 1)
		require.Equal(t, "wide", out.Report.Failed[0].Rule)
		require.Less(t, c.put, maxListed+100<<10)
		c.put = 0
	}
	over := 0
	name := store.RecordKey(workspace, record.Key{Table: "tasks", ID: "1"}).Name
	for _, list := range s.lists(t) {
		require.True(t, list.Over != (list.Sizes[name] > 0))
		if list.Over {
			over++
			require.Empty(t, list.Sizes)
		}
	}
	require.Positive(t, over)
	require.Less(t, over, 40)
	_, err = s.pushOf(t, write(t, "1", at+1, "y"), write(t, "2", at+1, "x"))
	require.NoError(t, err, "the lists are smaller now")
}

// lists returns the lists of all scopes.
func (s *Server) lists(t *testing.T) (all []members) {
	page, err := s.store.List(t.Context(), workspace, store.KindScope, 0, 10_000)
	require.NoError(t, err)
	for _, e := range page.Entries {
		var list members
		require.NoError(t, decode(e, &list))
		all = append(all, list)
	}
	return all
}

// TestSweepDividesAPageThatIsTooLarge purges two records whose scopes have lists that are too large together.
func TestSweepDividesAPageThatIsTooLarge(t *testing.T) {
	s, _ := openWide(t)
	at := clock.TimestampOf(noon)
	for _, id := range []string{"1", "2"} {
		s.pushes(t, write(t, id, at, "x"))
		require.NoError(t, s.Edit(t.Context(), workspace, record.Key{Table: "tasks", ID: id}, func(e *record.Edit) { e.DeleteRecord() }))
	}
	s.raise(t)
	b := store.Batch{Workspace: workspace, ID: newID()}
	for i := range 20 { // the lists that were dropped are large again
		key := scopeKey(workspace, "wide", fmt.Sprint(i))
		view, err := s.store.Load(t.Context(), workspace, []store.Key{key})
		require.NoError(t, err)
		b.Puts = append(b.Puts, store.Put{Key: key, After: view.Entries[0].Seq, Data: fmt.Appendf(nil, `{"members":{%q:1}}`, strings.Repeat("x", maxListed/10))})
	}
	require.NoError(t, s.store.Commit(t.Context(), b))
	require.NoError(t, s.sweep(t.Context(), workspace))
	require.Empty(t, allOf(t, s.store, workspace))
}

func TestScopeWithTooManyMembersHasNoList(t *testing.T) {
	list := members{Sizes: make(map[string]int)}
	for i := range maxMembers {
		list.add(fmt.Sprint(i), 1)
	}
	list.add("0", 2)
	require.False(t, list.Over)
	for i := range 2 {
		list.add(fmt.Sprint("more ", i), 1)
		require.Equal(t, members{Over: true}, list)
	}
}

// TestListsOfRowsAreNotDropped: a record whose rows are not listed cannot move to another bucket.
func TestListsOfRowsAreNotDropped(t *testing.T) {
	s, _ := openWide(t)
	a := s.newAttempt(workspace)
	a.alone, a.listed = true, maxListed
	e := store.Entry{Seq: 1, Data: []byte(`{"members":{"x":1}}`)}
	refuses(t, http.StatusRequestEntityTooLarge, a.addScope(violation.Scope{Rule: violation.BucketsRule}, e))
	other := violation.Scope{Rule: "wide"}
	require.NoError(t, a.addScope(other, e))
	require.True(t, a.scopes[other].Over)
}
