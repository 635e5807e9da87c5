package server

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

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
// The length of a compressed answer reveals information about its content to an attacker who watches the
// network and can add to the content. Without buckets, pulls and answers to pushes are safe: they contain
// only what members of the workspace wrote, which each member may read anyway, and no token. With buckets,
// an answer can contain text that another member may not read, so only pulls are compressed, bucket by
// bucket, or as a whole for a user without a bucket of his own; see sealer. The answer to a join contains
// a token, so it is not compressed. The event stream is not compressed because it would gain nothing.
//
// Request bodies are not decompressed, because a small body could become a large one.
func (s *Frontend) compressed(h http.Handler) http.Handler {
	if s.options.Buckets != nil {
		return h
	}
	wrap, _ := gzhttp.NewWrapper( // cannot fail, because the options are valid
		gzhttp.ContentTypes([]string{"application/json", "application/jsonl"}),
		gzhttp.CompressionLevel(gzip.BestSpeed),
	)
	return wrap(h)
}

// sealing sets the headers of a pull with a cursor. It returns the sealer that compresses the answer, or nil
// if the handler that compressed returns does, or if the client does not accept gzip.
func (s *Frontend) sealing(w http.ResponseWriter, r *http.Request, columns bool) *sealer {
	h := w.Header()
	if columns {
		h.Set("Content-Type", columnsType+";v=1")
	} else if s.options.Buckets == nil {
		return nil
	}
	if s.options.Buckets != nil {
		h.Add("Vary", "Accept-Encoding")
	}
	if !accepts(r.Header.Values("Accept-Encoding"), "gzip", "") {
		return nil
	}
	h.Set("Content-Encoding", "gzip")
	z := &sealer{writers: s.writers, header: h}
	if accepts(r.Header.Values("Accept-Encoding"), "zstd", "") {
		z.encoders = s.encoders
	}
	return z
}

// accepts reports whether a header like Accept names something with a weight above 0, and with this parameter
// v if that is not empty. A wildcard does not count.
func accepts(header []string, name, version string) bool {
	for element := range strings.SplitSeq(strings.Join(header, ","), ",") {
		got, params, err := mime.ParseMediaType(element)
		if err != nil || got != name || params["v"] != version {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		return params["q"] == "" || err == nil && q > 0
	}
	return false
}

// plainBody refuses a request whose body has a content coding.
func plainBody(r *http.Request) error {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return &failure{http.StatusUnsupportedMediaType, "unsupported_encoding", "send the body without a content coding", errors.New("content coding " + strconv.Quote(coding))}
	}
	return nil
}
