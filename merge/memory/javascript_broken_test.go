package memory_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// Names of laws of the kit.
const (
	shows    = "a client shows what the server confirmed"
	keeps    = "an edit is sent until it has a final answer"
	edits    = "an edit is shown at once and stays until it is answered"
	bases    = "the base is the stamp that was shown"
	observes = "a client's clock observes every confirmed stamp"
	rollback = "a refused item is rolled back"
	reopens  = "a reopened client shows what it showed before"
	settles  = "the outbox is empty in the end"
	forgets  = "a client forgets what a pull tells it to forget"
	judges   = "a client shows nothing that is gone"
	creates  = "an edit that creates a record says so"
	resends  = "a client sends its own writes again after a restore"
	hides    = "an edit of a record that left is not shown"
)

// mistake is a change of the client in JavaScript that breaks it. The failure must name one of the laws.
type mistake struct {
	name, file string
	was, is    string
	laws       []string
}

// mistakes are the mistakes of a client of any server, and of a server that purges.
func mistakes() []mistake {
	return []mistake{
		{"pulled is joined and not replaced", "pull.js", "confirmed: now, within }", "confirmed: new Map([...h.confirmed, ...now]), within }", []string{forgets}},
		{"a reset that keeps ghosts", "reset.js", "    forgetLost(r, h);\n    h.created", "    h.created", []string{forgets}},
		{"judges with an old fence", "pull.js", "restored ? t.fence : later", "restored || r.fence === '' ? t.fence : earlier", []string{judges, forgets}},
		{"pulled stamps are not observed", "pull.js", "observe(r, newest(data, most));", "", []string{observes}},
		{"the clock of a trailer is not observed", "pull.js", "  r.floor = floor;\n  observe(r, floor);", "", []string{observes, edits}},
		{"an edit in flight is replaced", "outbox.js", "if (it.sent || it.hidden || it.again) return;", "if (it.hidden || it.again) return;", []string{keeps, edits, bases}},
		{"the base of the last edit is sent", "outbox.js", "rebase(r, later, names[i], it.base.get(names[i]));", "", []string{bases}},
		{"a refused item stays in the outbox", "answer.js", "      remove(r, it);\n      noticeRefusal", "      noticeRefusal", []string{rollback, settles}},
		{"accepted items are dropped", "answer.js", "if (data.size > 0) keep(r, h, it, data);", "", []string{shows}},
		{"gone fields of an accepted item are kept", "answer.js", "return where(it.data, (name) => !isGone(name));", "return it.data;", []string{judges}},
		{"a creation is not marked", "edit.js", "isNew: record.size === 0", "isNew: false", []string{creates}},
		{"nothing is sent again after a restore", "reset.js", "  setAside(r, why);\n", "", []string{resends}},
		{"confirmed records are not saved", "saves.js", "saves.push([key, text]);", "saves.push();", []string{reopens}},
		{"edits stamped by a wrong clock are not restamped", "answer.js", "restampWaiting(r, { time, took, late }) > 0 || by !== 0", "by !== 0", []string{settles}},
	}
}

// mistakesWithBuckets are the mistakes of a client of a server with buckets.
func mistakesWithBuckets() []mistake {
	return []mistake{
		{"evicted but kept", "change.js", "  forget(h);\n  if (hides)", "  if (hides)", []string{forgets}},
		{"buckets are added instead of replaced", "pull.js", "confirmed: now, within }", "confirmed: now, within: within && h.within ? [...new Set([...h.within, ...within])].sort() : within }", []string{forgets}},
		{"the list of buckets is ignored", "reset.js", "const changes = told !== undefined &&", "const changes = false &&", []string{forgets, hides}},
		{"edits of a record that left are shown", "change.js", "if (hides) setHidden(r, h, true);", "", []string{hides}},
	}
}

// program returns a copy of the client with the mistake.
func (m mistake) program(t *testing.T) string {
	t.Helper()
	from, to := filepath.Dir(javaScript), t.TempDir()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(from, path)
		if err := errors.Join(err, relErr); err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		text, err := os.ReadFile(path)
		if name == filepath.Join("src", m.file) {
			require.Equal(t, 1, strings.Count(string(text), m.was), "the text to replace")
			text = []byte(strings.Replace(string(text), m.was, m.is, 1))
		}
		return errors.Join(err, os.WriteFile(filepath.Join(to, name), text, 0o600))
	})
	require.NoError(t, err)
	return filepath.Join(to, filepath.Base(javaScript))
}

// TestBrokenJavaScriptClientsAreFound checks that the kit finds mistakes of a client in another language, each with
// the law that it breaks. With -v, it prints the failures.
func TestBrokenJavaScriptClientsAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit on another program")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node.js")
	}
	for _, group := range []struct {
		mistakes   []mistake
		newBackend func(*mergetest.Env) (mergetest.Backend, error)
	}{{mistakes(), newPurging(2)}, {mistakesWithBuckets(), newGranting}} {
		for _, m := range group.mistakes {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				err := mergetest.Check(group.newBackend, mergetest.Options{
					Steps: 150, IDs: []string{"a", "b"}, Fields: map[string][]string{"x": {"1", "2", "null"}, "y": {`"1"`, `""`}},
					OnlyFields: true,
					NewClient:  mergetest.Command(t, "node", m.program(t)),
				})
				require.Error(t, err, "the mistake was not found")
				t.Log(err)
				first, _, _ := strings.Cut(err.Error(), "\n")
				require.Contains(t, m.laws, strings.TrimPrefix(first, "mergetest: broken law: "))
			})
		}
	}
}

// newGranting makes a backend with buckets that purges at level 2.
func newGranting(env *mergetest.Env) (mergetest.Backend, error) {
	s := &memory.Server{Now: env.Now, Imports: importIDs(), PageSize: 2, Level: 2, Buckets: mergetest.Buckets}
	return granting{purging{backend{s, env}}}, nil
}
