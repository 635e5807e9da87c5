package store

import "context"

// mostPage is the greatest number of entries in a page.
const mostPage = 1000

// After returns up to limit records of a workspace with sequences above seq, in ascending order, and
// stops at about 4 MB. A Page may be empty and still move. The last one has More = false: then
// everything is read that was committed before After was called. A record that is replaced between
// two calls comes again, with its new sequence. After calls in a row skip nothing, whichever nodes
// answer.
//
// The answer of a node does not say how far the node is, but the last sequence in it does: the node
// has everything below it. If the head is in the answer, it comes last.
func (s *Store) After(ctx context.Context, workspace string, seq int64, limit int) (Page, error) {
	limit = min(max(limit, 1), mostPage)
	var page Page
	err := retry(ctx, func(ctx context.Context) error {
		floor := make(chan answer, 1)
		go func() {
			seq, err := s.floor(ctx, workspace)
			floor <- answer{seq, err}
		}()
		read, err := s.pageOnce(ctx, workspace, KindRecord, seq, limit)
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
