package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// The limits for concurrent pulls. Each pull takes up to a megabyte of memory, or three while it makes a chunk
// of columns: a chunk and the state of its compressor. A compressor for a whole answer takes a megabyte until its end.
const (
	maxPulls         = 128
	pullsOfWorkspace = 32
	pullsOfUser      = 4
	maxSilence       = 2 * time.Second
	pieceBytes       = 8 << 10 // of a chunk; a client has at least maxSilence to read each piece
)

// The limits for concurrent uploads. Each upload holds a body in memory. An upload that has had its
// slot for maxUpload gives way to another upload, and fails as too slow. Its client then sends less
// at once; a small body needs no slot.
const (
	maxUploads         = 128
	uploadsOfWorkspace = 32
	uploadsOfUser      = 2
	maxUpload          = 5 * time.Second
)

// readers limits the pulls that run at once. A pull that finds no free slot ends the pull whose
// client has not read for the longest time, if that time is at least maxSilence. So clients that
// do not read cannot keep others from reading, and a slow client that reads is not disturbed. If
// all slots of its user or workspace are taken, the new pull ends a pull of that user or
// workspace. Uploads are limited in the same way, except that the time of an upload counts from the
// moment when it gets its slot until its body is read.
type readers struct {
	most, ofWorkspace, ofUser int           // the limits
	silence                   time.Duration // after which a reader may be ended
	now                       func() time.Time

	mu   sync.Mutex
	all  map[*reader]bool
	left chan struct{} // closed when a reader has left, and then replaced
}

// reader is a running pull or upload.
type reader struct {
	of    *readers
	by    Sender
	w     http.ResponseWriter
	since time.Time // when it began to wait for its client; zero if it does not wait
	ended bool      // whether another reader has ended it
}

func newReaders(most, ofWorkspace, ofUser int, silence time.Duration) *readers {
	return &readers{
		most: most, ofWorkspace: ofWorkspace, ofUser: ofUser, silence: silence, now: time.Now,
		all: make(map[*reader]bool), left: make(chan struct{}),
	}
}

// enter waits for a slot. The caller must call leave on the returned reader.
func (s *readers) enter(ctx context.Context, w http.ResponseWriter, m Sender) (*reader, error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	r := &reader{of: s, by: m, w: w}
	for {
		wait, left := s.tryEnter(r)
		if left == nil {
			return r, nil
		}
		again := time.NewTimer(max(wait, 10*time.Millisecond))
		select {
		case <-left:
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return nil, Unavailable(errors.New("too many pulls or uploads are running"))
		}
		again.Stop()
	}
}

// tryEnter gives a reader a slot and returns a nil channel. If no slot is free, it ends another
// reader if one has waited long enough. It then returns how long to wait before the next try, and a
// channel that is closed when a reader has left.
func (s *readers) tryEnter(r *reader) (wait time.Duration, left <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sameWorkspace := func(other *reader) bool { return other.by.Workspace == r.by.Workspace }
	sameUser := func(other *reader) bool { return sameWorkspace(other) && other.by.User == r.by.User }
	any := func(*reader) bool { return true }
	switch {
	case s.count(sameUser) >= s.ofUser:
		return s.end(sameUser), s.left
	case s.count(sameWorkspace) >= s.ofWorkspace:
		return s.end(sameWorkspace), s.left
	case len(s.all) >= s.most:
		return s.end(any), s.left
	}
	s.all[r] = true
	return 0, nil
}

// count returns how many readers match.
func (s *readers) count(match func(*reader) bool) (n int) {
	for r := range s.all {
		if match(r) {
			n++
		}
	}
	return n
}

// end ends the matching reader that has waited for its client for the longest time, if it has
// waited for at least s.silence. It returns how long to wait before the next try.
func (s *readers) end(match func(*reader) bool) time.Duration {
	var last *reader
	for r := range s.all {
		if match(r) && !r.ended && !r.since.IsZero() && (last == nil || r.since.Before(last.since)) {
			last = r
		}
	}
	if last == nil {
		return s.silence
	}
	if left := s.silence - s.now().Sub(last.since); left > 0 {
		return left
	}
	last.ended = true
	control := http.NewResponseController(last.w) // makes its reads and writes fail at once
	control.SetReadDeadline(time.Unix(1, 0))
	control.SetWriteDeadline(time.Unix(1, 0))
	return s.silence
}

// leave frees the slot of the reader.
func (r *reader) leave() {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	delete(r.of.all, r)
	close(r.of.left)
	r.of.left = make(chan struct{})
}

var errEnded = errors.New("the client did not read, and another pull took the slot")

// send sends a part of the page in pieces.
func (r *reader) send(part []byte) error {
	var err error
	for piece := range slices.Chunk(part, pieceBytes) {
		if err := r.waits(r.of.now()); err != nil {
			return err
		}
		if _, err = r.w.Write(piece); err != nil {
			break
		}
	}
	if err == nil {
		err = http.NewResponseController(r.w).Flush()
	}
	return errors.Join(r.waits(time.Time{}), err)
}

// waits records the time at which the reader began to wait for its client to read; zero means that
// it does not wait. It returns an error if the reader was ended.
func (r *reader) waits(since time.Time) error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.ended {
		return Unavailable(errEnded)
	}
	if r.since = since; !since.IsZero() {
		setWriteDeadline(r.w)
	}
	return nil
}

// listens sets the read deadline of the reader, unless the reader was ended.
func (r *reader) listens(until time.Time) error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.ended {
		return os.ErrDeadlineExceeded
	}
	http.NewResponseController(r.w).SetReadDeadline(until)
	return nil
}

// takes records the time at which the reader began to receive an upload; zero means that it
// receives none.
func (r *reader) takes(since time.Time) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.since = since
}
