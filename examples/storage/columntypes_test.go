package main

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/stretchr/testify/require"
)

// TestBlobStampBeatsAllTextInSQLite: SQLite compares storage classes before values, and
// every blob is above every text. So if one program binds bytes and another binds
// strings, an older stamp can win over a newer one, and no string wins after that.
func TestBlobStampBeatsAllTextInSQLite(t *testing.T) {
	const upsert = `
		INSERT INTO t (id, at) VALUES (1, $1)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE excluded.at > t.at`
	older, newer, newest := at(1), at(2), at(3)
	for _, declared := range []string{"TEXT", "BLOB", "INTEGER", ""} {
		t.Run("declared as "+declared, func(t *testing.T) {
			db := sqlite(t)
			exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, at `+declared+`)`)
			exec(t, db, upsert, newer.String())
			exec(t, db, upsert, []byte(older.String()))
			exec(t, db, upsert, newest.String())
			var got clock.Timestamp
			require.NoError(t, db.QueryRow(`SELECT at FROM t`).Scan(&got))
			require.Equal(t, older, got)
		})
	}
	t.Run("STRICT", func(t *testing.T) {
		for declared, bind := range map[string]func(clock.Timestamp) any{
			"TEXT":    func(at clock.Timestamp) any { return at.String() },
			"INTEGER": func(at clock.Timestamp) any { return at }, // Timestamp.Value passes an int64
		} {
			db := sqlite(t)
			exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, at `+declared+`) STRICT`)
			exec(t, db, upsert, bind(newer))
			_, err := db.Exec(upsert, []byte(older.String()))
			require.ErrorContains(t, err, "cannot store BLOB value in "+declared+" column")
			exec(t, db, upsert, bind(newest))
			var got clock.Timestamp
			require.NoError(t, db.QueryRow(`SELECT at FROM t`).Scan(&got))
			require.Equal(t, newest, got)
		}
	})
}

// TestTimestampInTextColumnDoesNotReadBack: a Timestamp is passed as an integer, even to a
// text column. SQLite stores the digits of the integer, which cannot be read back as a
// Timestamp, and pgx refuses it. Pass the String of the Timestamp instead.
func TestTimestampInTextColumnDoesNotReadBack(t *testing.T) {
	var got clock.Timestamp
	lite := sqlite(t)
	exec(t, lite, `CREATE TABLE t (at TEXT) STRICT`)
	exec(t, lite, `INSERT INTO t VALUES ($1)`, at(0))
	require.ErrorIs(t, lite.QueryRow(`SELECT at FROM t`).Scan(&got), clock.ErrSyntax)
	exec(t, lite, `UPDATE t SET at = $1`, at(0).String())
	require.NoError(t, lite.QueryRow(`SELECT at FROM t`).Scan(&got))
	require.Equal(t, at(0), got)

	db := postgres(t)
	require.ErrorContains(t, db.QueryRow(`SELECT $1::text`, at(0)).Scan(&got), "unable to encode")
	require.NoError(t, db.QueryRow(`SELECT $1::text`, at(0).String()).Scan(&got))
	require.Equal(t, at(0), got)
}

// TestCollationChangesOrderOfMixedCase: the texts of stamps sort in the same order under
// any collation, because they all have the same length and case. Other texts may sort
// differently, so the schemas use COLLATE "C" everywhere.
func TestCollationChangesOrderOfMixedCase(t *testing.T) {
	db := postgres(t)
	var language bool
	require.NoError(t, db.QueryRow(`SELECT count(*) > 0 FROM pg_collation WHERE collname = 'en-US-x-icu'`).Scan(&language))
	if !language {
		t.Skip("SKIPPED, NOT PASSED: this PostgreSQL was built without ICU")
	}
	sortBy := func(collation string, texts []string) (sorted []string) {
		list, err := json.Marshal(texts)
		require.NoError(t, err)
		rows, err := db.Query(`SELECT x FROM json_array_elements_text($1::json) AS t (x) ORDER BY x COLLATE "`+collation+`"`, string(list))
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			sorted = append(sorted, text)
		}
		require.NoError(t, rows.Err())
		return sorted
	}
	stamps, clients, times := randomTexts()
	for _, texts := range [][]string{stamps, clients, times} {
		bytewise := slices.Sorted(slices.Values(texts))
		require.Equal(t, bytewise, sortBy("C", texts))
		require.Equal(t, bytewise, sortBy("en-US-x-icu", texts))
	}
	mixed := []string{"node-B", "node-a", "node-C"}
	require.Equal(t, []string{"node-B", "node-C", "node-a"}, sortBy("C", mixed))
	require.Equal(t, []string{"node-a", "node-B", "node-C"}, sortBy("en-US-x-icu", mixed))
}

// randomTexts returns the texts of stamps that differ in few places, and the texts of
// their clients and times.
func randomTexts() (stamps, clients, times []string) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		s := clock.Stamp{Time: at(r.IntN(2)) + clock.Timestamp(r.IntN(20)), Client: ana}
		s.Client[r.IntN(16)] = byte(r.IntN(256))
		stamps = append(stamps, s.String())
		clients = append(clients, s.Client.String())
		times = append(times, s.Time.String())
	}
	return stamps, clients, times
}

// TestTimestamptzRoundsStamps: a timestamptz column rounds to microseconds. The counter
// is lost, and the stamp that is read may be newer than the stored one. A BIGINT keeps
// the stamp, and Timestamp.Scan refuses the time.Time of a timestamptz column.
func TestTimestamptzRoundsStamps(t *testing.T) {
	db := postgres(t)
	for _, c := range []struct {
		counter int
		want    func(got, stored int64) bool
	}{
		{3, func(got, stored int64) bool { return got < stored }},
		{600, func(got, stored int64) bool { return got > stored }},
	} {
		stored := at(0) + clock.Timestamp(c.counter)
		var rounded time.Time
		var kept, refused clock.Timestamp
		const query = `SELECT $1::text::timestamptz, $2::bigint`
		require.NoError(t, db.QueryRow(query, stored.String(), stored).Scan(&rounded, &kept))
		require.True(t, c.want(rounded.UnixNano(), int64(stored)), "%v became %v", stored, rounded.UTC())
		require.Equal(t, stored, kept)
		require.Error(t, db.QueryRow(query, stored.String(), stored).Scan(&refused, &kept))
		require.ErrorIs(t, refused.Scan(rounded), clock.ErrSyntax)
	}
}
