package main

// logStatements is the SQL of a division. All of it except for the statements of members
// and the counter is here.
type logStatements struct {
	// schema creates the tables log and members if they do not exist. Log has the sequence at
	// which a record last changed in a bucket or left it, and members the sequence at which
	// a client was granted a bucket.
	schema string
	// add stores the rows $1 of the log.
	add string
	// next returns the next $2 rows of each bucket in $1, all in the order of their
	// sequences. $1 has buckets, each with the sequence after which its rows are needed.
	next string
}

// logSQLite is the SQL of a division for SQLite.
func logSQLite() logStatements {
	return logStatements{
		schema: `
			CREATE TABLE IF NOT EXISTS log (
				bucket TEXT NOT NULL,
				tbl    TEXT NOT NULL,
				id     TEXT NOT NULL,
				seq    INTEGER NOT NULL,
				PRIMARY KEY (bucket, tbl, id)
			) STRICT, WITHOUT ROWID;
			CREATE UNIQUE INDEX IF NOT EXISTS log_by_seq ON log (bucket, seq);
			CREATE TABLE IF NOT EXISTS members (
				client  TEXT NOT NULL,
				bucket  TEXT NOT NULL,
				granted INTEGER NOT NULL,
				PRIMARY KEY (client, bucket)
			) STRICT, WITHOUT ROWID;`,
		add: `
			INSERT INTO log (bucket, tbl, id, seq)
			SELECT value->>'bucket', value->>'tbl', value->>'id', value->>'seq' FROM json_each($1) WHERE true
			ON CONFLICT (bucket, tbl, id) DO UPDATE SET seq = excluded.seq`,
		next: `
			SELECT l.seq, l.tbl, l.id, l.bucket
			FROM json_each($1) AS k
			CROSS JOIN log AS l ON l.bucket = k.value->>'bucket' AND l.seq IN (
				SELECT seq FROM log WHERE bucket = k.value->>'bucket' AND seq > k.value->>'after'
				ORDER BY seq LIMIT $2)
			ORDER BY l.seq`,
	}
}

// logPostgres is the SQL of a division for PostgreSQL.
func logPostgres() logStatements {
	return logStatements{
		schema: `
			CREATE TABLE IF NOT EXISTS log (
				bucket TEXT COLLATE "C" NOT NULL,
				tbl    TEXT COLLATE "C" NOT NULL,
				id     TEXT COLLATE "C" NOT NULL,
				seq    BIGINT NOT NULL,
				PRIMARY KEY (bucket, tbl, id)
			);
			CREATE UNIQUE INDEX IF NOT EXISTS log_by_seq ON log (bucket, seq);
			CREATE TABLE IF NOT EXISTS members (
				client  TEXT COLLATE "C" NOT NULL,
				bucket  TEXT COLLATE "C" NOT NULL,
				granted BIGINT NOT NULL,
				PRIMARY KEY (client, bucket)
			);`,
		add: `
			INSERT INTO log (bucket, tbl, id, seq)
			SELECT bucket, tbl, id, seq
			FROM json_to_recordset($1::json) AS l (bucket TEXT, tbl TEXT, id TEXT, seq BIGINT)
			ON CONFLICT (bucket, tbl, id) DO UPDATE SET seq = excluded.seq`,
		next: `
			SELECT l.seq, l.tbl, l.id, l.bucket
			FROM json_to_recordset($1::json) AS k (bucket TEXT, after BIGINT)
			CROSS JOIN LATERAL (
				SELECT * FROM log WHERE bucket = k.bucket AND seq > k.after ORDER BY seq LIMIT $2) AS l
			ORDER BY l.seq`,
	}
}
