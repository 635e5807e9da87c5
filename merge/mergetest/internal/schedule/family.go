package schedule

// Weighted is a family of kinds with their weight in draws.
type Weighted struct {
	Often func(d *Dice) int
	Kinds []*Kind
}

// Always returns the weight n in each run.
func Always(n int) func(*Dice) int { return func(*Dice) int { return n } }

// InHalf returns the weight n in half of the runs, and 0 in the others.
func InHalf(n int) func(*Dice) int {
	return func(d *Dice) int {
		if d.On() {
			return n
		}
		return 0
	}
}

// InThird returns the weight n in one of three runs, and 0 in the others.
func InThird(n int) func(*Dice) int {
	return func(d *Dice) int {
		if d.IntN(3) == 0 {
			return n
		}
		return 0
	}
}

// Either returns the weight n or m, each in half of the runs.
func Either(n, m int) func(*Dice) int {
	return func(d *Dice) int { return []int{n, m}[d.IntN(2)] }
}
