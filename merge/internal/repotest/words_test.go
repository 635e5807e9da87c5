package repotest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// phrase is a construction that the texts of this repository avoid.
type phrase struct {
	*regexp.Regexp
	instead string
}

// find returns where the phrase occurs at the beginning of a word.
func (p phrase) find(text string) (found [][]int) {
	for _, at := range p.FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		if !unicode.IsLetter(before) {
			found = append(found, at)
		}
	}
	return found
}

// exception is a place where a phrase is right.
type exception struct{ file, text, reason string }

// TestTextsUsePlainWords finds the phrases of testdata/words/patterns.txt in comments, messages,
// documents and pages. For each place where a phrase is right, testdata/words/exceptions.txt
// gives the reason.
func TestTextsUsePlainWords(t *testing.T) {
	phrases, exceptions := phrases(t), exceptions(t)
	used := make([]bool, len(exceptions))
	for _, file := range textFiles(t) {
		text := plainText(t, file)
		for i, e := range exceptions {
			if (e.file == file || e.file == "*") && strings.Contains(text, e.text) {
				used[i] = true
				text = strings.ReplaceAll(text, e.text, strings.Repeat("_", len(e.text)))
			}
		}
		for _, p := range phrases {
			for _, at := range p.find(text) {
				line := 1 + strings.Count(text[:at[0]], "\n")
				t.Errorf("%s:%d: %q: write %s", file, line, text[at[0]:at[1]], p.instead)
			}
		}
	}
	for i, e := range exceptions {
		if !used[i] {
			t.Errorf("exceptions.txt: %s no longer says %q: remove the line", e.file, e.text)
		}
	}
}

func TestPatternsFindWhatTheyAreFor(t *testing.T) {
	phrases := phrases(t)
	for _, text := range []string{
		"it is made anew", "mends its clock", "tells of it", "is told, for\ngood", "that of the client",
		"a bad item", "it is no error", "What is stored is replaced.", "Done: what it refuses is an Error.",
	} {
		require.True(t, slices.ContainsFunc(phrases, func(p phrase) bool { return len(p.find(strings.ToLower(text))) > 0 }), text)
	}
	for _, text := range []string{
		"there is not one", "amended", "for goods", "What is stored?", "report what is stored", "somewhat is",
	} {
		require.False(t, slices.ContainsFunc(phrases, func(p phrase) bool { return len(p.find(strings.ToLower(text))) > 0 }), text)
	}
}

// textFiles returns the files with texts, relative to the root.
func textFiles(t *testing.T) (files []string) {
	kinds := []string{".go", ".md", ".js", ".mjs", ".css", ".html", ".sh", ".txt"}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		skip := slices.Contains([]string{".git", "node_modules", "dist", "words"}, d.Name())
		if d.IsDir() && skip {
			return fs.SkipDir
		}
		if !d.IsDir() && d.Name() != "words_test.go" && (slices.Contains(kinds, filepath.Ext(name)) || name == ".ci/run") {
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(files), 500)
	return files
}

// lineStart is what stands between two lines of one sentence in a comment.
var lineStart = regexp.MustCompile(`\n[ \t]*(//|/\*|\*|#|--)?[ \t]*`)

// plainText returns a file in lower case, without the beginnings of its lines, so that a phrase
// may cross them.
func plainText(t *testing.T, file string) string {
	text, err := os.ReadFile(root + file)
	require.NoError(t, err)
	return lineStart.ReplaceAllString(strings.ToLower(string(text)), "\n")
}

func phrases(t *testing.T) (all []phrase) {
	for _, line := range wordLines(t, "patterns.txt") {
		pattern, instead, ok := strings.Cut(line, " => ")
		require.True(t, ok, "no => in %q", line)
		all = append(all, phrase{regexp.MustCompile(strings.ReplaceAll(pattern, " ", `\s`)), instead})
	}
	return all
}

func exceptions(t *testing.T) (all []exception) {
	for _, line := range wordLines(t, "exceptions.txt") {
		var e exception
		parts := strings.SplitN(line, " | ", 3)
		require.Len(t, parts, 3, "want FILE | TEXT | REASON in %q", line)
		e.file, e.text, e.reason = parts[0], strings.ToLower(parts[1]), parts[2]
		all = append(all, e)
	}
	return all
}

// wordLines returns the lines of a file that are neither empty nor comments.
func wordLines(t *testing.T, name string) (lines []string) {
	text, err := os.ReadFile(fmt.Sprintf("testdata/words/%s", name))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}
