package mergetest

// op is one entry of the table of steps: its kind, and how it is run. To add a fault, add an entry to
// one of the families, and a line to the documentation of Schedule.
type op struct {
	kind
	possible func(d *device, s step) bool     // whether it can be done to a device; nil: always
	act      func(d *device, s step) bool     // does it to a device, and reports whether anything was done
	leaves   func(d *device) string           // what is told that it left
	run      func(w *world, s step)           // instead of act, for what counts and tells itself
	needs    func(a abilities, o domain) bool // whether it happens in these runs; nil: always
	covers   []string                         // what must be counted in many runs, if it happens
	lacks    string                           // told where it does not happen, unless something else tells that
	look     string                           // where to look if a law is broken after it
}

// family is kinds of steps that a run has all or none of.
type family struct {
	often func(d *dice) int // how often each is among the kinds that are drawn from; nil: never
	ops   []op
}

// table is all kinds of steps.
type table struct {
	grammar  grammar
	families []weighted
	ops      map[*kind]op
}

// weighted is the kinds of a family that are drawn from.
type weighted struct {
	often func(d *dice) int
	kinds []*kind
}

func newTable() *table {
	t := &table{ops: map[*kind]op{}}
	for _, families := range [][]family{editOps(), requestOps(), clockOps(), loadOps(), serverOps(), identityOps(), rareServerOps()} {
		for _, f := range families {
			w := weighted{often: f.often}
			for _, o := range f.ops {
				k := &o.kind
				t.grammar, w.kinds, t.ops[k] = append(t.grammar, k), append(w.kinds, k), o
			}
			if f.often != nil {
				t.families = append(t.families, w)
			}
		}
	}
	return t
}

// always is the weight of what each run has.
func always(n int) func(*dice) int { return func(*dice) int { return n } }

// inHalf is the weight of what half of the runs have.
func inHalf(n int) func(*dice) int {
	return func(d *dice) int {
		if d.on() {
			return n
		}
		return 0
	}
}

// inThird is the weight of what one of three runs has.
func inThird(n int) func(*dice) int {
	return func(d *dice) int {
		if d.IntN(3) == 0 {
			return n
		}
		return 0
	}
}

// either is one of two weights.
func either(n, m int) func(*dice) int {
	return func(d *dice) int { return []int{n, m}[d.IntN(2)] }
}

// do does one step.
func (w *world) do(s step) {
	o := w.o.ops[s.kind]
	if o.run != nil {
		o.run(w, s)
		return
	}
	d := w.device(s.who)
	possible := o.possible == nil || o.possible(d, s)
	if possible && o.act(d, s) {
		w.count(s.name)
	}
	switch {
	case w.story == nil:
	case !possible:
		w.tell(s.clipped(), "not possible here")
	case o.leaves != nil:
		w.tell(s.clipped(), o.leaves(d))
	default:
		w.tell(s.clipped(), "")
	}
}
