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

// The bounds of the pulls that are under way. Each takes up to a MB: a chunk, and the state of
// what compresses it.
const (
	maxPulls         = 128
	pullsOfWorkspace = 32
	pullsOfClient    = 4
	maxSilence       = 2 * time.Second
	pieceBytes       = 8 << 10 // of a chunk, for which a client has at least that time
)

// The bounds of the uploads that are under way, of which each takes a body. One that has its place
// for maxUpload makes way for another, and is told that it is too slow. Its client sends less at
// once; a small body needs no place.
const (
	maxUploads         = 128
	uploadsOfWorkspace = 32
	uploadsOfClient    = 2
	maxUpload          = 5 * time.Second
)

// readers are the pulls that are under way. A pull that finds no place ends the one whose
// client has not read for longest, if that is at least maxSilence: clients that do not read
// keep no other from reading, and a slow one that reads is not disturbed. It ends a pull of its
// own client or workspace if that has all the places that it may have. Uploads are counted in the
// same way, from the moment that they have a place until they are read.
type readers struct {
	most, ofWorkspace, ofClient int // how many there may be
	silence                     time.Duration
	now                         func() time.Time

	mu   sync.Mutex
	all  map[*reader]bool
	left chan struct{} // is closed when one has left, and replaced
}

// reader is a pull or an upload that is under way.
type reader struct {
	of    *readers
	by    member
	w     http.ResponseWriter
	since time.Time // when it began to wait for its client; zero if it does not
	ended bool      // by another one
}

func newReaders(most, ofWorkspace, ofClient int, silence time.Duration) *readers {
	return &readers{
		most: most, ofWorkspace: ofWorkspace, ofClient: ofClient, silence: silence, now: time.Now,
		all: make(map[*reader]bool), left: make(chan struct{}),
	}
}

// enter waits for a place, which the reader must leave.
func (s *readers) enter(ctx context.Context, w http.ResponseWriter, m member) (*reader, error) {
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
			return nil, unavailable(errors.New("too many pulls or uploads are under way"))
		}
		again.Stop()
	}
}

// tryEnter gives a reader a place. If there is none, it ends another reader if it may, and returns
// how long to wait before it tries again, and what is closed when one has left.
func (s *readers) tryEnter(r *reader) (wait time.Duration, left <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sameClient := func(other *reader) bool { return other.by == r.by }
	sameWorkspace := func(other *reader) bool { return other.by.workspace == r.by.workspace }
	any := func(*reader) bool { return true }
	switch {
	case s.count(sameClient) >= s.ofClient:
		return s.end(sameClient), s.left
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

// end ends the reader among those that match whose client has not read for longest, if that
// is long enough, and returns when to look again.
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
	control := http.NewResponseController(last.w) // what it reads or writes fails at once
	control.SetReadDeadline(time.Unix(1, 0))
	control.SetWriteDeadline(time.Unix(1, 0))
	return s.silence
}

// leave gives the place back.
func (r *reader) leave() {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	delete(r.of.all, r)
	close(r.of.left)
	r.of.left = make(chan struct{})
}

var errEnded = errors.New("another pull has taken the place of this one, whose client did not read")

// send sends a part of the page.
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

// waits notes since when the reader waits for its client, which it does not if that is zero.
func (r *reader) waits(since time.Time) error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.ended {
		return unavailable(errEnded)
	}
	if r.since = since; !since.IsZero() {
		setWriteDeadline(r.w)
	}
	return nil
}

// listens sets until when the reader listens to its client, unless it was ended.
func (r *reader) listens(until time.Time) error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.ended {
		return os.ErrDeadlineExceeded
	}
	http.NewResponseController(r.w).SetReadDeadline(until)
	return nil
}

// takes notes since when the reader takes an upload, which it does not if that is zero.
func (r *reader) takes(since time.Time) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.since = since
}
