package main

import (
	"context"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// scanner is a row from database/sql or from pgx itself.
type scanner interface{ Scan(dest ...any) error }

// queryRow runs a query through database/sql or through pgx itself.
type queryRow func(query string, args ...any) scanner

// TestAllTypesRoundTripThroughPgx: values of all types are stored and read back
// unchanged, through database/sql and through pgx itself, in every column type named
// here. A String method of a type changes nothing: pgx calls Value if the type has it, and
// otherwise uses the integer or the bytes underlying the type.
func TestAllTypesRoundTripThroughPgx(t *testing.T) {
	url := postgresURL(t)
	db, err := openPostgres(url)
	require.NoError(t, err)
	defer db.Close()
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	for name, query := range map[string]queryRow{
		"database/sql": func(q string, args ...any) scanner { return db.QueryRow(q, args...) },
		"native":       func(q string, args ...any) scanner { return conn.QueryRow(context.Background(), q, args...) },
	} {
		t.Run(name, func(t *testing.T) {
			stamp := clock.Stamp{Time: at(0) + 3, Client: ana}
			roundTrip(t, query, stamp.Time, "BIGINT", "1772452800000000003")
			roundTrip(t, query, clock.Timestamp(0), "BIGINT", "0")
			roundTrip(t, query, stamp.Client, "TEXT", ana.String())
			roundTrip(t, query, stamp.Client, "UUID", ana.String())
			roundTrip(t, query, stamp, "TEXT", stamp.String())
			for _, column := range []string{"TEXT", "JSON", "JSONB"} {
				for _, v := range []any{nil, true, "", "null", "deleted", "<é>", int64(1)<<53 + 1, 0.5, []any{"a", 1}} {
					value := record.MustOf(v)
					roundTrip(t, query, value, column, "")
				}
				roundTrip(t, query, record.Deletion(), column, "NULL")
			}
			r := titled(t, "a", "<é>", stamp)
			for _, column := range []string{"TEXT", "JSON"} {
				require.Equal(t, string(r.AppendJSON(nil)), textOf(t, query, r, column))
			}
			for _, column := range []string{"TEXT", "JSON", "JSONB"} {
				got := record.New(r.Key())
				require.NoError(t, query(`SELECT $1::`+column, r).Scan(&got))
				require.Equal(t, string(r.AppendJSON(nil)), string(got.AppendJSON(nil)))
			}
		})
	}
}

// roundTrip requires that a value comes back from a column unchanged, and that the
// column holds the given text, if any.
func roundTrip[T comparable](t *testing.T, query queryRow, v T, column, text string) {
	t.Helper()
	var got T
	require.NoError(t, query(`SELECT $1::`+column, v).Scan(&got), "%v as %s", v, column)
	require.Equal(t, v, got)
	if text != "" {
		require.Equal(t, text, textOf(t, query, v, column))
	}
}

// textOf returns the text that a column holds for a value.
func textOf(t *testing.T, query queryRow, v any, column string) (text string) {
	t.Helper()
	require.NoError(t, query(`SELECT coalesce(($1::`+column+`)::text, 'NULL')`, v).Scan(&text))
	return text
}
