package record

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Row is a record as a page of state holds it: with its place in the page. A page can be written as
// rows, which are the lines of mutations, or as columns, which take less than a third of the bytes and
// less than two thirds after compression. See AppendColumns.
type Row struct {
	Record Record
	// In names the buckets of the record; see package merge/buckets. Nil if the page does not say.
	In []string
	// Seq is the sequence of the record, at least 1 and less than 2^53. Zero if the page does not say.
	Seq int64
}

// The form of a chunk; see AppendColumns.
const (
	columnVersion = "1"
	columnRecords = 1000
	columnBytes   = 256 << 10
	columnExtra   = 16
)

// maxSeq is the greatest integer that JavaScript reads exactly.
const maxSeq = 1<<53 - 1

var (
	// ErrColumns: a chunk of columns that AppendColumns would not write.
	ErrColumns = errors.New("invalid columns")
	// ErrVersion: a chunk of columns of a later version. Ask for rows instead.
	ErrVersion = errors.New("unknown version of columns")
)

// wrongColumns returns an ErrColumns with a detail for people.
func wrongColumns(detail string) error { return fmt.Errorf("%w: %s", ErrColumns, detail) }

// stampSet numbers the different stamps of a record.
type stampSet struct {
	list  []clock.Stamp
	index map[clock.Stamp]int // if there are many
}

const manyStamps = 16

func (s *stampSet) begin() { s.list, s.index = s.list[:0], nil }

// add returns the index of a stamp, and whether it was there before.
func (s *stampSet) add(stamp clock.Stamp) (i int, found bool) {
	if s.index == nil {
		i = slices.Index(s.list, stamp)
		found = i >= 0
	} else {
		i, found = s.index[stamp]
	}
	if found {
		return i, true
	}
	i = len(s.list)
	s.list = append(s.list, stamp)
	if s.index == nil && len(s.list) > manyStamps {
		s.index = make(map[clock.Stamp]int)
		for j, other := range s.list {
			s.index[other] = j
		}
	} else if s.index != nil {
		s.index[stamp] = i
	}
	return i, false
}
