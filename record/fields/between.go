package fields

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// The errors of positions. The text around them names the argument, and never its value.
var (
	// ErrPosition: a text that is not a position.
	ErrPosition = errors.New("not a position")
	// ErrNoGap: the first neighbour is not below the second, so there is nothing between them. Two elements have the
	// same position if two copies of one client made it, or two clients whose IDs have the same hash: a position
	// has 32 bits of its client. Respace separates them.
	ErrNoGap = errors.New("the position before is not below the position after")
	// ErrLong: a position between the two neighbours would have more than MaxPosition bytes. Respace shortens them.
	ErrLong = errors.New("position too long")
	// ErrTurn: a turn without a client, or with a number outside 0 to 2^53-1.
	ErrTurn = errors.New("invalid turn")
)

// MaxPosition is the greatest length of a position, in bytes. A list reaches it after 10,000 inserts or more that bisect
// one place, unless Respace shortens its positions before.
const MaxPosition = 1 << 15

// mostTurns is the greatest number of a turn that LastTurn believes.
const mostTurns = 1 << 40

// spacing is the distance between the integers of neighbours where there is room. It costs two bytes, and five inserts can
// bisect it before they need another element.
const spacing = 1 << 5

// Turn names one position that a client makes. The client counts them, over all its lists, and stores the count
// together with the Last stamp of its clock. If the count is lost, it continues from LastTurn. A turn that is used
// twice is harmless in two places. In one place, the two elements get one position.
type Turn struct {
	Client clock.ClientID
	N      int64
}

// Between returns a position between two others, where "" stands for the beginning or the end of the list. A neighbour
// without a position is not an end: Respace gives it one. Between is a pure function. Moving an element is one write of its position:
//
//	n++
//	position, err := fields.Between(list[2].Position, list[3].Position, fields.Turn{Client: me, N: n})
//
// What a client inserts in one run, each element after the last one, stays together, even if other clients insert in
// the same place before they sync. Two clients that each insert a run backwards, each element before the last one,
// may interleave (Weidner and Kleppmann, "The Art of the Fugue", arXiv:2305.00583, tells why).
//
// The error wraps ErrPosition, ErrNoGap, ErrLong or ErrTurn.
func Between(before, after string, t Turn) (string, error) {
	if t.Client.IsZero() || t.N < 0 || t.N > maxCount {
		return "", ErrTurn
	}
	low, err := neighbour("before", before)
	if err != nil {
		return "", err
	}
	high, err := neighbour("after", after)
	if err != nil {
		return "", err
	}
	if after != "" && before >= after {
		return "", ErrNoGap
	}
	own := element{hash: hashOf(t.Client), count: t.N}
	position, ok := continued(low, own, after)
	if !ok {
		position = text(between(low, high, own))
	}
	if len(position) > MaxPosition {
		return "", ErrLong
	}
	return position, nil
}

// neighbour returns the path of a neighbour, which is empty for an end of the list.
func neighbour(name, position string) ([]element, error) {
	path, ok := parse(position)
	if !ok && position != "" {
		return nil, fmt.Errorf("%s: %w", name, ErrPosition)
	}
	return path, nil
}

// continued returns low with a greater count, if low was made by the same client and the result is below after. Only
// clients that have seen low make positions between the two, so a run stays together.
func continued(low []element, own element, after string) (string, bool) {
	if len(low) == 0 {
		return "", false
	}
	last := low[len(low)-1]
	if last.hash != own.hash || last.count >= own.count {
		return "", false
	}
	own.at = last.at
	position := text(append(slices.Clone(low[:len(low)-1]), own))
	return position, after == "" || position < after
}

// between returns a path between low and high that ends with own.
func between(low, high []element, own element) []element {
	d := 0
	for d < len(low) && d < len(high) && low[d] == high[d] {
		d++
	}
	switch {
	case d < len(low) && d < len(high):
		room := high[d].at - low[d].at
		if room < 2 {
			return above(low, d+1, own)
		}
		own.at = low[d].at + room/2
		return append(slices.Clone(low[:d]), own)
	case d < len(high):
		return below(high, d, own)
	}
	return above(low, d, own)
}

// above returns a path above low that has its first d elements.
func above(low []element, d int, own element) []element {
	for ; d < len(low); d++ {
		if low[d].at <= maxCount-spacing {
			own.at = low[d].at + spacing
			break
		}
	}
	return append(slices.Clone(low[:d]), own)
}

// below returns a path below high that has its first d elements. There is one, because the last integer of a position
// is not the least.
func below(high []element, d int, own element) []element {
	for high[d].at == leastInt {
		d++
	}
	path := slices.Clone(high[:d])
	if high[d].at <= leastInt+spacing {
		path = append(path, element{leastInt, own.hash, own.count})
	} else {
		own.at = high[d].at - spacing
	}
	return append(path, own)
}

// LastTurn returns the greatest number that a client used in any of the positions, or 0. A client that lost its count
// continues with the next number. Texts that are not positions do not count, nor do numbers above 2^40: no client
// makes that many positions, and a hostile one could otherwise use up the numbers of another.
func LastTurn(client clock.ClientID, positions []string) (n int64) {
	hash := hashOf(client)
	for _, p := range positions {
		path, _ := parse(p)
		for _, e := range path {
			if e.hash == hash && e.count <= mostTurns {
				n = max(n, e.count)
			}
		}
	}
	return n
}
