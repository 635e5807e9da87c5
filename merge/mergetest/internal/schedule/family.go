package schedule

// Weighted is a family of kinds with their weight in draws.
type Weighted struct {
	Often func(d *Dice) int
	Kinds []*Kind
}

// Always gives a family the weight n in each run.
func Always(n int) func(*Dice) int { return func(*Dice) int { return n } }

// InHalf gives a family the weight n in half of the runs, and 0 in the others.
func InHalf(n int) func(*Dice) int {
	return func(d *Dice) int {
		if d.On() {
			return n
		}
		return 0
	}
}

// InThird gives a family the weight n in one of three runs, and 0 in the others.
func InThird(n int) func(*Dice) int {
	return func(d *Dice) int {
		if d.IntN(3) == 0 {
			return n
		}
		return 0
	}
}

// Either gives a family the weight n in half of the runs, and m in the others.
func Either(n, m int) func(*Dice) int {
	return func(d *Dice) int { return []int{n, m}[d.IntN(2)] }
}
