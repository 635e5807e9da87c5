package databasetest

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver sqlite
)

// Residue looks for texts everywhere in a database, and returns where it found them: in all columns
// of all tables, including compressed ones, and in the files. For SQLite, these are the database
// file and the files of its log. For PostgreSQL, these are the output of pg_dump, the column
// statistics, and, where the test can read them, the files of the tables and indexes.
func Residue(t *testing.T, name string, texts ...string) (found []string) {
	t.Helper()
	search := func(where string, data []byte) {
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, fmt.Sprintf("%q in %s", text, where))
			}
		}
	}
	if strings.HasPrefix(name, "postgres") {
		searchPostgres(t, name, search)
		return found
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		data, err := os.ReadFile(name + suffix)
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
		}
		search(name+suffix, data)
	}
	db, err := sql.Open("sqlite", name)
	require.NoError(t, err)
	defer db.Close()
	searchTables(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table'`, search)
	return found
}

// searchPostgres searches a schema of a PostgreSQL database.
func searchPostgres(t *testing.T, name string, search func(where string, data []byte)) {
	u, err := url.Parse(name)
	require.NoError(t, err)
	schema := u.Query().Get("search_path")
	db, err := sql.Open("pgx", name)
	require.NoError(t, err)
	defer db.Close()
	searchTables(t, db, `SELECT tablename FROM pg_tables WHERE schemaname = '`+schema+`'`, search)
	for _, row := range texts(t, db, `SELECT pg_stats::text FROM pg_stats WHERE schemaname = $1`, schema) {
		search("pg_stats", []byte(row))
	}
	if dump, err := exec.LookPath("pg_dump"); err == nil {
		query := u.Query()
		query.Del("search_path")
		u.RawQuery = query.Encode()
		out, err := exec.Command(dump, "--schema", schema, "--dbname", u.String()).Output()
		require.NoError(t, err)
		require.Contains(t, string(out), "records")
		search("pg_dump", out)
	}
	if _, err := db.Exec(`CHECKPOINT`); err != nil {
		t.Logf("the files of PostgreSQL are not searched: %v", err)
		return
	}
	folder := texts(t, db, `SHOW data_directory`)[0]
	for _, file := range texts(t, db, `
		SELECT pg_relation_filepath(c.oid) FROM pg_class AS c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'i')
		UNION ALL
		SELECT pg_relation_filepath(c.reltoastrelid) FROM pg_class AS c WHERE c.relnamespace = $1::regnamespace AND c.reltoastrelid <> 0`, schema) {
		data, err := os.ReadFile(filepath.Join(folder, file))
		if errors.Is(err, fs.ErrPermission) {
			t.Logf("the files of PostgreSQL are not searched: %v", err)
			return
		}
		require.NoError(t, err)
		search(file, data)
	}
}

// texts returns the texts that a query selects.
func texts(t *testing.T, db *sql.DB, query string, args ...any) (all []string) {
	rows, err := db.Query(query, args...)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		all = append(all, text)
	}
	require.NoError(t, rows.Err())
	return all
}

// searchTables searches all columns of the tables that a query names.
func searchTables(t *testing.T, db *sql.DB, query string, search func(where string, data []byte)) {
	tables := texts(t, db, query)
	require.Contains(t, tables, "records")
	for _, table := range tables {
		rows, err := db.Query(`SELECT * FROM ` + table)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		values := make([]sql.RawBytes, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		for rows.Next() {
			require.NoError(t, rows.Scan(targets...))
			for i, value := range values {
				search(table+"."+columns[i], unpacked(t, value))
			}
		}
		require.NoError(t, rows.Err())
		rows.Close()
	}
}

// unpacked returns the contents of a gzip file, and other data unchanged.
func unpacked(t *testing.T, data []byte) []byte {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	data, err = io.ReadAll(z)
	require.NoError(t, err)
	return data
}
