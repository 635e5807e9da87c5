package server

import (
	"context"
	"log/slog"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// logPush logs what was decided about a push, without values: a line for the push, and
// one for each item that was refused, each decision between two writes, and each
// violation. Uncontested writes are logged at the level Debug.
func (s *Server) logPush(ctx context.Context, m member, out outcome) {
	answer, report := out.answer, out.report
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
