package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// bucketOps are grants and revocations. Only a backend with buckets has them, so the schedules of other
// backends do not depend on them.
func bucketOps() []family {
	often := func(d *schedule.Dice) int {
		if !d.Domain.Grants {
			return 0
		}
		return schedule.Pick(d, 3, 6)
	}
	member := func(name string) schedule.Kind {
		return schedule.Kind{
			Name: name, Args: []schedule.Argument{schedule.OfBucket()}, OneIn: 2, Follow: afterMember,
			Draw: func(d *schedule.Dice, s *schedule.Step) { s.Bucket = schedule.Pick(d, schedule.Buckets()...) },
		}
	}
	joins, leaves := member("joins"), member("leaves")
	joins.Begin = differentRights
	return []family{{often: often, ops: []op{{
		Kind:   joins,
		run:    func(w *world, s schedule.Step) { w.member(s, true) },
		needs:  backendCan(check.CanGrant),
		covers: []string{"joins", "left", "forbidden", "retry after a hand-over", "within a pull"},
		lacks:  "partial replication and rights: the backend is not a Granter",
	}, {
		Kind:   leaves,
		run:    func(w *world, s schedule.Step) { w.member(s, false) },
		needs:  backendCan(check.CanGrant),
		covers: []string{"leaves"},
	}}}}
}

// member grants a bucket to a device, or revokes it, if the backend has buckets.
func (w *world) member(s schedule.Step, granted bool) {
	d := w.device(s.Who)
	if w.Sight == nil || w.Sight.Rights[d.id][s.Bucket] == granted {
		return
	}
	sees := ""
	if w.grant(d.id, s.Bucket, granted) {
		w.Count(s.Name)
	} else {
		sees = "an error, so nothing changes"
	}
	w.Tell(s.Clipped(), sees)
}

// differentRights takes some buckets from most devices at the beginning.
func differentRights(d *schedule.Dice) (steps []schedule.Step) {
	if !d.Domain.Grants {
		return nil
	}
	for who := range d.Domain.Devices {
		for _, bucket := range schedule.Buckets() {
			if who > 0 && d.IntN(3) == 0 {
				s := d.Grammar.Step(who, "leaves")
				s.Bucket = bucket
				steps = append(steps, s)
			}
		}
	}
	return steps
}

// afterMember returns a story about rights. B has all buckets.
func afterMember(f schedule.Follow) []schedule.Step {
	if f.A == f.B {
		f.A = (f.B + 1) % f.Domain.Devices
	}
	stories := []func(schedule.Follow) []schedule.Step{
		movedAway, passedWhileAway, thereAndBack, revokedWithinPull, revokedWithinPull, handOver, handOver, inTwoBuckets, waitsForLeft, waitsForLeft,
		deathOfMoved, purgedDeparture, restoredRights, batchOfMoves, deadUnheard, deadUnheard,
	}
	var all []schedule.Step
	for _, bucket := range schedule.Buckets() {
		all = append(all, f.Member(f.B, "joins", bucket))
	}
	return append(all, schedule.Pick(f.Dice, stories...)(f)...)
}

// pullingWithin returns a pull within which steps happen, one after the other.
func pullingWithin(f schedule.Follow, who int, steps ...schedule.Step) schedule.Step {
	pull := f.Pulls(who)
	at := f.Early(3)
	for _, s := range steps {
		pull.Manner.Within = append(pull.Manner.Within, schedule.Event{At: at, Step: s})
		at += f.IntN(2)
	}
	return pull
}

// puts returns steps in which a device puts the record into buckets.
func puts(f schedule.Follow, buckets string) []schedule.Step {
	return []schedule.Step{f.Moves(f.B, buckets), f.Pushes(f.B)}
}

// joined concatenates steps.
func joined(parts ...any) (all []schedule.Step) {
	for _, p := range parts {
		switch p := p.(type) {
		case schedule.Step:
			all = append(all, p)
		case []schedule.Step:
			all = append(all, p...)
		}
	}
	return all
}

// movedAway moves a record out of the sight of a device, and back, or revokes the bucket.
func movedAway(f schedule.Follow) []schedule.Step {
	away := puts(f, `"b"`)
	if f.On() {
		away = []schedule.Step{f.Member(f.A, "leaves", "a")}
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), puts(f, `"a"`), f.Pulls(f.A), away, f.Pulls(f.A),
		puts(f, `"a"`), f.Member(f.A, "joins", "a"), f.Pulls(f.A))
}

// passedWhileAway lets a record enter and leave a bucket while a device does not have the bucket.
func passedWhileAway(f schedule.Follow) []schedule.Step {
	gone := puts(f, `"b"`)
	if f.IntN(3) == 0 {
		gone = []schedule.Step{alters(f, f.B, "deletes"), f.Pushes(f.B), purging(f)}
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), f.Member(f.A, "leaves", ""), f.Pulls(f.A), f.Member(f.A, "leaves", "a"),
		schedule.Pick(f.Dice, f.Pulls(f.A), f.Wait(time.Millisecond)), puts(f, `"a"`), gone, f.Member(f.A, "joins", "a"), f.Pulls(f.A))
}

// thereAndBack moves records between the pages of a pull, which may be a load.
func thereAndBack(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	back := []schedule.Step{f.Moves(f.B, `"b"`), f.Pushes(f.B), f.Moves(f.B, `"a"`), f.Pushes(f.B)}
	if f.On() {
		back = back[:2]
	}
	load := []schedule.Step{f.Member(f.A, "leaves", "a"), f.Member(f.A, "joins", "a")}
	if f.IntN(3) == 0 {
		load = nil
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), puts(g, `"a"`), puts(f, `"a"`), f.Moves(f.B, `"b"`), schedule.Pick(f.Dice, f.Pushes(f.B), f.Pulls(f.B)),
		load, f.Moves(f.B, `"a"`), pullingWithin(f, f.A, append([]schedule.Step{f.Pushes(f.B)}, back...)...), f.Pulls(f.A))
}

// revokedWithinPull changes the rights of a device, or the fence, while it pulls.
func revokedWithinPull(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	change := []schedule.Step{f.Member(f.A, "leaves", "a")}
	switch f.IntN(4) {
	case 0:
		change = append(change, f.Member(f.A, "joins", "a"))
	case 1:
		change = []schedule.Step{f.Member(f.A, "joins", "b")}
	case 2:
		change = []schedule.Step{f.Moves(f.B, `"b"`), f.Pushes(f.B), purging(f)}
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), puts(g, `["a","b"]`), puts(f, `"a"`), f.Moves(f.B, `"a"`), f.Pushes(f.B), g.Moves(f.B, `"a"`), f.Pushes(f.B),
		schedule.Pick(f.Dice, f.Does(f.A, "reinstalls"), f.Wait(time.Millisecond)), pullingWithin(f, f.A, change...), f.Pulls(f.A))
}

// handOver lets a device give a record away, with a lost answer, and send the item again. Meanwhile another
// device may overwrite it.
func handOver(f schedule.Follow) []schedule.Step {
	over := f.Wait(time.Millisecond)
	switch f.IntN(3) {
	case 0:
		over = f.Moves(f.B, `["b","A"]`)
	case 1: // one of the two writes of the item still stands
		over = f.Edits(f.B, f.ID, schedule.Assignment{Name: schedule.BucketField, Value: `["b","A"]`})
	}
	gives := f.Moves(f.A, `"b"`)
	last := f.Edit(f.A)
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "A"), f.Member(f.A, "joins", "b"), f.Moves(f.A, `["a","b"]`), f.Pushes(f.A), f.Member(f.A, "leaves", "b"), f.Pulls(f.A),
		schedule.Pick(f.Dice, f.Edit(f.A), f.Wait(time.Millisecond)), gives, schedule.Pick(f.Dice, last, f.Wait(time.Millisecond)),
		f.Pushing(f.A, schedule.Manner{Lost: true}), f.Pulls(f.B), over, f.Pushes(f.B), schedule.Pick(f.Dice, f.Pushes(f.A), f.Pulls(f.A)), f.Pushes(f.A), f.Resends(f.A, f.IntN(2)), f.Pulls(f.A))
}

// inTwoBuckets takes a record out of one of two buckets of a device, and then out of the other.
func inTwoBuckets(f schedule.Follow) []schedule.Step {
	first := puts(f, `"b"`)
	then := f.Member(f.A, "leaves", "b")
	if f.On() {
		first, then = []schedule.Step{f.Member(f.A, "leaves", "a")}, f.Member(f.A, "leaves", "b")
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "joins", "b"), puts(f, `["a","b"]`), f.Pulls(f.A), first, f.Pulls(f.A), then, f.Pulls(f.A))
}

// waitsForLeft edits a record that leaves before the edit is sent, or while its answer is on the way. Meanwhile the app
// may be closed and opened again.
func waitsForLeft(f schedule.Follow) []schedule.Step {
	sent := f.Wait(time.Millisecond)
	if f.On() {
		sent = f.Pushes(f.A)
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), f.Pulls(f.B), puts(f, `"a"`), f.Pulls(f.A), f.Edits(f.A, f.ID, f.Dice.Secret()), sent, f.Pulls(f.B), puts(f, `"b"`), f.Pulls(f.A),
		f.Does(f.A, "reopens"), f.Edit(f.A), schedule.Pick(f.Dice, f.Pushes(f.A), f.Wait(time.Millisecond)), puts(f, `"a"`), f.Pulls(f.A), f.Pushes(f.A), f.Pulls(f.A))
}

// deathOfMoved deletes a record after it moved, so that rows of it are left in several logs, and purges it. Then it
// may begin a new life.
func deathOfMoved(f schedule.Follow) []schedule.Step {
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), puts(f, `"b"`), schedule.Pick(f.Dice, f.Pulls(f.A), f.Wait(time.Millisecond)), puts(f, `"a"`), f.Pulls(f.A), alters(f, f.B, "deletes"), f.Pushes(f.B),
		schedule.Pick(f.Dice, purging(f), f.Pulls(f.A)), schedule.Pick(f.Dice, purging(f), alters(f, schedule.Server, "erases")), f.Pulls(f.A), f.Pulls(f.B), puts(f, `"b"`), f.Member(f.A, "leaves", "a"), f.Member(f.A, "joins", "a"), f.Pulls(f.A))
}

// deadUnheard lets a record die in a bucket that a device has never had, and grants the bucket then. Either the
// deletion has a sequence above the fence, so that the dead record is not dropped, or the record begins a
// new life in another bucket, or it is erased.
func deadUnheard(f schedule.Follow) []schedule.Step {
	if f.Domain.Devices < 3 {
		return passedWhileAway(f)
	}
	f.A, f.C = (f.B+1)%f.Domain.Devices, (f.B+2)%f.Domain.Devices
	g := f.Elsewhere()
	ahead := time.Minute
	if f.Domain.Bounded() {
		ahead = min(f.Domain.MaxAhead, ahead)
	}
	alone := joined(f.Member(f.C, "joins", "a"), f.Member(f.A, "leaves", "a"), f.Member(f.A, "leaves", "b"), puts(f, `"a"`), f.Does(f.A, "reinstalls"), f.Pulls(f.C), f.Pulls(f.A))
	late := joined(f.Clock(f.B, ahead), g.Edit(f.B), f.Pushes(f.B), hourly(f), f.Clock(f.C, 0), alters(f, f.C, "deletes"), f.Pushes(f.C), f.Wait(2*time.Hour), hourly(f), f.Clock(f.B, 0))
	dies := joined(alters(f, f.B, "deletes"), f.Pushes(f.B), purging(f))
	if f.On() {
		dies = late
	}
	again := puts(f, `"b"`)
	if f.IntN(3) == 0 {
		again = []schedule.Step{alters(f, schedule.Server, "erases")}
	}
	return joined(alone, dies, f.Member(f.A, "joins", "a"), f.Pulls(f.A), f.Pulls(f.B), again, f.Pulls(f.A))
}

// purgedDeparture purges the departure of a record that a device still holds.
func purgedDeparture(f schedule.Follow) []schedule.Step {
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), puts(f, `"a"`), f.Pulls(f.A), puts(f, `"b"`),
		schedule.Pick(f.Dice, purging(f), hourly(f)), f.Pulls(f.A), purging(f), f.Pulls(f.A))
}

// restoredRights restores the server after moves and changes of rights.
func restoredRights(f schedule.Follow) []schedule.Step {
	return joined(f.Member(f.A, "joins", "a"), puts(f, `"a"`), f.Pulls(f.A), f.Does(schedule.Server, "backs-up"), schedule.Pick(f.Dice, f.Member(f.A, "leaves", "a"), f.Member(f.A, "joins", "b")),
		puts(f, `"b"`), schedule.Pick(f.Dice, f.Pulls(f.A), purging(f)), f.Does(schedule.Server, "is-restored"), f.Pulls(f.A), f.Pushes(f.B), f.Pulls(f.A))
}

// batchOfMoves sends an edit and a move of a record in one push, in either order of their stamps.
func batchOfMoves(f schedule.Follow) []schedule.Step {
	first, then := f.Edit(f.A), f.Moves(f.A, schedule.Pick(f.Dice, `"b"`, `"A"`, `["a","A"]`))
	if f.On() {
		first, then = then, first
	}
	return joined(f.Member(f.A, "joins", "a"), f.Member(f.A, "joins", "b"), f.Moves(f.A, `["a","b"]`), f.Pushes(f.A), f.Member(f.A, "leaves", "b"), schedule.Pick(f.Dice, f.Member(f.A, "leaves", "A"), f.Member(f.A, "joins", "A")),
		f.Pulls(f.A), first, f.Wait(time.Millisecond), then, f.Pushing(f.A, schedule.Manner{Reversed: f.On(), Twice: f.On()}), f.Pulls(f.A))
}
