package main

import (
	"context"
	"database/sql"
	"fmt"
)

// pulled is the answer to a pull.
type pulled struct {
	// lines are mutations as JSON Lines, which the client puts in the place of what the
	// server had confirmed, field by field.
	lines []byte
	// cursor is what the client sends with its next pull. It is the one that it sent if
	// there was nothing new.
	cursor int64
}

// pull is the pull handler. It returns what was stored after the cursor, at most limit
// records. A client begins with the cursor 0, and goes on until there is nothing new.
//
// The cursor is a sequence, and not a stamp: what a client wrote offline last week
// arrives today, with last week's stamp.
func (s *server) pull(ctx context.Context, cursor int64, limit int) (pulled, error) {
	var p page
	err := s.transaction(ctx, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) (err error) {
		p, err = s.layout.pull(ctx, tx, window{after: cursor, limit: limit})
		return err
	})
	if err != nil {
		return pulled{}, fmt.Errorf("pull: %w", err)
	}
	return pulled{p.records.AppendLines(nil), max(cursor, p.last)}, nil
}
