package fields

// Placed is an element of a list and its position, which is "" if the element has a number or nothing in its place.
type Placed struct {
	ID       string
	Position string
}

// Positions of more than tooLong bytes are replaced. A position is put next to one of at most short bytes, so it is
// not too long itself: an element has at most 26 bytes.
const (
	tooLong = 64
	short   = tooLong - 26
)

// Respace returns the moves that make the positions of a list short, valid and different, and keep its order. The list
// is in the order in which it is shown: as ByPosition sorts it. The moves are ordinary writes of the positions. They
// use the turn t and the ones after it, one each. A list that needs no moves yields none.
//
// A move by Respace counts like one by a person: if another client moves the same element at the same time, the later
// move wins, and the other one is a lost edit. Two clients that respace one list at the same time may change its order.
// So call it when a position gets long, or after ErrNoGap, ErrLong or ErrPosition, and not at each start; let one client,
// or the server, replace the integers of a whole list.
//
// The error wraps ErrTurn or ErrLong. Without moves, there is none.
func Respace(list []Placed, t Turn) (moves []Placed, err error) {
	stays := standing(list)
	before, next := "", -1 // next is the first element from i on that keeps its position
	for i, p := range list {
		if stays[i] {
			before = p.Position
			continue
		}
		if next < i {
			for next = i + 1; next < len(list) && !stays[next]; next++ {
			}
		}
		after := ""
		if next < len(list) {
			after = list[next].Position
		}
		if before, err = Between(before, after, t); err != nil {
			return nil, err
		}
		moves = append(moves, Placed{p.ID, before})
		t.N++
	}
	return moves, nil
}

// standing reports which elements keep their positions: those whose position is valid, above the ones before it and
// not too long. Next to an element that moves, the position must be short.
func standing(list []Placed) []bool {
	stays := make([]bool, len(list))
	last := ""
	for i, p := range list {
		_, ok := parse(p.Position)
		if stays[i] = ok && len(p.Position) <= tooLong && p.Position > last; stays[i] {
			last = p.Position
		}
	}
	for i := 1; i < len(list); i++ { // to the right of a move
		stays[i] = stays[i] && (stays[i-1] || len(list[i].Position) <= short)
	}
	for i := len(list) - 2; i >= 0; i-- {
		stays[i] = stays[i] && (stays[i+1] || len(list[i].Position) <= short)
	}
	return stays
}
