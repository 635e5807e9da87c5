package server

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// compressed compresses the answers of a handler for clients that accept zstd or gzip. When the
// handler flushes, the part written so far is sent at once. Answers below 1 KiB are not
// compressed.
//
// The compression levels are those that take the least memory, less than a megabyte for each
// answer. That matters when many clients read slowly.
//
// The length of a compressed answer reveals information about its content to an attacker who
// watches the network and can add to the content. Pulls and answers to pushes are safe: they
// contain only what members of the workspace wrote, which each member may read anyway, and no
// token. The answer to a join contains a token, so it is not compressed. The event stream is not
// compressed because it would gain nothing.
//
// Request bodies are not decompressed, because a small body could become a large one.
func compressed(h http.Handler) http.Handler {
	wrap, _ := gzhttp.NewWrapper( // cannot fail, because the options are valid
		gzhttp.ContentTypes([]string{"application/json", "application/jsonl"}),
		gzhttp.CompressionLevel(gzip.BestSpeed),
	)
	return wrap(h)
}

// plainBody refuses a request whose body has a content coding.
func plainBody(r *http.Request) error {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return &failure{http.StatusUnsupportedMediaType, "unsupported_encoding", "send the body without a content coding", errors.New("content coding " + strconv.Quote(coding))}
	}
	return nil
}
