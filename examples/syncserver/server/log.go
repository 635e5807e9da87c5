package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// logPush logs what was decided about a push, without values: a line for the push and
// one for each item that was refused, for each decision between two writes, and for
// each violation. The decisions in which nothing was against the write are logged at
// the level Debug.
func (s *Server) logPush(ctx context.Context, m member, answer merge.Answer, report violation.Report) {
	log := s.options.Log.With("workspace", m.workspace, "client", m.client)
	refused := 0
	for i, r := range answer.Results {
		if r.Refusal != nil {
			refused++
			log.InfoContext(ctx, "refused", "item", i, "table", r.Key.Table, "id", r.Key.ID, "code", r.Refusal.Code, "path", r.Refusal.Path)
			continue
		}
		for _, note := range r.Notes {
			log.InfoContext(ctx, "note", "item", i, "table", r.Key.Table, "id", r.Key.ID, "code", note, "advice", note.Advice())
		}
	}
	for d := range answer.Decisions() {
		log.Log(ctx, levelOf(d), "decision", "decision", d)
	}
	for _, u := range report.Updates {
		if v, err := violation.Parse(u.After); err == nil {
			log.InfoContext(ctx, "violation", "id", v.ID, "type", v.Type, "status", v.Status, "table", v.Table, "record", v.RecordID)
		}
	}
	if report.Err != nil {
		// A rule that failed does not stop the push. Once it is mended, audit.
		log.ErrorContext(ctx, "rules", "err", report.Err)
	}
	log.InfoContext(ctx, "push", "items", len(answer.Results), "refused", refused, "changed", len(answer.Updates), "violations", len(report.Updates))
}

// levelOf returns how much a decision matters to who reads the log.
func levelOf(d merge.Decision) slog.Level {
	if step := d.Step(); step == merge.FirstWrite || step == merge.SameWrite {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// writeJournal keeps a line of the journal. It belongs in the transaction: then the
// journal has what was stored, and nothing else, in the order in which it was stored.
func (s *session) writeJournal(ctx context.Context, line []byte) error {
	s.entries++
	_, err := s.tx.ExecContext(ctx, `INSERT INTO journal (workspace, entry, line) VALUES ($1, $2, $3)`, s.workspace, s.entries, string(line))
	if err != nil {
		return fmt.Errorf("store the journal: %w", err)
	}
	return nil
}

// ErrEmpty says that there is nothing of the kind in a workspace, or no such workspace.
var ErrEmpty = errors.New("there is none")

// Journal writes the journal of a workspace, which examples/replay reads. It holds what
// users wrote. If nobody kept one, that is ErrEmpty.
func (d *Database) Journal(ctx context.Context, w io.Writer, workspace string) error {
	rows, err := d.db.QueryContext(ctx, `SELECT line FROM journal WHERE workspace = $1 ORDER BY entry`, workspace)
	if err != nil {
		return err
	}
	defer rows.Close()
	empty := ErrEmpty
	for rows.Next() {
		empty = nil
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return cmp.Or(rows.Err(), empty)
}
