package server

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConnector returns a connector to the database with the given URL. Each connection gets
// the settings of this package, whatever settings the URL, the user or the database have.
func postgresConnector(url string, t timeouts) (driver.Connector, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(postgresSettings(t))
	if err != nil {
		return nil, err
	}
	return stdlib.GetConnector(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, set, string(settings), false)
		return err
	})), nil
}

// set changes settings. $1 is a JSON object of names and values. If $2 is true, they apply until
// the transaction ends, otherwise until the connection closes. The statement skips settings that
// this version of PostgreSQL does not have.
const set = `
	SELECT set_config(s.name, v.setting, $2)
	FROM json_each_text($1::json) AS v (name, setting) JOIN pg_settings AS s ON s.name = v.name`

// postgresSettings returns the settings of a connection.
//
// The timeouts end the transactions of frozen processes. If a process freezes while it reads,
// only the network timeout detects it: the process must acknowledge the data within t.idle.
func postgresSettings(t timeouts) map[string]string {
	milliseconds := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	return map[string]string{
		"idle_in_transaction_session_timeout": milliseconds(t.idle),
		"lock_timeout":                        milliseconds(t.lock),
		"statement_timeout":                   milliseconds(t.statement),
		"transaction_timeout":                 milliseconds(2 * t.statement), // from PostgreSQL 17 on
		"tcp_user_timeout":                    milliseconds(t.idle),
		"tcp_keepalives_idle":                 "10", // seconds
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "3",
		"jit":                                 "off", // no statement runs long enough to benefit
	}
}

// liftTimeouts lets a transaction wait and run without a time limit. The database still ends it
// if its process freezes between two statements.
func liftTimeouts(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, set, `{"lock_timeout": "0", "statement_timeout": "0", "transaction_timeout": "0"}`, true)
	return err
}
