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

// postgresConnector returns what makes connections to a database, given its URL. Each gets the
// settings of this package, whatever the URL, the user or the database have.
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

// set changes settings, an object of names and values, for the connection or, if $2, until
// the transaction ends. A setting that this version of PostgreSQL does not have is left out.
const set = `
	SELECT set_config(s.name, v.setting, $2)
	FROM json_each_text($1::json) AS v (name, setting) JOIN pg_settings AS s ON s.name = v.name`

// postgresSettings returns the settings of a connection.
//
// The timeouts end what a frozen process has begun. One that is frozen while it reads is
// noticed only by the network: it has the time idle to take what was sent.
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
		"jit":                                 "off", // no statement is so long that it pays
	}
}

// liftTimeouts lets a transaction wait and work for as long as it takes. It is still ended when
// its process freezes between two statements.
func liftTimeouts(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, set, `{"lock_timeout": "0", "statement_timeout": "0", "transaction_timeout": "0"}`, true)
	return err
}
