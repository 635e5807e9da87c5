package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// logged returns what a log prints, without the time, and with its line feeds.
func logged(verbose bool, print func(*slog.Logger)) string {
	var out bytes.Buffer
	print(newLog(&out, verbose))
	var lines []string
	for line := range strings.Lines(out.String()) {
		if !verbose {
			line = line[len("2026-03-02 14:02:07Z "):]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

func TestLogLinesAreSentences(t *testing.T) {
	text := logged(false, func(l *slog.Logger) {
		l.Debug("left out")
		l.Info("tasks/1/title: a write", "workspace", "demo")
		l.With("a", 1).WithGroup("g").With("b", "x y").Info("grouped", slog.Group("h", "c", ""), "d", "\x1b[31m")
		l.Warn("request failed", "err", errors.New("no"))
		l.Info("two\nlines\u202e")
	})
	require.Equal(t, "tasks/1/title: a write workspace=demo\n"+
		`grouped a=1 g.b="x y" g.h.c="" g.d="\x1b[31m"`+"\n"+
		"WARN request failed err=no\n"+
		`"two\nlines\u202e"`+"\n", text)
	require.Contains(t, logged(true, func(l *slog.Logger) { l.Debug("shown", "a", 1) }), "msg=shown a=1")
}

func TestOnlyLinesOfOrdinaryEventsAreCut(t *testing.T) {
	long := strings.Repeat("é", 1000)
	text := logged(false, func(l *slog.Logger) { l.Info(long) })
	require.LessOrEqual(t, len(text), maxLine)
	require.True(t, strings.HasSuffix(text, "é…\n"), "the cut is marked, and splits no character")
	text = logged(false, func(l *slog.Logger) { l.Error(long) })
	require.Equal(t, "ERROR "+long+"\n", text)
}

func TestLogTimesAreInUTC(t *testing.T) {
	var out bytes.Buffer
	before := time.Now().UTC().Truncate(time.Second)
	newLog(&out, false).Info("x")
	at, err := time.Parse("2006-01-02 15:04:05Z", out.String()[:20])
	require.NoError(t, err)
	require.Less(t, at.Sub(before).Abs(), time.Minute)
}

func TestDatabaseIsShownWithoutPassword(t *testing.T) {
	for name, want := range map[string]string{
		"syncserver.db": "syncserver.db", "postgres://ana:secret@db.example:5432/team?sslpassword=secret": "db.example:5432/team",
		"postgresql://[secret": "in PostgreSQL",
	} {
		require.Equal(t, want, shownDatabase(name))
	}
}

// TestServerSaysWhatItDoesBeforeItListens starts and stops a server.
func TestServerSaysWhatItDoesBeforeItListens(t *testing.T) {
	p := start(t, databasetest.SQLite(t))
	require.NoError(t, p.Stop())
	said := p.Log()
	for _, step := range []string{"syncserver: bundling the scripts of the page\n", "syncserver: opening the database ", "syncserver: stopping when "} {
		_, rest, ok := strings.Cut(said, step)
		require.True(t, ok, "%q is missing in order:\n%s", step, p.Log())
		said = rest
	}
}
