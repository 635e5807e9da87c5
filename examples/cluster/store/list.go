package store

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// List is like After for the entries of any kind except KindState. A Page has More = false only if the
// leader has no entries after it.
func (s *Store) List(ctx context.Context, workspace string, kind Kind, seq int64, limit int) (Page, error) {
	if kind == KindState {
		return Page{}, errors.New("entries of KindState cannot be listed")
	}
	if kind == KindRecord {
		return s.After(ctx, workspace, seq, limit)
	}
	limit = min(max(limit, 1), mostPage)
	var page Page
	err := retry(ctx, func(ctx context.Context) error {
		read, err := s.pageOnce(ctx, workspace, kind, seq, limit)
		if err != nil {
			return err
		}
		page, page.More = read, true
		if len(read.Entries) > 0 {
			return nil
		}
		next, err := s.next(ctx, workspace, kind, seq)
		if err == nil && next > 0 {
			return errBehind
		}
		page.More = false
		return err
	})
	return page, err
}

// next asks the leader for the sequence of the first entry after seq, 0 if there is none.
func (s *Store) next(ctx context.Context, workspace string, kind Kind, seq int64) (int64, error) {
	return s.ask(ctx, map[string]any{"seq": seq + 1, "next_by_subj": s.kind(workspace, kind)})
}

// pageOnce reads entries of a kind from any node.
func (s *Store) pageOnce(ctx context.Context, workspace string, kind Kind, seq int64, limit int) (Page, error) {
	all := s.kind(workspace, kind)
	p, err := s.get(ctx, get{Next: all, Seq: seq + 1, Batch: limit})
	if err != nil {
		return Page{}, err
	}
	page := Page{Reached: seq}
	head := s.head(workspace)
	if n := len(p.messages); kind == KindRecord && n > 0 && p.pending == 0 && p.messages[n-1].subject != head {
		return Page{}, errPart
	}
	for _, m := range p.messages {
		page.Reached = m.seq
		if m.subject != head {
			key := Key{Workspace: workspace, Kind: kind, Name: decode(m.subject[len(all)-1:])}
			page.Entries = append(page.Entries, Entry{Key: key, Seq: m.seq, Data: m.data})
		}
	}
	return page, nil
}

// Workspaces returns the workspaces that have a head, sorted.
func (s *Store) Workspaces(ctx context.Context) ([]string, error) {
	var names []string
	err := retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*silence)
		defer cancel()
		stream, err := s.js.Stream(ctx, s.name)
		if err != nil {
			return err
		}
		info, err := stream.Info(ctx, jetstream.WithSubjectFilter(s.heads()))
		if err != nil {
			return err
		}
		names = names[:0]
		for subject := range maps.Keys(info.State.Subjects) {
			names = append(names, s.workspaceOf(subject))
		}
		slices.Sort(names)
		return nil
	})
	return names, err
}
