package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// How long a body may take. A client that sends nothing is cut off after readPatience, and so
// is one whose body falls behind readRate by as much: a body of the greatest size takes nine
// minutes at most. A client that is slow and goes on is served.
const (
	readPatience = 30 * time.Second
	readRate     = 4 << 10 // bytes a second
)

// body is the body of a request, whose client must go on sending. Only the time in which the
// body is read counts, so a push that waits for a place in between loses nothing.
type body struct {
	io.Reader
	control *http.ResponseController
	upload  *reader // nil while the body needs no place
	now     func() time.Time
	read    int64         // bytes
	spent   time.Duration // on reading
	end     error
}

// bodyOf returns the body of a request, of which more than a number of bytes are an error.
func bodyOf(w http.ResponseWriter, r *http.Request, most int64) *body {
	return &body{Reader: http.MaxBytesReader(w, r.Body, most), control: http.NewResponseController(w), now: time.Now}
}

// Read reads what comes in time. After the end of the body it leaves the connection alone,
// which net/http reads by then, to find out whether the client is still there.
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

// listen sets the deadline of a read. It has no effect where that is not supported.
func (b *body) listen(until time.Time) error {
	if b.upload != nil {
		return b.upload.listens(until)
	}
	b.control.SetReadDeadline(until)
	return nil
}

// readAll reads a body, or a part of it. A body that breaks off is not malformed: the same
// request may succeed. One that is too slow may succeed in parts.
func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(r)
	if limit := new(http.MaxBytesError); errors.As(err, &limit) {
		return nil, tooLarge(err)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &failure{http.StatusRequestTimeout, "timeout", "the body did not arrive in time: send less at once", err}
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return text, nil
}
