package store

import (
	"context"
	"errors"
	"fmt"
)

// mostLast is how many subjects one request asks for, besides the head. A node refuses above 1,024.
const mostLast = 1023

// errBehind is the reason to read again from a node that has not caught up.
var errBehind = errors.New("the node that answered is behind")

// errPart is the reason to read again where a batch has entries but no head.
var errPart = errors.New("the node that answered has a part of a batch")

// Load returns the entries of keys of one workspace, of one moment at which everything was stored
// that was committed before Load began. Entries that do not exist have the sequence 0.
//
// The leader is asked for the sequence of the head, the floor, and any node for the entries. What is
// below the floor is not believed.
func (s *Store) Load(ctx context.Context, workspace string, keys []Key) (View, error) {
	for _, k := range keys {
		if k.Workspace != workspace {
			return View{}, fmt.Errorf("the key %s belongs to another workspace", k)
		}
	}
	var view View
	err := retry(ctx, func(ctx context.Context) error {
		floor := make(chan answer, 1)
		go func() {
			seq, err := s.floor(ctx, workspace)
			floor <- answer{seq, err}
		}()
		read, err := s.loadOnce(ctx, workspace, keys)
		at := <-floor
		if err := errors.Join(err, at.err); err != nil {
			return err
		}
		if read.Head < at.seq {
			return errBehind
		}
		view = read
		return nil
	})
	return view, err
}

// An answer is what the leader has said.
type answer struct {
	seq int64
	err error
}

// loadOnce reads the entries from any nodes, in pieces. The view is of the moment of the piece
// with the lowest head. An entry above that head was written between two pieces, or a node has
// only a part of its batch.
func (s *Store) loadOnce(ctx context.Context, workspace string, keys []Key) (View, error) {
	copy, head := anyCopy(), s.head(workspace)
	subjects := make([]string, len(keys))
	for i, k := range keys {
		subjects[i] = s.subject(k)
		if k.Kind == KindState {
			subjects[i] = s.state(k, copy)
		}
	}
	view := View{Head: -1, Entries: make([]Entry, 0, len(keys))}
	found := make(map[string]message, len(keys))
	for from := 0; from == 0 || from < len(subjects); from += mostLast {
		piece := append([]string{head}, subjects[from:min(from+mostLast, len(subjects))]...)
		at, err := s.last(ctx, piece, head, found)
		if err != nil {
			return View{}, err
		}
		if view.Head < 0 || at < view.Head {
			view.Head = at
		}
	}
	for i, subject := range subjects {
		m := found[subject]
		if m.seq > view.Head {
			return View{}, errors.New("entries change too fast to read them")
		}
		e := Entry{Key: keys[i], Seq: m.seq, Data: m.data}
		if m.seq > 0 && e.Key.Kind == KindState {
			e.Seq -= int64(copy)
		}
		view.Entries = append(view.Entries, e)
	}
	return view, nil
}

// last adds the last messages of subjects to found, and returns the sequence of the head at that
// moment. Each part of an answer must be at least as new as the one before: then what changed in
// between is in a later part, because its sequence is higher, and the last part has the head, whose
// sequence is the highest.
func (s *Store) last(ctx context.Context, subjects []string, head string, found map[string]message) (int64, error) {
	after, position := int64(0), int64(0)
	for {
		p, err := s.get(ctx, get{Last: subjects, Seq: after + 1})
		if err != nil {
			return 0, err
		}
		if p.position < position {
			return 0, errBehind
		}
		position = p.position
		for _, m := range p.messages {
			found[m.subject] = m
			after = m.seq
		}
		n := len(p.messages)
		switch {
		case n == 0 && after > 0:
			return 0, errBehind
		case n == 0:
			return 0, nil
		case p.pending == 0 && p.messages[n-1].subject == head:
			return after, nil
		case p.pending == 0:
			return 0, errPart
		}
	}
}
