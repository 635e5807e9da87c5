package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge"
)

// The limits of a group: how many pushes share a turn, and the size of their bodies in total. A single
// push may have any size that servePush accepts.
const (
	maxGroup      = 32
	maxGroupBytes = maxBody
)

// pushGroup decides on some pushes to a workspace and stores the results. It sets the result of each
// push, and then closes its channel done.
//
// The pushes share transactions, and with them the lock, the commit, its sync to disk, and most
// look-ups. Within a transaction they are applied one after another, each to the state that the
// earlier ones have left. So the answers and the stored state are the same as if each push had a
// transaction of its own. No push is answered before the commit.
func (s *Server) pushGroup(workspace string, group []*pushing) {
	var decoded []*pushing
	for _, p := range group {
		p.try(func() (err error) {
			if p.items, err = p.Items(s.decode); err != nil {
				return Malformed(err)
			}
			return nil
		})
		if p.failed() {
			close(p.done)
		} else {
			decoded = append(decoded, p)
		}
	}
	for len(decoded) > 0 {
		n := s.pushSome(workspace, decoded)
		for _, p := range decoded[:n] {
			close(p.done)
		}
		decoded = decoded[n:]
	}
}

// pushSome decides on the first pushes of a group, and returns how many.
func (s *Server) pushSome(workspace string, group []*pushing) (n int) {
	ctx := context.Background() // the end of one request must not fail the other pushes
	if len(group) == 1 {
		ctx = group[0].ctx
	}
	release, err := s.working.enter(ctx, workspace)
	if err != nil {
		return failAll(group, err)
	}
	defer release()
	for _, p := range group {
		p.try(func() error {
			if err := p.ctx.Err(); err != nil {
				return Unavailable(err)
			}
			p.push = s.engine.Prepare(merge.Request{Actor: p.by.Client, WholeItems: p.Whole, Wall: s.options.Now(), Items: p.items})
			return nil
		})
	}
	if len(group) > 1 {
		n, err = s.pushTogether(workspace, group)
		if !errors.Is(err, errApart) {
			return n
		}
		group = group[:n]
	}
	for _, p := range group {
		s.pushAlone(p)
	}
	return len(group)
}

// failAll sets the error of all pushes that have not failed, and returns the number of all pushes.
func failAll(group []*pushing, err error) int {
	for _, p := range group {
		if !p.failed() {
			p.err = Unavailable(err)
		}
	}
	return len(group)
}

// pushAlone applies a push in a transaction of its own.
func (s *Server) pushAlone(p *pushing) {
	if p.push == nil { // it has failed
		return
	}
	p.try(func() error {
		ctx, cancel := context.WithTimeout(p.ctx, pushTimeout)
		defer cancel()
		if err := s.locked(ctx, p.by.Workspace, func(tx *session) error { return s.pushWithin(ctx, tx, p) }); err != nil {
			return Unavailable(err)
		}
		return nil
	})
}

// errApart means that a transaction was rolled back because of one of its pushes, so each of them needs
// a transaction of its own.
var errApart = errors.New("each push needs a transaction of its own")

// errNone rolls back a transaction in which nothing was stored.
var errNone = errors.New("all pushes have failed")

// maxTogether is the time after which a transaction takes no further push, so that slow pushes do not use up the time
// of the others.
const maxTogether = 2 * time.Second

// pushTogether applies the first pushes of a group in one transaction, and returns how many. It
// stops when they have read and written maxLoaded bytes, or after maxTogether.
//
// A push that is refused before it has written anything does not affect the others. If a push fails
// later, which is rare, or because of the database, the transaction is rolled back with the error
// errApart.
func (s *Server) pushTogether(workspace string, group []*pushing) (n int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), pushTimeout)
	defer cancel()
	err = s.locked(ctx, workspace, func(tx *session) error {
		if err := tx.prefetch(ctx, group); err != nil {
			return err
		}
		stored, begun := 0, time.Now()
		for size := 0; n < len(group) && size < maxLoaded && time.Since(begun) < maxTogether; {
			p := group[n]
			if n++; p.push == nil {
				continue
			}
			tx.begin()
			p.until = s.pushes.refusedUntil(workspace, p.by.User)
			p.try(func() error { return s.pushNext(ctx, tx, p) })
			size += tx.read + tx.written + tx.indexed*costOfScope
			if !p.failed() {
				stored++
			} else if !p.clean {
				return errApart
			}
		}
		if stored == 0 {
			return errNone
		}
		return tx.flushMarks(ctx)
	})
	switch {
	case err == nil || errors.Is(err, errNone):
		return n, nil
	case errors.Is(err, errApart) && ctx.Err() == nil:
		for _, p := range slices.Backward(group[:n]) {
			p.undo(s.pushes)
		}
		return n, errApart
	case n == 0: // the lock was not granted
		n = len(group)
	}
	return failAll(group[:n], err), nil
}

// pushNext applies a push in a transaction that it shares with others.
func (s *Server) pushNext(ctx context.Context, tx *session, p *pushing) error {
	p.clean = true
	if err := p.ctx.Err(); err != nil {
		return Unavailable(err)
	}
	p.clean = false
	err := s.pushWithin(ctx, tx, p)
	fail := new(failure)
	p.clean = errors.As(err, &fail) && !p.writes
	return err
}
