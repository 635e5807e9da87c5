package server

import (
	"context"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// putMarks stores watermarks. In a transaction with several pushes, flushMarks must be called at the end.
func (s *session) putMarks(ctx context.Context, marks []clock.Stamp) error {
	if s.pre.marks == nil {
		return s.storeMarks(ctx, marks)
	}
	for _, mark := range marks {
		s.pre.marks[mark.Client] = mark
		s.pre.changed[mark.Client] = true
	}
	return nil
}

// storeMarks stores watermarks in the database.
func (s *session) storeMarks(ctx context.Context, marks []clock.Stamp) error {
	type markRow struct {
		Client string `json:"client"`
		At     int64  `json:"at"`
	}
	if len(marks) == 0 {
		return nil
	}
	rows := make([]markRow, len(marks))
	for i, mark := range marks {
		rows[i] = markRow{mark.Client.String(), int64(mark.Time)}
	}
	return s.exec(ctx, "the watermarks", `
		INSERT INTO marks (client, at, workspace)
		SELECT value->>'client', CAST(value->>'at' AS BIGINT), $2 FROM JSON_ROWS WHERE true
		ON CONFLICT (client) DO UPDATE SET at = excluded.at, workspace = excluded.workspace`, rows)
}

// flushMarks stores the watermarks that have changed.
func (s *session) flushMarks(ctx context.Context) error {
	var marks []clock.Stamp
	for client := range s.pre.changed {
		marks = append(marks, s.pre.marks[client])
	}
	slices.SortFunc(marks, func(a, b clock.Stamp) int { return a.Client.Compare(b.Client) })
	return s.storeMarks(ctx, marks)
}
