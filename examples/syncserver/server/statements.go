package server

import (
	"context"
	"database/sql/driver"
)

// preparedConn is a connection that keeps the statements that it has run. SQLite takes longer to prepare most
// statements of the server than to run them. The driver for PostgreSQL keeps statements by itself.
type preparedConn struct {
	sqliteConn
	idle map[string]driver.Stmt
}

// sqliteConn is what a connection to SQLite can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// maxIdle is the maximum number of statements that a connection keeps. A few statements of the server
// contain numbers, so there is no end of different ones.
const maxIdle = 200

// take returns a prepared statement that is not in use.
func (c *preparedConn) take(ctx context.Context, text string) (driver.Stmt, error) {
	if s, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return s, nil
	}
	return c.PrepareContext(ctx, text)
}

// keep ends the use of a statement.
func (c *preparedConn) keep(text string, s driver.Stmt) error {
	if _, ok := c.idle[text]; ok { // it was used twice at once
		return s.Close()
	}
	if len(c.idle) >= maxIdle {
		for _, s := range c.idle {
			s.Close()
		}
		clear(c.idle)
	}
	c.idle[text] = s
	return nil
}

// ExecContext runs a statement. Without arguments, the text may have several statements, which are not kept.
func (c *preparedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return c.sqliteConn.ExecContext(ctx, text, args)
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.(driver.StmtExecContext).ExecContext(ctx, args)
	if err != nil {
		s.Close()
		return nil, err
	}
	return result, c.keep(text, s)
}

// QueryContext runs a statement that returns rows.
func (c *preparedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return c.sqliteConn.QueryContext(ctx, text, args)
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		s.Close()
		return nil, err
	}
	return &preparedRows{rows, c, text, s}, nil
}

// Close closes the connection and its statements.
func (c *preparedConn) Close() error {
	for _, s := range c.idle {
		s.Close()
	}
	return c.sqliteConn.Close()
}

// preparedRows are the rows of a statement, which is free again when they are closed.
type preparedRows struct {
	driver.Rows
	conn      *preparedConn
	text      string
	statement driver.Stmt
}

// Close closes the rows and keeps their statement for the next query, unless closing them failed.
func (r *preparedRows) Close() error {
	if err := r.Rows.Close(); err != nil {
		r.statement.Close()
		return err
	}
	return r.conn.keep(r.text, r.statement)
}
