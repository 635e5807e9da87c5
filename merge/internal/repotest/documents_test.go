package repotest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The first two patterns match names in documents: files and folders, which stand in code spans and
// begin with a folder of the module, and tests. The third matches the declaration of a test.
var (
	namedFile = regexp.MustCompile("`((?:clock|record|merge|violation|examples|\\.ci|\\.github)/[^` ]*)`")
	namedTest = regexp.MustCompile(`\bTest[A-Z]\w*`)
	aTest     = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestDocumentsNameExistingFilesAndTests checks the documents for contributors.
func TestDocumentsNameExistingFilesAndTests(t *testing.T) {
	tests := testNames(t)
	documents, err := filepath.Glob(root + ".github/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	named := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range namedFile.FindAllStringSubmatch(string(text), -1) {
			found, err := filepath.Glob(root + match[1])
			require.NoError(t, err)
			require.NotEmpty(t, found, "%s names %s, which does not exist", document, match[1])
			named++
		}
		for _, name := range namedTest.FindAllString(string(text), -1) {
			require.Contains(t, tests, name, "%s names a test that does not exist", document)
			named++
		}
	}
	require.Greater(t, named, 50)
}

// testNames returns the names of all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range aTest.FindAllSubmatch(text, -1) {
			names[string(match[1])] = true
		}
		return err
	})
	require.NoError(t, err)
	return names
}
