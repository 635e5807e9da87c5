package repotest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// quotedCode matches a block of code in a document, below a comment that names its file.
var quotedCode = regexp.MustCompile("(?s)<!-- in (\\S+) -->\n```go\n(.*?)```")

func TestDocumentsQuoteCodeWordForWord(t *testing.T) {
	quotes := map[string]int{"README.md": 1, "examples/storage/keyvalue/README.md": 4, "examples/syncserver/SHARING.md": 2}
	for document, want := range quotes {
		text, err := os.ReadFile(root + document)
		require.NoError(t, err)
		blocks := quotedCode.FindAllSubmatch(text, -1)
		require.Len(t, blocks, want, document)
		for _, block := range blocks {
			source, err := os.ReadFile(root + string(block[1]))
			require.NoError(t, err)
			quote := strings.TrimSpace(string(block[2]))
			require.Contains(t, string(source), quote, "%s quotes code that is not in %s", document, block[1])
		}
	}
}
