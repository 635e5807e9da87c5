package repotest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPackageDocNamesEveryFile: the package documentation names each file of the package, and
// every named file exists.
func TestPackageDocNamesEveryFile(t *testing.T) {
	for _, p := range list(t, "./record", "./merge", "./merge/buckets", "./merge/imports", "./merge/memory", "./violation") {
		text, err := os.ReadFile(filepath.Join(p.Dir, "doc.go"))
		require.NoError(t, err)
		named := map[string]bool{"doc.go": true}
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "//\t") {
				continue
			}
			for word := range strings.FieldsSeq(line) {
				if !strings.Contains(word, "/") && strings.HasSuffix(word, ".go") {
					require.FileExists(t, filepath.Join(p.Dir, word))
					named[word] = true
				}
			}
		}
		for _, file := range p.GoFiles {
			require.True(t, named[file], "doc.go of %s does not name %s", p.ImportPath, file)
		}
	}
}
