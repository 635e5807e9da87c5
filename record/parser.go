package record

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// parser reads the objects of the wire format: fields by name, or known members among unknown
// ones. It leaves the JSON syntax to the Reader.
//
// Its methods return bare reasons. The Decoder makes one *Error from the reason, the names on
// the path to it, and the position of the Reader.
type parser struct {
	jsontext.Reader
	limits Limits // with defaults filled in
	// trusted is Decoder.Trusted.
	trusted bool
	// others holds the unknown names of the objects that are being read.
	others [][]byte
	// trail holds the names on the path to an error, the innermost first.
	trail [][]byte
	path  []byte // scratch
	item  int    // index of the current item, or noItem
}

const noItem = -1

// under returns err and adds the name of the member in which it occurred to the trail.
func (p *parser) under(name []byte, err error) error {
	p.trail = append(p.trail, name)
	return err
}

// located returns an *Error for a reason, with its whole path. The path is built only here,
// so that valid input does not pay for it. It begins with the index of the current item, if
// there is one.
func (p *parser) located(reason error) error {
	if limit, ok := reason.(*jsontext.LimitError); ok {
		reason = (*LimitError)(limit)
	}
	path := p.path[:0]
	if p.item != noItem {
		path = append(strconv.AppendInt(append(path, '['), int64(p.item), 10), ']')
	}
	for _, name := range slices.Backward(p.trail) {
		if len(path) > 0 {
			path = append(path, '.')
		}
		path = appendPathName(path, name)
	}
	p.trail, p.path = p.trail[:0], path
	return &Error{Path: string(path), Offset: p.Pos, Err: reason}
}

// object reads an object. After each name, it calls the function member with the unescaped
// name; that function then reads the value. If a member comes at the position that its name
// has in the list names, object also passes that position, and otherwise -1.
func (p *parser) object(names []string, member func(i int, name []byte) error) error {
	if err := p.Expect('{'); err != nil {
		return err
	}
	p.Pos++
	if p.Accept('}') {
		return nil
	}
	for k := 0; ; k++ {
		i, name, err := -1, []byte(nil), error(nil)
		if k < len(names) {
			name, _ = p.AcceptName(names[k])
		}
		if name != nil {
			i = k
		} else if name, err = p.Name(); err != nil {
			return err
		}
		if err := member(i, name); err != nil {
			return p.under(name, err)
		}
		if p.Accept('}') {
			return nil
		}
		if !p.Accept(',') {
			return p.Syntax("expected , or }")
		}
	}
}

// known reads an object with the given known members. It calls member with the index of each
// known member and skips the others. It returns a bit for each known member that was present.
func (p *parser) known(names []string, member func(i int) error) (seen uint, err error) {
	outer := len(p.others)
	err = p.object(names, func(i int, name []byte) error {
		if i < 0 {
			i = slices.Index(names, string(name))
		}
		if i < 0 {
			if err := checkUnknown(names, p.others[outer:], name); err != nil {
				return err
			}
			p.others = append(p.others, name)
			return p.Drop()
		}
		if seen&(1<<i) != 0 {
			return ErrDuplicate
		}
		seen |= 1 << i
		return member(i)
	})
	p.others = p.others[:outer]
	return seen, err
}

// checkUnknown returns the reason for refusing the name of an unknown member, or nil. It
// refuses a name that occurs twice, and a name that differs from a known one only in case,
// because some parsers would take it for the known one. It also bounds the number of unknown
// members.
func checkUnknown(names []string, others [][]byte, name []byte) error {
	if len(others) == mostMembers {
		return &LimitError{What: "members", Limit: mostMembers}
	}
	for _, other := range others {
		if bytes.Equal(other, name) {
			return ErrDuplicate
		}
	}
	for _, known := range names {
		if bytes.EqualFold([]byte(known), name) {
			return errVariant
		}
	}
	return nil
}

var errVariant = fmt.Errorf("%w: differs from a known member only in case", ErrName)

// checkName returns nil if name can be a table, an ID or a field name under the limits, and
// otherwise the reason for refusing it.
func (p *parser) checkName(name []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	if len(name) > p.limits.Name {
		return &LimitError{What: "name", Limit: p.limits.Name}
	}
	return nil
}

// missing refuses an object if one of the named members was not seen.
func (p *parser) missing(names []string, seen uint) error {
	for i, name := range names {
		if seen&(1<<i) == 0 {
			return p.under([]byte(name), ErrMissing)
		}
	}
	return nil
}
