package main

import (
	"context"
	"database/sql"
	"fmt"
)

// pulled is the answer to a pull.
type pulled struct {
	// lines are mutations as JSON Lines. Field by field, the client puts them in place
	// of the state that the server had confirmed.
	lines []byte
	// cursor is for the client's next pull. It equals the cursor of this request if
	// nothing is new.
	cursor int64
}

// pull is the pull handler. It returns the next records after the cursor; the parameter
// limit is their greatest number. A client begins with the cursor 0 and pulls until nothing
// is new.
//
// The cursor is a sequence rather than a stamp: a write that a client made offline last
// week arrives today with last week's stamp.
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
