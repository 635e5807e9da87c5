package main

import (
	"database/sql"
	"fmt"
	"strings"
)

// columnsWithin returns the statement check, which compares the columns of an existing table with the
// ones that the layout needs. The argument want lists these with their types, and have selects the
// existing ones as (name, type, required, filled): required means NOT NULL, and filled means that
// the database has a value for a column that an INSERT leaves out.
//
// It does not judge CHECK constraints: a Guard may keep out the values that they refuse.
func columnsWithin(want, have string) string {
	return `
			WITH want (name, type) AS (VALUES ('id', 'text'), ('title', 'text'), ` + want + `),
				have (name, type, required, filled) AS (` + have + `)
			SELECT want.name || CASE WHEN have.name IS NULL THEN ' is missing'
				ELSE ' has the type ' || have.type || ', not ' || want.type END
			FROM want LEFT JOIN have ON have.name = want.name
			WHERE have.name IS NULL OR have.type NOT IN (want.type, '')
			UNION ALL
			SELECT name || CASE WHEN name IN (SELECT name FROM want) THEN ' is NOT NULL'
				ELSE ' is NOT NULL without a default' END
			FROM have
			WHERE required AND name NOT IN ('id', 'seq') AND (name IN (SELECT name FROM want) OR NOT filled)
			ORDER BY 1`
}

// columnsCheckSQLite is the statement check for SQLite. There, a type stands for its affinity. A
// NUMERIC column keeps integers as they are.
func columnsCheckSQLite() string {
	return columnsWithin(`('estimate', 'integer'), ('done', 'integer'), ('deleted', 'integer'),
				`+each("('{c}_at', 'integer'), ('{c}_by', 'text')", ", ")+`,
				('rest', 'text'), ('was', 'text'), ('seq', 'integer')`, `
				SELECT name, CASE
					WHEN type LIKE '%INT%' OR type LIKE 'BOOL%' OR type LIKE 'NUM%' THEN 'integer'
					WHEN type LIKE '%CHAR%' OR type LIKE '%CLOB%' OR type LIKE '%TEXT%' THEN 'text'
					ELSE type END, "notnull", dflt_value IS NOT NULL
				FROM pragma_table_info('tasks')`)
}

// columnsCheckPostgres is the statement check for PostgreSQL. VARCHAR without a length is as good as
// TEXT.
func columnsCheckPostgres() string {
	return columnsWithin(`('estimate', 'bigint'), ('done', 'boolean'), ('deleted', 'boolean'),
				`+each("('{c}_at', 'bigint'), ('{c}_by', 'text')", ", ")+`,
				('rest', 'json'), ('was', 'jsonb'), ('seq', 'bigint')`, `
				SELECT attname::text, regexp_replace(format_type(atttypid, atttypmod), '^character varying$', 'text'),
					attnotnull, atthasdef OR attidentity <> ''
				FROM pg_attribute WHERE attrelid = 'tasks'::regclass AND attnum > 0 AND NOT attisdropped`)
}

// verify returns an error that names the columns that cannot hold what devices push. Without it, each
// push of such a value would fail, and its client would send it again forever.
func (l layout) verify(tx *sql.Tx) error {
	if l.check == "" {
		return nil
	}
	rows, err := tx.Query(l.check)
	if err != nil {
		return err
	}
	defer rows.Close()
	var problems []string
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return err
		}
		problems = append(problems, p)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if problems != nil {
		return fmt.Errorf("a column of the table %s cannot hold what devices push: %s", tasksTable, strings.Join(problems, "; "))
	}
	return nil
}
