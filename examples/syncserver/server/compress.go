package server

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// compressed compresses the answers of a handler for clients that accept zstd or gzip. A part
// that is flushed is sent at once. Answers below a KiB stay as they are.
//
// The levels are the ones that take the least memory, below a MB for each answer under way,
// which counts when many clients read slowly.
//
// A compressed length says something about the content to those who watch the network and can
// add to it. Pulls and the answers to pushes hold what members of a workspace wrote, which a
// member may read in any case, and no token. The answer to a join holds a token, and is not
// compressed; neither is the event stream, which would gain nothing.
//
// Bodies of requests are not decompressed: a small one could become a large one.
func compressed(h http.Handler) http.Handler {
	wrap, _ := gzhttp.NewWrapper( // the options are valid
		gzhttp.ContentTypes([]string{"application/json", "application/jsonl"}),
		gzhttp.CompressionLevel(gzip.BestSpeed),
	)
	return wrap(h)
}

// plainBody refuses a body with a content coding.
func plainBody(r *http.Request) error {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return &failure{http.StatusUnsupportedMediaType, "unsupported_encoding", "send the body without a content coding", errors.New("content coding " + strconv.Quote(coding))}
	}
	return nil
}
