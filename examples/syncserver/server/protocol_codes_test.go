package server

import (
	"fmt"
	"go/ast"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

// section returns the part of a document below a heading, up to the next heading of any level.
func section(t *testing.T, document, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(document, "\n"+heading+"\n")
	require.True(t, found, heading)
	text, _, _ = strings.Cut(text, "\n#")
	return text
}

// cells returns what the groups of a pattern match in a text, with spaces between them, sorted.
func cells(text, pattern string) (all []string) {
	for _, found := range regexp.MustCompile(`(?m)`+pattern).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.Join(found[1:], " "))
	}
	slices.Sort(all)
	return all
}

// texts returns refusals as texts, such as "400 malformed", sorted.
func texts(all map[refusal]bool) (sorted []string) {
	for r := range all {
		sorted = append(sorted, fmt.Sprint(r.status, " ", r.code))
	}
	slices.Sort(sorted)
	return sorted
}

// served returns the routes of the server with their refusals, and the refusals of all requests. They are taken from the
// source, which is checked for other ways to add a route, or to answer with another status.
func served(t *testing.T) (routes map[string]map[refusal]bool, others map[refusal]bool) {
	t.Helper()
	s := sourceOf(t)
	routes, others = s.routes()
	for _, call := range s.calls(`\.Handle(Func)?$`) {
		require.Contains(t, []string{"", "/"}, s.text(call.Args[0]), "a route that is not in Server.routes")
	}
	var running []string
	for _, r := range documented(t, Options{}).routes() {
		running = append(running, r.method+" "+r.path)
	}
	require.ElementsMatch(t, running, slices.Collect(maps.Keys(routes)))

	for _, call := range s.calls(`\.WriteHeader$`) {
		if n := s.number(call.Args[0]); n != 0 {
			require.EqualValues(t, http.StatusNoContent, n, "a status that is not of a failure")
		}
	}
	require.Empty(t, s.calls(`http\.(Error|NotFound|Redirect)`), "an answer without a code")
	others[program(t)] = true
	return routes, others
}

// program returns the refusal that the program adds, which checks the host of a request.
func program(t *testing.T) refusal {
	t.Helper()
	var files []string
	for _, folder := range []string{"..", "../listen"} {
		some, err := filepath.Glob(folder + "/*.go")
		require.NoError(t, err)
		files = append(files, some...)
	}
	var source string
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			source += string(text)
		}
	}
	require.Equal(t, []string{"http.StatusMisdirectedRequest"}, cells(source, `WriteHeader\((.*)\)`))
	require.NotRegexp(t, `http\.(Error|NotFound|Redirect)`, source)
	code := cells(source, `"code":"([^"]*)"`)
	require.Len(t, code, 1)
	return refusal{http.StatusMisdirectedRequest, code[0]}
}

// TestProtocolListsRoutesAndCodes checks that the document lists exactly the routes, statuses and codes of the server,
// and the codes of items, outcomes and resets.
func TestProtocolListsRoutesAndCodes(t *testing.T) {
	document := protocol(t)
	routes, all := served(t)
	require.Equal(t, slices.Sorted(maps.Keys(routes)), cells(section(t, document, "## Requests and answers"), "^\\| `([A-Z]+ /[^`]*)` \\|"))
	for _, reached := range routes {
		maps.Copy(all, reached)
	}
	require.Equal(t, texts(all), cells(section(t, document, "### Codes of requests"), "^\\| ([0-9]+) \\| `([^`]*)` \\|"))

	code, err := os.ReadFile("../../../merge/code.go")
	require.NoError(t, err)
	items := cells(section(t, document, "### Codes of refused items"), "^\\| `([^`]*)` \\|")
	notes := cells(section(t, document, "### Codes of notes"), "^\\| `([^`]*)` \\|")
	listed := slices.Compact(slices.Sorted(slices.Values(append(items, notes...))))
	require.Equal(t, cells(string(code), `^\t\w+ +Code = "(.*)"`), listed)

	var outcomes []string
	for o := merge.Outcome(1); !strings.Contains(o.String(), "("); o++ {
		outcomes = append(outcomes, o.String())
	}
	slices.Sort(outcomes)
	require.Equal(t, outcomes, cells(section(t, document, "## Pushing"), "^\\| `([a-z]*)` \\| (?:is|lost|was|met)\\b"))
	require.Equal(t, []string{buckets.WhyEpoch, buckets.WhyFence, buckets.WhyGrant}, cells(section(t, document, "## Resets"), "^\\| `([a-z]*)` \\| the"))
}

// TestProtocolNamesHeadersAndParameters checks that the document names each header that the server reads or sets, and
// each parameter of a query.
func TestProtocolNamesHeadersAndParameters(t *testing.T) {
	document, s, found := protocol(t), sourceOf(t), make(map[string]int)
	for _, call := range s.calls(`\.(Get|Values|Set|Add|Has)$`) {
		of := fmt.Sprint(s.info.Types[call.Fun.(*ast.SelectorExpr).X].Type)
		if of != "net/http.Header" && of != "net/url.Values" {
			continue
		}
		if name := s.text(call.Args[0]); name != "" {
			found[of]++
			require.True(t, regexp.MustCompile(`(?m)(^|[\x60?&])`+name+`([:=\x60]|$)`).MatchString(document), name)
		}
	}
	for _, call := range s.calls(`^number$`) {
		found["number"]++
		require.Contains(t, document, s.text(call.Args[1])+"=")
	}
	require.Len(t, found, 3)
}
