package sim

import (
	"bytes"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// requestOps are pushes, pulls, and waits between them.
func requestOps() []family {
	return []family{
		{often: schedule.Either(6, 18), ops: []op{{
			Kind: schedule.Kind{Name: "pushes", Request: true, Draw: drawPush, Follow: afterPush},
			run:  func(w *world, s schedule.Step) { w.push(w.device(s.Who), s.Manner) },
		}}},
		{often: schedule.Either(6, 18), ops: []op{{
			Kind: schedule.Kind{Name: "pulls", Request: true, Draw: drawPull, Follow: afterPull},
			run:  func(w *world, s schedule.Step) { w.pull(w.device(s.Who), s.Manner) },
		}}},
		{often: schedule.Either(14, 5), ops: []op{{
			Kind: schedule.Kind{
				Name: "wait", Who: schedule.OfNone, Args: []schedule.Argument{schedule.Duration()},
				Draw: func(d *schedule.Dice, s *schedule.Step) { s.By = d.Duration() }, OneIn: 3, Follow: afterWait,
			},
			run: func(w *world, s schedule.Step) {
				w.Now = w.Now.Add(s.By)
				if s.By > 30*schedule.Day {
					w.Count("long silence")
				}
			},
			covers: []string{"long silence"},
		}}},
		{often: schedule.InHalf(2), ops: []op{{
			Kind:   schedule.Kind{Name: "resends", Args: []schedule.Argument{schedule.CountOf(0)}, Draw: func(d *schedule.Dice, s *schedule.Step) { s.N = d.IntN(6) }},
			run:    func(w *world, s schedule.Step) { w.resend(w.device(s.Who), s.N) },
			covers: []string{"resends"},
		}}},
	}
}

func drawPush(d *schedule.Dice, s *schedule.Step) {
	s.Manner = d.PushManner()
	s.Manner.Meanwhile = d.Domain.HasClient(s.Who) && d.IntN(4) == 0
}

func drawPull(d *schedule.Dice, s *schedule.Step) {
	s.Manner.Lost = d.Faults.Lost && d.IntN(5) == 0
	s.Manner.Closed = d.Domain.HasClient(s.Who) && d.IntN(4) == 0
	if d.Faults.Meets && d.Domain.Devices > 1 && d.IntN(5) == 0 {
		s.Manner.At, s.Manner.Whom = d.Early(6), d.IntN(d.Domain.Devices)
	}
}

// afterPush sometimes returns steps in which two devices edit the same field and one syncs or
// storms during the push of the other, in which the server writes the field that it was storing
// when it died or its commit failed, or in which several answers to a Client in a row are lost, which must not make the
// Client give up.
func afterPush(f schedule.Follow) []schedule.Step {
	switch {
	case f.Manner.Lost && f.Domain.HasClient(f.Who) && f.IntN(3) == 0:
		return []schedule.Step{f.Edit(f.Who), f.Loses(), f.Loses(), f.Loses(), f.Loses(), f.Loses(), f.Loses()}
	case f.Manner.Unread && f.IntN(3) == 0:
		return afterUnread(f)
	case f.Manner.Dies+f.Manner.Fails > 0 && f.On():
		again := schedule.Manner{Dies: f.Manner.Dies, Fails: f.Manner.Fails}
		return []schedule.Step{f.Edit(f.Who), f.Pushing(f.Who, again), f.Write()}
	case f.A == f.B || !f.Faults.Meets || f.IntN(3) > 0:
		return nil
	}
	m := schedule.Pick(f.Dice, schedule.Manner{At: f.Pause(), Whom: f.B}, schedule.Manner{Storms: true, Whom: f.B})
	other := f.Edit(f.A)
	other.ID = schedule.Pick(f.Dice, f.Domain.IDs...) // another record, so that a pause can fall between two rows
	return []schedule.Step{other, f.Edit(f.A), f.Edit(f.B), f.Pulls(f.B), f.Pushing(f.A, m), f.Pulls(f.B)}
}

// afterUnread returns two pushes after which no device pulls, and then a restart of the server, a
// pull from a cursor, or a third such push.
func afterUnread(f schedule.Follow) []schedule.Step {
	silently := func(who int) schedule.Step { return f.Pushing(who, schedule.Manner{Unread: true}) }
	return []schedule.Step{
		f.Edit(f.A), silently(f.A), f.Edit(f.B), silently(f.B),
		schedule.Pick(f.Dice, f.Does(schedule.Server, "restarts"), f.Pulls(f.C), silently(f.A)),
	}
}

// afterPull lets another device push during a pull.
func afterPull(f schedule.Follow) []schedule.Step {
	if f.A == f.B || !f.Faults.Meets || f.IntN(3) > 0 {
		return nil
	}
	pull := f.Pulls(f.A)
	pull.Manner = schedule.Manner{At: f.Early(4), Whom: f.B}
	return []schedule.Step{f.Edit(f.B), pull, f.Pulls(f.A)}
}

// afterWait lets two devices write one field at the same moment, or adds a long silence.
func afterWait(f schedule.Follow) []schedule.Step {
	if len(f.Silent) > 0 && f.IntN(6) == 0 {
		return silence(f)
	}
	first, then := differ(f)
	return []schedule.Step{f.Edit(f.A), f.Edit(f.B), first, f.Pulls(f.C), then, f.Pulls(f.C)}
}

// differ returns the pushes of two devices, one of them in another spelling if the run has
// spellings. Usually the push of the greater ID is respelled, because upper case sorts below lower
// case.
func differ(f schedule.Follow) (a, b schedule.Step) {
	a, b = f.Pushes(f.A), f.Pushes(f.B)
	one, x, y := &a, schedule.ClientID(f.A, 0), schedule.ClientID(f.B, 0)
	if bytes.Compare(x[:], y[:]) < 0 {
		one = &b
	}
	schedule.Pick(f.Dice, &a, &b, one, one).Manner.Spelled = f.Faults.Spelled
	return a, b
}

// silence returns steps around a long time without requests. Before it, one edit is a deletion, and
// another edit is not sent. After it, the unsent edit is sent, old batches are sent again, and
// devices pull from old cursors.
func silence(f schedule.Follow) []schedule.Step {
	long := f.Silent[0]
	f.Dice.Silent = f.Silent[1:]
	gone := f.Edit(f.B)
	gone.Sets[0].Value = "deleted"
	return []schedule.Step{
		f.Edit(f.A), f.Wait(time.Millisecond), gone, f.Pushes(f.B), f.Edit(f.C), f.Wait(long),
		f.Pushes(f.A), f.Resends(f.B, f.IntN(3)), f.Pulls(f.C), f.Edit(f.C), f.Pushes(f.C), f.Resends(f.A, 0),
	}
}
