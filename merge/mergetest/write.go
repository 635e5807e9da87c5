package mergetest

import "cmp"

// fieldKey is a field of a record.
type fieldKey struct{ id, field string }

func compareFieldKeys(a, b fieldKey) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.field, b.field))
}

// stamp is the time of a write, in Unix nanoseconds with a counter, and its client.
type stamp struct {
	time   int64
	client [16]byte
}

// isZero reports whether it is the stamp of no write.
func (s stamp) isZero() bool { return s == stamp{} }

// below reports whether a stamp is less than another one.
func (s stamp) below(t stamp) bool {
	above, _ := rule(write{stamp: t}, write{stamp: s})
	return above
}

// write is one write of one field.
type write struct {
	stamp
	deleted bool
	value   string // canonical JSON, and "" for a deletion
}

// written is a write and the field it belongs to.
type written struct {
	fieldKey
	write
}

// rulePart is a part of the rule.
type rulePart int

const (
	byMillisecond rulePart = iota
	byCounter
	byClient
	byKind
	byValue
)

// rule compares two writes by the rule: it tells whether a is above b, and which part of
// the rule says so. Of equal writes neither is above.
func rule(a, b write) (above bool, by rulePart) {
	const ms = 1_000_000
	switch {
	case a.time/ms != b.time/ms:
		return a.time > b.time, byMillisecond
	case a.time != b.time:
		return a.time > b.time, byCounter
	}
	for i := range a.client {
		if a.client[i] != b.client[i] {
			return a.client[i] > b.client[i], byClient
		}
	}
	if a.deleted != b.deleted {
		return a.deleted, byKind
	}
	return a.value > b.value, byValue
}

// compareWrites orders writes by the rule.
func compareWrites(a, b write) int {
	if above, _ := rule(a, b); above {
		return 1
	}
	if above, _ := rule(b, a); above {
		return -1
	}
	return 0
}

// sameValue reports whether two writes differ at most in their stamps.
func sameValue(a, b write) bool { return a.deleted == b.deleted && a.value == b.value }
