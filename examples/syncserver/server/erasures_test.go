package server

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestErasuresAreRemembered appends erasures to a file and reads them back. A line that was cut off
// must be reported, and must not swallow the next one.
func TestErasuresAreRemembered(t *testing.T) {
	name := filepath.Join(t.TempDir(), "erasures")
	_, err := readErasures(name)
	require.ErrorIs(t, err, os.ErrNotExist)
	at := func(time clock.Timestamp) clock.Stamp { return clock.Stamp{Time: time, Client: clock.ClientID{1}} }
	require.NoError(t, appendErasures(name, []erasure{{"demo", "tasks", "a", at(5)}, {"demo", "tasks", "é\n", at(1)}}))
	require.NoError(t, appendErasures(name, nil))
	require.NoError(t, appendErasures(name, []erasure{{"demo", "tasks", "a", at(4)}, {"other", "tasks", "a", at(1)}}))
	want := map[string]map[record.Key]clock.Stamp{
		"demo":  {{Table: "tasks", ID: "a"}: at(5), {Table: "tasks", ID: "é\n"}: at(1)},
		"other": {{Table: "tasks", ID: "a"}: at(1)},
	}
	got, err := readErasures(name)
	require.NoError(t, err)
	require.Equal(t, want, got)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(name, int64(len(text)-10)))
	require.NoError(t, appendErasures(name, []erasure{{"demo", "tasks", "b", at(1)}}))
	_, err = readErasures(name)
	require.ErrorContains(t, err, "line 4 of "+name)
	text, err = os.ReadFile(name)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	require.NoError(t, os.WriteFile(name, []byte(strings.Join(append(lines[:3], lines[4:]...), "")), 0o600))
	delete(want, "other")
	want["demo"][record.Key{Table: "tasks", ID: "b"}] = at(1)
	got, err = readErasures(name)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, line := range []string{`{}`, `{"workspace":"demo","table":"tasks","id":"a"}`, `{"workspace":"","table":"tasks","id":"a","stamp":"` + at(1).String() + `"}`} {
		require.NoError(t, os.WriteFile(name, []byte(line+"\n"), 0o600))
		_, err = readErasures(name)
		require.ErrorContains(t, err, "line 1")
	}
}

// TestErasureThatCannotBeRememberedChangesNothing checks that an erasure is remembered before it is
// committed.
func TestErasureThatCannotBeRememberedChangesNothing(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx := context.Background()
		s, _ := openEraser(t, name(t))
		p := s.fill()
		before, lines := s.normals(), s.requireReplay()
		for _, file := range []string{"", filepath.Join(t.TempDir(), "missing", "erasures")} {
			s.options.Erasures = file
			_, err := s.Erase(ctx, "demo", keysGone()...)
			require.Error(t, err)
			require.Equal(t, before, s.normals())
			require.Equal(t, lines, s.requireReplay())
		}
		s.options.Erasures = filepath.Join(t.TempDir(), "erasures")
		_, err := s.Erase(ctx, "nosuch", keysGone()...)
		require.ErrorIs(t, err, ErrEmpty)
		_, err = s.Erase(ctx, "demo", record.Key{})
		require.Error(t, err)
		_, err = s.Erase(ctx, "No Such", keysGone()...)
		require.Error(t, err)
		require.NoFileExists(t, s.options.Erasures)
		require.Equal(t, 1, s.count("workspaces"))
		require.NotEmpty(t, p.gone)
	})
}
