package mergetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// needNode skips a test if there is no Node.js.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node.js")
	}
}

// phoneOptions are Options whose values JSON.parse keeps.
func phoneOptions(t *testing.T, program string) Options {
	return Options{
		NewClient:  Command(t, "node", program),
		Fields:     map[string][]string{"title": {`"x"`, `""`, "null"}, "points": {"9", "10"}, "tags": {`["é"]`, "{}", "true"}},
		OnlyFields: true,
	}
}

// TestClientInJavaScriptPasses checks the part of a JavaScript program that users copy, with a minimal client.
func TestClientInJavaScriptPasses(t *testing.T) {
	needNode(t)
	Run(t, newMemory, some(phoneOptions(t, filepath.Join("testdata", "bridge", "phone.mjs"))))
}

// TestClientInJavaScriptFails checks the failure of a client that throws.
func TestClientInJavaScriptFails(t *testing.T) {
	needNode(t)
	text, err := os.ReadFile(filepath.Join("testdata", "bridge", "phone.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"serve.mjs": javascript(t), "phone.mjs": strings.Replace(string(text), "this.next = next", "this.next = nxt", 1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err = Check(newMemory, phoneOptions(t, filepath.Join(dir, "phone.mjs")))
	for _, says := range []string{law.ClientErrors.Text().Name, "Pulled by ana: ReferenceError: nxt is not defined", "phone.mjs:", "shrunk from"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the failure does not say %q:\n%v", says, err)
		}
	}
}

// javascript returns the JavaScript in the package documentation.
func javascript(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "# Certify a client in another language\n")
	_, rest, found := strings.Cut(rest, "//\timport ")
	if !found {
		t.Fatal("doc.go has no JavaScript")
	}
	var b strings.Builder
	for line := range strings.Lines("//\timport " + rest) {
		code, ok := strings.CutPrefix(line, "//\t")
		if !ok && line != "//\n" {
			break
		}
		if !ok {
			code = "\n"
		}
		b.WriteString(code)
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// TestDocumentedJavaScriptIsTested checks that the package documentation, the README and the client in JavaScript
// contain the file that is tested.
func TestDocumentedJavaScriptIsTested(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "bridge", "serve.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if got := javascript(t); got != string(want) {
		t.Errorf("doc.go contains\n%s\ninstead of\n%s", got, want)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil || !strings.Contains(string(readme), "```js\n"+string(want)+"```\n") {
		t.Errorf("the README does not contain\n%s%v", want, err)
	}
	copied, err := os.ReadFile("../../examples/client/serve.mjs")
	if err != nil || string(copied) != string(want) {
		t.Errorf("examples/client/serve.mjs differs: %v", err)
	}
	if n := strings.Count(string(want), "\n"); n > 30 {
		t.Errorf("it has %d lines", n)
	}
}
