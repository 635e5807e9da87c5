package server

import (
	"context"
	"database/sql/driver"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
)

// tracer records the statements that run on its connections, and counts the rows that they return.
type tracer struct {
	driver.Connector
	mu         sync.Mutex
	statements map[string][][]any // the arguments of each execution, by statement
	rows       int
}

// openTraced returns a server, as open does, and the tracer of its statements.
func openTraced(t *testing.T, name string) (*Server, *tracer) {
	t.Helper()
	ctx := context.Background()
	d := &Database{postgres: IsPostgres(name)}
	trace := new(tracer)
	var err error
	if d.postgres {
		trace.Connector, err = postgresConnector(name, defaultTimeouts())
	} else {
		d.file, err = openFile(name, defaultTimeouts())
		trace.Connector = d.file
	}
	require.NoError(t, err)
	require.NoError(t, d.open(ctx, trace))
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(ctx, d, Options{
		Guard: board.Guard(), Rules: board.Rules(), TableMaxRecord: board.MaxRecords(), Open: "demo", Journal: true, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return s, trace
}

// during runs f, and returns its statements and how many rows they returned.
func (t *tracer) during(f func()) (statements map[string][][]any, rows int) {
	t.mu.Lock()
	t.statements, t.rows = make(map[string][][]any), 0
	t.mu.Unlock()
	f()
	t.mu.Lock()
	defer t.mu.Unlock()
	statements, t.statements = t.statements, nil
	return statements, t.rows
}

func (t *tracer) note(statement string, args []driver.NamedValue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.statements == nil {
		return
	}
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	t.statements[statement] = append(t.statements[statement], values)
}

func (t *tracer) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := t.Connector.Connect(ctx)
	return &tracedConn{c, t}, err
}

// tracedConn is a traced connection.
type tracedConn struct {
	driver.Conn
	*tracer
}

func (c *tracedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *tracedConn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	c.note(statement, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, statement, args)
}

func (c *tracedConn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(statement, args)
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, statement, args)
	return &tracedRows{rows, c.tracer}, err
}

func (c *tracedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// tracedRows counts the rows that are read.
type tracedRows struct {
	driver.Rows
	*tracer
}

func (r *tracedRows) Next(row []driver.Value) error {
	err := r.Rows.Next(row)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.tracer.rows++
	}
	return err
}
