package server

import (
	"slices"

	"github.com/fieldlww/fieldlww/merge/buckets"
)

// reading says which rows a snapshot reads.
type reading struct {
	kind readingKind
	rows []rangeRow // sorted by name; only these buckets matter
	from int64      // the rows after this sequence are needed, if it is the same for all buckets
}

// readingKind is how rows are looked up.
type readingKind int

const (
	// byWindow reads all rows in a window of sequences, except rows of buckets that the user
	// does not have. It takes time for the records of others, but not for each bucket.
	byWindow readingKind = iota
	// byBucket looks up each bucket. It takes time for each bucket, but not for the records of others.
	byBucket
	// plain reads the records that are filed under the bucket "". That is all that a user needs who
	// has only this bucket, unless the log has rows of it.
	plain
)

// rangeRow is a bucket, and the sequence after which its rows are needed, as a parameter of a statement.
type rangeRow struct {
	Bucket string `json:"bucket"`
	After  int64  `json:"after"`
}

// readings has the statements of the readings, and decides between them.
type readings struct {
	of     map[readingKind]string
	window int64 // in sequences
	lost   bool  // whether there are rows of lost edits
	few    int   // how many buckets are always looked up one by one, except at the beginning of a pull
	sought int64 // about how many rows of an index byBucket reads
}

// firstReading guesses what to read for a client whose rights are not known yet. If the client has
// everything but what was written lately, the guess is right.
func (s *Server) firstReading(at buckets.Cursor) reading {
	guess := reading{kind: byWindow}
	if guess.from, _ = at.Range(0); s.division.of == nil || !at.Divided() {
		guess.kind = plain
	}
	return guess
}

// wanted returns what to read for a cursor.
func (s *Server) wanted(at buckets.Cursor, now Snapshot) reading {
	w := reading{kind: byBucket, rows: make([]rangeRow, 0, len(now.Granted))} // not nil: in JSON, it is a list
	same := true
	for _, name := range now.Buckets() {
		after, _ := at.Range(now.Granted[name])
		same = same && (len(w.rows) == 0 || after == w.from)
		w.from = after
		w.rows = append(w.rows, rangeRow{name, after})
	}
	switch {
	case len(w.rows) == 1 && w.rows[0].Bucket == "" && !now.logged:
		w.kind = plain
	case same && len(w.rows) > s.readings.few && !now.sparse:
		w.kind = byWindow
	}
	return w
}

// covers reports whether a reading has read what is wanted.
func (r reading) covers(want reading) bool {
	switch {
	case r.kind == byBucket:
		return slices.Equal(r.rows, want.rows)
	case r.kind == plain && len(want.rows) > 0 && want.kind != plain:
		return false
	}
	return !slices.ContainsFunc(want.rows, func(row rangeRow) bool { return row.After != r.from })
}

// offset returns how many rows of each bucket byBucket passes to find the last one that it needs.
func (a readings) offset(r reading, limit int64) int64 {
	return min(max(a.sought/int64(max(len(r.rows), 1)), 2), limit) - 1
}

// least returns the sequence after which the reading begins.
func (r reading) least() int64 {
	least := r.from
	for _, row := range r.rows {
		least = min(least, row.After)
	}
	return least
}

// state selects the row of the state of a workspace, for a snapshot to parse. Its last number, and the buckets of the
// user with the sequences of their grants, are expressions in SQL.
func state(last, granted string) string {
	return `0 AS seq, w.epoch AS tbl, w.division AS id,
			'[' || w.seq || ',' || w.fence_seq || ',' || w.fence_stamp || ',' || w.level
			|| ',' || coalesce((SELECT greatest FROM samples WHERE workspace = $2 AND at > 0 ORDER BY at DESC LIMIT 1), 0)
			|| ',' || coalesce((SELECT latest FROM records WHERE workspace = $2 AND latest > 0 ORDER BY latest DESC LIMIT 1), 0)
			|| ',' || ` + last + ` || ']' AS data,
			coalesce((` + granted + `), '{}') AS under
		FROM workspaces AS w WHERE w.name = $2`
}

// readings returns the readings of a database, with or without Options.Buckets and Options.LostEdits. In each statement,
// $2 is the workspace, and $3 the user. The first row has the state and the buckets of the user with the sequences of
// their grants, and each row after it has a record, with the sequence and the buckets under which it was found.
func (d *Database) readings(divided, lost bool) readings {
	granted := `SELECT CAST(JSON_MAP(bucket, granted) AS TEXT) FROM members WHERE workspace = $2 AND "user" = $3`
	logged := `CASE WHEN w.seq > $1 THEN coalesce((SELECT 1 FROM log WHERE workspace = $2 AND bucket = '' AND seq > $1 LIMIT 1), 0) ELSE 0 END`
	if !divided { // there are no other buckets, and the log is empty
		granted = `SELECT '{"":' || granted || '}' FROM members WHERE workspace = $2 AND "user" = $3 AND bucket = ''`
		logged = `0`
	}
	return readings{window: 1000, few: 16, sought: 2000, lost: lost, of: map[readingKind]string{
		plain:    d.rows(plainStatement(state(logged, granted))),
		byWindow: d.rows(windowStatement(state(`0`, granted), lost)),
		byBucket: d.rows(bucketStatement(state(`coalesce((SELECT seq FROM x AS k), 0)`, granted))),
	}}
}

// plainStatement is the statement of plain, given the row of the state. $1 is the sequence after which to read, and $4
// the number of records. The last number of the state says whether the log has rows.
func plainStatement(state string) string {
	return `
		SELECT ` + state + `
		UNION ALL
		SELECT k.seq, k.tbl, k.id, k.data, NULL
		FROM (SELECT seq, tbl, id, data FROM records WHERE workspace = $2 AND bucket = '' AND seq > $1 ORDER BY seq LIMIT $4) AS k
		ORDER BY 1`
}

// windowStatement is the statement of byWindow, given the row of the state. $1 and $4 are the sequences after which the
// window begins and at which it ends, and $5 is the number of records.
func windowStatement(state string, lost bool) string {
	// Unlike EXISTS, this is not a join, whose order a planner could reverse.
	has := `(SELECT 1 FROM members WHERE workspace = $2 AND "user" = $3 AND bucket = k.bucket) = 1`
	if lost { // $6 begins the buckets of the client's rows, before the names of the buckets that the user needs
		has = `(SELECT 1 FROM members WHERE workspace = $2 AND "user" = $3 AND bucket =
			CASE WHEN substr(k.bucket, 1, length(CAST($6 AS TEXT))) = CAST($6 AS TEXT) THEN substr(k.bucket, length(CAST($6 AS TEXT)) + 1) ELSE k.bucket END) = 1`
	}
	return `
		SELECT ` + state + `
		UNION ALL
		SELECT k.seq, k.tbl, k.id, d.data, k.names
		FROM (
			SELECT seq, tbl, id, CAST(JSON_LIST(bucket) AS TEXT) AS names FROM (
				SELECT seq, tbl, id, bucket FROM records AS k
				WHERE workspace = $2 AND bucket <> '' AND seq > $1 AND seq <= $4 AND ` + has + `
				UNION ALL
				SELECT seq, tbl, id, bucket FROM log AS k
				WHERE workspace = $2 AND seq > $1 AND seq <= $4 AND ` + has + `
				UNION ALL
				SELECT seq, tbl, id, bucket FROM records AS k
				WHERE workspace = $2 AND bucket = '' AND seq > $1 AND seq <= $4 AND ` + has + `
			) AS k GROUP BY seq, tbl, id ORDER BY seq LIMIT $5
		) AS k
		LOOKUP records AS d ON d.workspace = $2 AND d.tbl = k.tbl AND d.id = k.id
		ORDER BY 1`
}

// bucketStatement is the statement of byBucket, given the row of the state. $1 is the list of buckets, $4 the offset in
// each of them, and $5 the number of records. The rows up to a sequence x are all rows up to it, because each bucket with
// more rows has its last row at x or later. The last number of the state is x, or 0 if all rows were found.
func bucketStatement(state string) string {
	return `
		WITH b AS MATERIALIZED (SELECT value->>'bucket' AS bucket, CAST(value->>'after' AS BIGINT) AS after FROM JSON_ROWS),
		x AS MATERIALIZED (
			SELECT min(seq) AS seq FROM (
				SELECT (SELECT seq FROM records WHERE workspace = $2 AND bucket = k.bucket AND seq > k.after ORDER BY seq LIMIT 1 OFFSET $4) AS seq FROM b AS k
				UNION ALL
				SELECT (SELECT seq FROM log WHERE workspace = $2 AND bucket = k.bucket AND seq > k.after ORDER BY seq LIMIT 1 OFFSET $4) FROM b AS k
			) AS k
		)
		SELECT ` + state + `
		UNION ALL
		SELECT k.seq, k.tbl, k.id, d.data, k.names
		FROM (
			SELECT seq, tbl, id, CAST(JSON_LIST(bucket) AS TEXT) AS names FROM (
				SELECT d.seq, d.tbl, d.id, d.bucket FROM b AS k
				LOOKUP records AS d ON d.workspace = $2 AND d.bucket = k.bucket AND d.seq > k.after AND d.seq <= coalesce((SELECT seq FROM x AS k), 9223372036854775807)
				UNION ALL
				SELECT d.seq, d.tbl, d.id, d.bucket FROM b AS k
				LOOKUP log AS d ON d.workspace = $2 AND d.bucket = k.bucket AND d.seq > k.after AND d.seq <= coalesce((SELECT seq FROM x AS k), 9223372036854775807)
			) AS k GROUP BY seq, tbl, id ORDER BY seq LIMIT $5
		) AS k
		LOOKUP records AS d ON d.workspace = $2 AND d.tbl = k.tbl AND d.id = k.id
		ORDER BY 1`
}
