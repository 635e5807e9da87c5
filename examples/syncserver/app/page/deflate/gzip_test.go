package deflate

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// isContent requires that a reader of the gzip format finds the content.
func isContent(t require.TestingT, content, zipped []byte) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	require.NoError(t, err)
	found, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, found))
}

// noise returns n random bytes below limit.
func noise(n, limit int) []byte {
	random := rand.New(rand.NewPCG(uint64(n), uint64(limit)))
	content := make([]byte, n)
	for i := range content {
		content[i] = byte(random.IntN(limit))
	}
	return content
}

// TestReadersFindTheContent: with a copy from as far back as possible, of each length, over the ends of blocks and segments.
func TestReadersFindTheContent(t *testing.T) {
	far := noise(maxDistance, 256)
	for _, content := range [][]byte{
		nil, {0}, {255}, []byte("ab"), []byte("aaa"), []byte("abcabcabc"),
		make([]byte, 2*segmentSize+1), noise(segmentSize, 256), noise(3*segmentSize/2, 2),
		bytes.Repeat([]byte("0123456789"), segmentSize/5), append(far, far...), append(append(far, 1), far...),
	} {
		isContent(t, content, Gzip(content))
	}
}

// TestReadersFindDrawnContent draws content from noise, runs and copies.
func TestReadersFindDrawnContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var content []byte
		for range rapid.IntRange(0, 40).Draw(t, "parts") {
			n := rapid.IntRange(1, 3000).Draw(t, "size")
			from := rapid.IntRange(0, len(content)).Draw(t, "from")
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				content = append(content, noise(n, rapid.IntRange(1, 256).Draw(t, "bytes"))...)
			case 1:
				content = append(content, bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "run"), n)...)
			default:
				content = append(content, content[from:min(from+n, len(content))]...)
			}
		}
		isContent(t, content, Gzip(content))
	})
}

// scripts returns the scripts of the page.
func scripts(t *testing.T) []byte {
	paths, err := filepath.Glob("../static/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var content []byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		content = append(content, text...)
	}
	return content
}

// TestGzipIsSmallerThanTheBestOfTheLibrary: by a twenty-fifth, for the scripts of the page.
func TestGzipIsSmallerThanTheBestOfTheLibrary(t *testing.T) {
	content := scripts(t)
	var best bytes.Buffer
	z, err := gzip.NewWriterLevel(&best, gzip.BestCompression)
	require.NoError(t, err)
	_, err = z.Write(content)
	require.NoError(t, err)
	require.NoError(t, z.Close())

	zipped := Gzip(content)
	isContent(t, content, zipped)
	t.Log(len(content), "bytes:", best.Len(), "with the library,", len(zipped), "here")
	require.Less(t, len(zipped)*25, best.Len()*24)
}

// TestBlocksEndWhereTheContentChanges: two kinds of content together take hardly more space than each on its own.
func TestBlocksEndWhereTheContentChanges(t *testing.T) {
	text, digits := scripts(t)[:segmentSize/2], noise(segmentSize/4, 4)
	require.LessOrEqual(t, len(Gzip(append(text, digits...))), len(Gzip(text))+len(Gzip(digits))+100)
}
