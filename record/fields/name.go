package fields

import (
	"fmt"
	"iter"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// A set or counter with the name n has the fields n/e, one for each element. So its name has no slash, and the element
// is everything after the first slash.

// checkName refuses a name that a set or counter cannot have.
func checkName(name string) error {
	if name == "" || strings.Contains(name, "/") || record.Reserved(name) {
		return fmt.Errorf("%w: the name of a set or counter is not empty, has no slash and does not begin with $", record.ErrName)
	}
	return nil
}

// elements returns the values of the fields of a set or counter by element, without those that are deleted, sorted by
// the bytes of the elements.
func elements(r record.Record, name string) iter.Seq2[string, record.Value] {
	return func(yield func(string, record.Value) bool) {
		for field, w := range r.All() {
			element, ok := strings.CutPrefix(field, name+"/")
			if ok && !w.Deleted() && !yield(element, w.Value) {
				return
			}
		}
	}
}

// wrong returns the error of a field that has not the form of an element.
func wrong(name, element, want string) error {
	return &record.Error{Path: record.PathName(name + "/" + element), Offset: -1, Err: fmt.Errorf("%w: want %s", record.ErrType, want)}
}
