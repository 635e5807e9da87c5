package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// pushLog logs what one push did, without field values. Each event has one line, whose message is a
// sentence. Lines have further attributes if the level Debug is enabled.
type pushLog struct {
	*logger
	ctx   context.Context
	from  Sender
	lines int // above the level Debug
}

// logPush logs the result of a push: a line for each refused item, each note, each decision and each
// violation. A push that has none of these has a line of its own. At the level Debug, every push has
// one, and so has each decision about an uncontested write.
func (s *Frontend) logPush(ctx context.Context, m Sender, out Outcome) {
	l := &pushLog{logger: &s.log, ctx: ctx, from: m}
	if err := out.Report.Err; err != nil {
		// A failed rule does not stop the push. After the rule is fixed, run an audit.
		l.log(ctx, by{m.Workspace, m.User}, slog.LevelError, "a rule failed", slog.String("workspace", m.Workspace), slog.Any("err", err))
	}
	for i, r := range out.Answer.Results {
		l.item(i, r)
	}
	for d := range out.Answer.Decisions() {
		l.event(levelOf(d), sentenceOf(d), slog.Any("decision", d))
	}
	for _, u := range out.Report.Updates {
		if v, err := violation.Parse(u.After); err == nil {
			l.violation(v)
		}
	}
	l.push(out)
}

// event writes a line. The details are for the level Debug.
func (l *pushLog) event(level slog.Level, sentence string, details ...slog.Attr) {
	attrs := []slog.Attr{slog.String("workspace", l.from.Workspace)}
	if l.to.Enabled(l.ctx, slog.LevelDebug) {
		attrs = append(attrs, slog.Any("client", l.from.Client), slog.String("user", l.from.User))
		attrs = append(attrs, details...)
	}
	if level > slog.LevelDebug {
		l.lines++
	}
	l.log(l.ctx, by{l.from.Workspace, l.from.User}, level, sentence, attrs...)
}

// item logs the refusal of an item, or the notes on it. A lost edit is an event of its decision.
func (l *pushLog) item(i int, r merge.Result) {
	place := pathOf(r.Key.Table, r.Key.ID)
	details := []slog.Attr{slog.Int("item", i), slog.String("table", r.Key.Table), slog.String("id", r.Key.ID)}
	if refusal := r.Refusal; refusal != nil {
		sentence := fmt.Sprintf("%s: an item by %s was refused: %s", place, shortID(l.from.Client), refusal.Code)
		if refusal.Path != "" {
			sentence += " at " + refusal.Path
		}
		l.event(slog.LevelInfo, sentence, append(details, slog.Any("code", refusal.Code), slog.String("path", refusal.Path))...)
		return
	}
	for _, note := range r.Notes {
		level := slog.LevelInfo
		if note == merge.LostEdit {
			level = slog.LevelDebug
		}
		sentence := fmt.Sprintf("%s: an item by %s has the note %s: %s", place, shortID(l.from.Client), note, note.Advice())
		l.event(level, sentence, append(details[:3:3], slog.Any("code", note))...)
	}
}

// violation logs that a violation appeared, changed or disappeared.
func (l *pushLog) violation(v violation.Violation) {
	l.event(slog.LevelInfo, fmt.Sprintf("%s: the violation %s is %s", pathOf(v.Table, v.RecordID), v.Type, v.Status),
		slog.String("id", v.ID), slog.String("rule", v.Rule))
}

// push logs the push itself.
func (l *pushLog) push(out Outcome) {
	level := slog.LevelInfo
	if l.lines > 0 {
		level = slog.LevelDebug
	}
	refused := 0
	for _, r := range out.Answer.Results {
		if r.Refusal != nil {
			refused++
		}
	}
	items, changed := len(out.Answer.Results), len(out.Answer.Updates)
	l.event(level, fmt.Sprintf("a push by %s: items %d, changed records %d", shortID(l.from.Client), items, changed),
		slog.Int("refused", refused), slog.Int("violations", len(out.Report.Updates)))
}

// sentenceOf returns the sentence of a decision. Long names are truncated, so that there is room for what
// happened.
func sentenceOf(d merge.Decision) string {
	place := record.PathName(d.Key.Table) + "/" + record.PathName(d.Key.ID) + "/" + record.PathName(d.Field)
	return beginning(place, maxPlace) + strings.TrimPrefix(d.String(), place)
}

// pathOf names a record as merge.Decision does. Long names are truncated.
func pathOf(table, id string) string {
	return beginning(record.PathName(table)+"/"+record.PathName(id), maxPlace)
}

// shortID names a client as merge.Decision does.
func shortID(c clock.ClientID) string { return c.String()[:8] + "…" }

// levelOf returns the log level of a decision.
func levelOf(d merge.Decision) slog.Level {
	if step := d.Step(); step == merge.FirstWrite || step == merge.SameWrite {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
