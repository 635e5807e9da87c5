package browsertest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
)

// savedLog presses the button that saves the log, and returns the file that the browser is given.
func (p *panel) savedLog() (text string, log clientlog.File) {
	p.t.Helper()
	eval[bool](p.screen, `((create) => {
		globalThis.savedFile = "";
		URL.createObjectURL = (blob) => {
			URL.createObjectURL = create;
			blob.text().then((text) => { globalThis.savedFile = text; });
			return create.call(URL, blob);
		};
		return true;
	})(URL.createObjectURL)`)
	p.click(p.find("menu"))
	p.click(p.find("log"))
	p.await("the log is saved", func() bool {
		text = eval[string](p.screen, "globalThis.savedFile")
		return text != ""
	})
	p.click(p.find("menu"))
	log, err := clientlog.Read(strings.NewReader(text))
	require.NoError(p.t, err)
	return text, log
}

// TestPageSavesALogForABugReport: the file tells what the device did, in both languages and before the page
// was loaded again, and has no values.
func TestPageSavesALogForABugReport(t *testing.T) {
	s := visit(t)
	s.left.AddTask("a private task")
	s.agree()
	for _, program := range []string{"javascript", "webassembly"} {
		if program != s.left.program() {
			s.left.use(program)
		}
		s.left.AddTask("a private task of " + program)
		s.agree()
		text, log := s.left.savedLog()
		require.Equal(t, s.left.Client(), log.Client.String())
		kinds := make(map[clientlog.Kind]bool)
		for _, e := range log.Events {
			kinds[e.Kind] = true
		}
		for _, kind := range []clientlog.Kind{clientlog.Opened, clientlog.Edited, clientlog.Shown, clientlog.Sent, clientlog.Answered, clientlog.Received} {
			require.True(t, kinds[kind], "%s: %s", kind, text)
		}
		require.NotContains(t, text, "private")
		s.reload()
		_, again := s.left.savedLog()
		require.Greater(t, len(again.Events), len(log.Events))
		require.Equal(t, log.Events, again.Events[:len(log.Events)])
	}
	s.left.Reset()
	s.agree()
	require.Equal(t, "", eval[string](s, `sessionStorage.getItem("log/left") ?? ""`))
}
