package main

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// newLog returns the log of the program: one short line an event, or, if verbose is set, all events with
// all attributes.
func newLog(out io.Writer, verbose bool) *slog.Logger {
	if verbose {
		return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return slog.New(&lineHandler{out: out, mu: new(sync.Mutex)})
}

// maxLine is the maximum length of a log line about an ordinary event, in bytes. Longer lines are cut.
// Warnings and errors are not.
const maxLine = 280

// lineHandler writes log lines for people: the time, the sentence, and the attributes.
//
//	2026-03-02 14:02:07Z tasks/42/title: a write by 7f3c61f2… at … replaced one by … workspace=demo
type lineHandler struct {
	out   io.Writer
	mu    *sync.Mutex // for out
	attrs string      // of WithAttrs, each after a space
	group string      // a prefix of the keys
}

// Enabled implements slog.Handler.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle implements slog.Handler.
func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Time.UTC().Format(time.DateTime) + "Z ")
	if r.Level > slog.LevelInfo {
		b.WriteString(r.Level.String() + " ")
	}
	b.WriteString(escaped(r.Message) + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attribute(h.group, a))
		return true
	})
	line := b.String()
	if r.Level <= slog.LevelInfo {
		line = cut(line, maxLine)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.out, line+"\n")
	return err
}

// WithAttrs implements slog.Handler.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	for _, a := range attrs {
		with.attrs += attribute(h.group, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.group += name + "."
	return &with
}

// attribute returns an attribute as " key=value", with quotation marks if the value needs them.
func attribute(group string, a slog.Attr) string {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		text := ""
		for _, member := range value.Group() {
			text += attribute(group+a.Key+".", member)
		}
		return text
	}
	text := value.String()
	if strings.ContainsAny(text, " =\"") || text == "" || escaped(text) != text {
		text = strconv.Quote(text)
	}
	return " " + group + a.Key + "=" + text
}

// escaped returns a text that is safe to print in one line: in quotation marks if it contains characters
// that are invisible or could move the cursor.
func escaped(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	return strconv.Quote(text)
}

// cut returns the beginning of a text, at most the given number of bytes and an ellipsis. It does not split a
// character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
