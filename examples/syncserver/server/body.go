package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// How long a body may take. The server stops reading when a client has sent nothing for
// readPatience, or when its body is more than readPatience behind readRate. So a body of maximum
// size takes at most nine minutes. A client that is slow but keeps sending is served.
const (
	readPatience = 30 * time.Second
	readRate     = 4 << 10 // bytes a second
)

// body is the body of a request whose client must keep sending. Only the time spent in Read
// counts, so a push loses no time while it waits for an upload slot.
type body struct {
	io.Reader
	control *http.ResponseController
	upload  *reader // nil while the body needs no upload slot
	now     func() time.Time
	read    int64         // bytes
	spent   time.Duration // in Read
	end     error         // the first error of Reader
}

// bodyOf returns the body of a request. The last argument is the maximum size in bytes: reading
// more is an error.
func bodyOf(w http.ResponseWriter, r *http.Request, most int64) *body {
	return &body{Reader: http.MaxBytesReader(w, r.Body, most), control: http.NewResponseController(w), now: time.Now}
}

// Read reads from the body with a deadline. After the end of the body it does not touch the
// connection: net/http then reads from it, to detect whether the client has disconnected.
func (b *body) Read(p []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	left := readPatience + time.Duration(b.read)*time.Second/readRate - b.spent
	if left <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	begin := b.now()
	if err := b.listen(begin.Add(min(left, readPatience))); err != nil {
		return 0, err
	}
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	b.spent += b.now().Sub(begin)
	b.end = err
	return n, err
}

// listen sets the deadline of a read. It has no effect if the connection does not support
// deadlines.
func (b *body) listen(until time.Time) error {
	if b.upload != nil {
		return b.upload.listens(until)
	}
	b.control.SetReadDeadline(until)
	return nil
}

// readAll reads a body or a part of it. If the body breaks off, the failure does not have the code
// malformed, because the same request may succeed later. If the body is too slow, the code is
// timeout, because smaller parts of the body may arrive in time.
func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(r)
	if limit := new(http.MaxBytesError); errors.As(err, &limit) {
		return nil, TooLarge(err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &failure{http.StatusRequestTimeout, "timeout", "the body did not arrive in time: send a smaller body", err}
	}
	if err != nil {
		return nil, Unavailable(err)
	}
	return text, nil
}
