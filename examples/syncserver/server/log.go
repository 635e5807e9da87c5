package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"unicode/utf8"
)

// The limits of the log. They keep a client that repeatedly sends refused or losing items from
// filling the log.
const (
	linesOfUser      = 100  // a minute; per address if the user is unknown
	linesOfWorkspace = 1000 // a minute; for all addresses together if the user is unknown
	maxSentence      = 250  // bytes of a message
	maxPlace         = 80   // bytes of the names of a table, a record and a field in it
	maxLogged        = 200  // bytes of a text in an attribute
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
// in the message and in the attributes.
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
	msg = beginning(msg, maxSentence)
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
