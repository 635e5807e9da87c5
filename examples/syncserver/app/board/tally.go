package board

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

// permitTags refuses a write of a tag that is too long or has the wrong form. A tag of any length may be
// removed.
func permitTags(task record.Record) error {
	for name, w := range task.All() {
		tag, ok := strings.CutPrefix(name, Tag+"/")
		if !ok || w.Deleted() {
			continue
		}
		path := "data." + record.PathName(name)
		if in, ok := w.Value.Bool(); !ok || !in || tag == "" {
			return &merge.Refusal{Code: merge.Invalid, Path: path, Err: errors.New("must be true, under a name")}
		}
		if utf8.RuneCountInString(tag) > MaxTag {
			return &merge.Refusal{Code: merge.LimitExceeded, Path: path, Err: errors.New("too long")}
		}
	}
	return nil
}

// AdmitVotes decides whether a mutation may change the votes of a task from seen to after: each vote is
// an integer under a new random name, their sum is an int64, and there are at most [MaxVotes]. Deleting
// votes is always allowed. It serves as a part of a merge.Stored.MayWrite. It costs as much as reading
// the mutation, and only if that writes votes, as much as reading the record.
func AdmitVotes(seen, after record.Record, m record.Mutation) error {
	if m.Data.Key().Table != Tasks || !hasVotes(m.Data) {
		return nil
	}
	err := fields.Counter{Name: Votes, Most: MaxVotes}.Admit(seen, after)
	if err == nil {
		return nil
	}
	var wrong *record.Error
	if !errors.As(err, &wrong) {
		wrong = &record.Error{Path: Votes, Offset: -1, Err: err}
	}
	refused := &merge.Refusal{Code: merge.Invalid, Path: "data." + wrong.Path, Err: wrong}
	if errors.Is(err, fields.ErrFull) {
		refused.Code = merge.LimitExceeded
	}
	return refused
}

// hasVotes reports whether a record has a field of the counter of votes.
func hasVotes(r record.Record) bool {
	for name := range r.All() {
		if strings.HasPrefix(name, Votes+"/") {
			return true
		}
	}
	return false
}
