package repotest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// aMap matches the heading of the map of a package, which lists its files.
var aMap = regexp.MustCompile(`(?m)^// # (Map|Files)$`)

// TestMapNamesEveryFile: the map in the documentation of a package names each file of the package
// but its own, and every named file exists. The kit's map is another one: see TestDocNamesEachFile
// in merge/mergetest.
func TestMapNamesEveryFile(t *testing.T) {
	maps := 0
	for _, name := range textFiles(t) {
		isKit := strings.HasPrefix(name, "merge/mergetest/")
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || isKit {
			continue
		}
		text, err := os.ReadFile(root + name)
		require.NoError(t, err)
		if !aMap.Match(text) {
			continue
		}
		maps++
		folder, own := filepath.Split(root + name)
		named := map[string]bool{own: true}
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "//\t") {
				continue
			}
			for word := range strings.FieldsSeq(line) {
				if !strings.Contains(word, "/") && strings.HasSuffix(word, ".go") {
					require.FileExists(t, folder+word)
					named[word] = true
				}
			}
		}
		files, err := filepath.Glob(folder + "*.go")
		require.NoError(t, err)
		for _, file := range files {
			if file = filepath.Base(file); !strings.HasSuffix(file, "_test.go") {
				require.True(t, named[file], "the map in %s does not name %s", name, file)
			}
		}
	}
	require.GreaterOrEqual(t, maps, 19)
}
