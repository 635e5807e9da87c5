package schedule

// Weighted is the kinds of a family that are drawn from.
type Weighted struct {
	Often func(d *Dice) int
	Kinds []*Kind
}

// Always is the weight of what each run has.
func Always(n int) func(*Dice) int { return func(*Dice) int { return n } }

// InHalf is the weight of what half of the runs have.
func InHalf(n int) func(*Dice) int {
	return func(d *Dice) int {
		if d.On() {
			return n
		}
		return 0
	}
}

// InThird is the weight of what one of three runs has.
func InThird(n int) func(*Dice) int {
	return func(d *Dice) int {
		if d.IntN(3) == 0 {
			return n
		}
		return 0
	}
}

// Either is one of two weights.
func Either(n, m int) func(*Dice) int {
	return func(d *Dice) int { return []int{n, m}[d.IntN(2)] }
}
