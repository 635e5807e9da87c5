package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// The limits of the log. They keep a client that repeatedly sends refused or losing items from
// filling the log.
const (
	linesOfUser      = 100  // a minute; per address if the user is unknown
	linesOfWorkspace = 1000 // a minute; for all addresses together if the user is unknown
	maxLogged        = 200  // bytes of a text
	maxLoggedError   = 1000 // bytes of an error
)

// logger writes the log lines that clients cause, up to the limits. It counts the lines that it
// omits, and adds the count to the next line that it writes.
type logger struct {
	to      *slog.Logger
	quotas  *quotas
	omitted atomic.Int64
}

// by is the user who causes a line.
type by struct{ workspace, user string }

// log writes a line, unless its level is disabled or a limit is reached. It shortens long texts
// in the attributes.
func (l *logger) log(ctx context.Context, b by, level slog.Level, msg string, attrs ...slog.Attr) {
	if !l.to.Enabled(ctx, level) {
		return
	}
	if l.quotas.admit(b.workspace, b.user) != nil || l.quotas.charge(b.workspace, b.user, 1) != nil {
		l.omitted.Add(1)
		return
	}
	for i := range attrs {
		attrs[i].Value = shortened(attrs[i].Value)
	}
	if n := l.omitted.Swap(0); n > 0 {
		attrs = append(attrs, slog.Int64("omitted", n))
	}
	l.to.LogAttrs(ctx, level, msg, attrs...)
}

// shortened returns a value in which long texts are truncated.
func shortened(v slog.Value) slog.Value {
	switch v = v.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.StringValue(beginning(v.String(), maxLogged))
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return slog.StringValue(beginning(err.Error(), maxLoggedError))
		}
		return slog.StringValue(beginning(fmt.Sprint(v.Any()), maxLogged))
	case slog.KindGroup:
		var attrs []slog.Attr
		for _, a := range v.Group() {
			attrs = append(attrs, slog.Attr{Key: a.Key, Value: shortened(a.Value)})
		}
		return slog.GroupValue(attrs...)
	}
	return v
}

// beginning truncates a text to at most the given number of bytes, without splitting a character,
// and marks the cut with an ellipsis.
func beginning(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// logFailure logs that a request failed.
func (s *Frontend) logFailure(r *http.Request, fail *failure, err error) {
	level := slog.LevelWarn
	if fail.status == http.StatusTooManyRequests {
		level = slog.LevelInfo
	}
	s.log.log(r.Context(), by{user: addressOf(r)}, level, "request failed", slog.String("method", r.Method),
		slog.String("path", r.URL.Path), slog.Int("status", fail.status), slog.Any("err", err))
}

// logPush logs the result of a push, without field values: a line for the push, and a line for
// each refused item, each note, each decision and each violation. Decisions about uncontested
// writes have the level Debug.
func (s *Frontend) logPush(ctx context.Context, m Sender, out Outcome) {
	answer, report := out.Answer, out.Report
	who := []slog.Attr{slog.String("workspace", m.Workspace), slog.Any("client", m.Client), slog.String("user", m.User)}
	log := func(level slog.Level, msg string, attrs ...slog.Attr) {
		s.log.log(ctx, by{m.Workspace, m.User}, level, msg, append(who[:len(who):len(who)], attrs...)...)
	}
	refused := 0
	for _, r := range answer.Results {
		if r.Refusal != nil {
			refused++
		}
	}
	if report.Err != nil {
		// A failed rule does not stop the push. After the rule is fixed, run an audit.
		log(slog.LevelError, "rules", slog.Any("err", report.Err))
	}
	log(slog.LevelInfo, "push", slog.Int("items", len(answer.Results)), slog.Int("refused", refused),
		slog.Int("changed", len(answer.Updates)), slog.Int("violations", len(report.Updates)))
	for i, r := range answer.Results {
		item := []slog.Attr{slog.Int("item", i), slog.String("table", r.Key.Table), slog.String("id", r.Key.ID)}
		if r.Refusal != nil {
			log(slog.LevelInfo, "refused", append(item, slog.Any("code", r.Refusal.Code), slog.String("path", r.Refusal.Path))...)
			continue
		}
		for _, note := range r.Notes {
			log(slog.LevelInfo, "note", append(item[:3:3], slog.Any("code", note), slog.String("advice", note.Advice()))...)
		}
	}
	for d := range answer.Decisions() {
		log(levelOf(d), "decision", slog.Any("decision", d))
	}
	for _, u := range report.Updates {
		if v, err := violation.Parse(u.After); err == nil {
			log(slog.LevelInfo, "violation", slog.String("id", v.ID), slog.String("type", v.Type), slog.Any("status", v.Status),
				slog.String("table", v.Table), slog.String("record", v.RecordID))
		}
	}
}

// levelOf returns the log level of a decision.
func levelOf(d merge.Decision) slog.Level {
	if step := d.Step(); step == merge.FirstWrite || step == merge.SameWrite {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
