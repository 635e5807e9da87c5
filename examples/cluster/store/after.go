package store

import (
	"context"
)

// After returns up to limit records of a workspace with sequences above seq, in ascending order, and
// stops at about 4 MB. A Page may be empty and still move. The last one has More = false: then
// everything is read that was committed before After was called. A record that is replaced between
// two calls comes again, with its new sequence. After calls in a row skip nothing, whichever nodes
// answer.
func (s *Store) After(ctx context.Context, workspace string, seq int64, limit int) (Page, error) {
	limit = min(max(limit, 1), 1000)
	var page Page
	err := retry(ctx, func(ctx context.Context) error {
		floor := make(chan answer, 1)
		go func() {
			seq, err := s.floor(ctx, workspace)
			floor <- answer{seq, err}
		}()
		read, err := s.afterOnce(ctx, workspace, seq, limit)
		at := <-floor
		switch {
		case err != nil:
			return err
		case at.err != nil:
			return at.err
		case read.Reached < at.seq && read.Reached == seq:
			return errBehind
		}
		page = read
		page.More = read.Reached < at.seq
		return nil
	})
	return page, err
}

// afterOnce reads a page from any node. The answer does not say how far the node is, but the
// sequence of the last message does: a node has everything below what it has.
func (s *Store) afterOnce(ctx context.Context, workspace string, seq int64, limit int) (Page, error) {
	all := s.workspace(workspace) + string(KindRecord) + ".>"
	p, err := s.get(ctx, get{Next: all, Seq: seq + 1, Batch: limit})
	if err != nil {
		return Page{}, err
	}
	page := Page{Reached: seq}
	head := s.head(workspace)
	for _, m := range p.messages {
		page.Reached = m.seq
		if m.subject != head {
			key := Key{Workspace: workspace, Kind: KindRecord, Name: m.subject[len(all)-1:]}
			page.Entries = append(page.Entries, Entry{Key: key, Seq: m.seq, Data: m.data})
		}
	}
	return page, nil
}
