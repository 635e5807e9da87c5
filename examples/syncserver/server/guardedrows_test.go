package server

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestClientsWriteNoDerivedFieldWithoutAGuard checks that a server whose options have no guard still lets clients write
// only the fields of a violation that are for them.
func TestClientsWriteNoDerivedFieldWithoutAGuard(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		d, err := OpenDatabase(context.Background(), name(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		s, err := New(context.Background(), d, Options{Rules: board.Rules(), Open: "demo", Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ana := joined(t, listen(t, s), "demo", "")
		opened := ana.push(ana.set(board.Meetings, "a", "slot", taken(14)), ana.set(board.Meetings, "b", "slot", taken(14))).Violations
		require.Len(t, opened, 1)

		id := opened[0].ID
		for _, field := range []string{"status", "x"} {
			require.EqualValues(t, violation.CodeDerivedField, ana.push(ana.set(violation.DefaultTable, id, field, "resolved")).Results[0].Code, field)
		}
		require.Equal(t, "accepted", ana.push(ana.set(violation.DefaultTable, id, violation.FieldAcknowledged, true)).Results[0].Verdict)
		lines := ana.pull("2")
		require.Equal(t, "open", lines[len(lines)-1].Data.Map()["status"])
		require.Equal(t, true, lines[len(lines)-1].Data.Map()[violation.FieldAcknowledged])
	})
}

// TestRowsAreInTheGuardedTable checks that a checker cannot put its rows into a table where clients may write derived
// fields.
func TestRowsAreInTheGuardedTable(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		d, err := OpenDatabase(context.Background(), name(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		rules := *board.Rules()
		rules.Table = "conflicts"
		ana := joined(t, listen(t, withRules(t, d, &rules, "")), "demo", "")
		opened := ana.push(ana.set(board.Meetings, "a", "slot", taken(14)), ana.set(board.Meetings, "b", "slot", taken(14))).Violations
		require.Len(t, opened, 1)
		lines := ana.pull("2")
		require.Equal(t, record.Key{Table: violation.DefaultTable, ID: opened[0].ID}, lines[len(lines)-1].Data.Key())
	})
}
