package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
)

// withPostgres runs this program again, with a temporary PostgreSQL server that writes to disk. It returns only
// if that fails.
func withPostgres() error {
	const script = "../storage/postgres.sh"
	self, err := os.Executable()
	if err == nil {
		err = syscall.Exec(script, append([]string{script, self}, os.Args[1:]...), append(os.Environ(), "FIELDLWW_FSYNC=on"))
	}
	return fmt.Errorf("start PostgreSQL with %s, or leave it out with -only: %w", script, err)
}

// schema is an empty schema in the PostgreSQL server.
type schema struct {
	url, name string
	db        *sql.DB
}

// newSchema makes a schema. It fails if the server may lose what it has acknowledged.
func newSchema(ctx context.Context) (*schema, error) {
	server, err := url.Parse(os.Getenv("FIELDLWW_POSTGRES"))
	if err != nil {
		return nil, errors.New("FIELDLWW_POSTGRES is not a URL") // the error of url.Parse has the password
	}
	db, err := sql.Open("pgx", server.String())
	if err != nil {
		return nil, err
	}
	s := &schema{name: "load_" + strings.ToLower(rand.Text()), db: db}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	query := server.Query()
	query.Set("search_path", s.name)
	server.RawQuery = query.Encode()
	s.url = server.String()
	return s, nil
}

// create checks the settings of the server, and creates the schema.
func (s *schema) create(ctx context.Context) error {
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := s.db.QueryRowContext(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return err
		}
		if value != "on" {
			return fmt.Errorf("PostgreSQL has %s = %s, so its figures would mean nothing: unset FIELDLWW_POSTGRES, or run postgres.sh with FIELDLWW_FSYNC=on", setting, value)
		}
	}
	_, err := s.db.ExecContext(ctx, "CREATE SCHEMA "+s.name)
	return err
}

// size returns how many bytes the whole database has, also what other schemas hold.
func (s *schema) size() (bytes int64, err error) {
	err = s.db.QueryRow("SELECT pg_database_size(current_database())").Scan(&bytes)
	return bytes, err
}

// drop drops the schema.
func (s *schema) drop() {
	s.db.Exec("DROP SCHEMA " + s.name + " CASCADE")
	s.db.Close()
}
