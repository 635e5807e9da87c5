package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// afterPurge returns a story about deleted data that comes back, or about edits that must not be
// lost.
func afterPurge(f schedule.Follow) []schedule.Step {
	stories := []func(schedule.Follow) []schedule.Step{lateRetry, lateCreation, beneathDeletion, lateField, lateDeletion, lateDeletion, newLives, slowButSynced, slowAlone, restoredBelow, longAway, editsOfDeleted, correctedClock, deletionAndEdit, editAndCreation}
	return stories[f.IntN(len(stories))](f)
}

// alters returns a step that deletes or restores the record.
func alters(f schedule.Follow, who int, name string) schedule.Step {
	s := f.Does(who, name)
	s.ID = f.ID
	return s
}

// purging returns a purge of everything that is deleted by now.
func purging(f schedule.Follow) schedule.Step { return f.Does(schedule.Server, "purges") }

// lateRetry retries an edit after its field or its record was deleted and purged.
func lateRetry(f schedule.Follow) []schedule.Step {
	deletes := alters(f, f.B, "deletes")
	if f.On() {
		deletes = f.Edit(f.B)
		deletes.Sets[0].Value = "deleted"
	}
	return []schedule.Step{
		f.Edit(f.A), f.Pushing(f.A, schedule.Manner{Lost: true}), f.Pulls(f.B), f.Wait(time.Millisecond), deletes, f.Pushes(f.B),
		purging(f), f.Pushes(f.A), f.Pulls(f.C),
	}
}

// lateCreation creates a record that another device deletes later, and sends the creation before
// or after the purge, or both times.
func lateCreation(f schedule.Follow) []schedule.Step {
	early := schedule.Pick(f.Dice, f.Pushing(f.C, schedule.Manner{Lost: true}), f.Wait(time.Millisecond))
	return []schedule.Step{
		f.Does(f.C, "reinstalls"), f.Edit(f.A), f.Pushes(f.A), f.Edit(f.C), f.Wait(time.Millisecond), alters(f, f.A, "deletes"), f.Pushes(f.A),
		schedule.Pick(f.Dice, f.Edit(f.C), f.Wait(time.Millisecond)), early, purging(f), f.Pushes(f.C), f.Pulls(f.A),
	}
}

// beneathDeletion creates a record that is deleted already, retries the creation, and meanwhile
// lets the fence rise to a moment between the deletion and the creation.
func beneathDeletion(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		f.Does(f.C, "reinstalls"), f.Edit(f.A), alters(f, f.A, "deletes"), f.Pushes(f.A), hourly(f), f.Wait(time.Millisecond), f.Edit(f.C),
		f.Pushing(f.C, schedule.Manner{Lost: true}), f.Wait(time.Hour), hourly(f), f.Pushes(f.C), f.Pulls(f.A),
	}
}

// lateField edits a field before its deletion, and sends the edit after the tombstone was purged
// from the live record.
func lateField(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	g.ID = f.ID
	other, gone := g.Edit(f.B), f.Edit(f.B)
	other.ID, gone.Sets[0].Value = f.ID, "deleted"
	return []schedule.Step{other, f.Edit(f.A), f.Wait(time.Millisecond), gone, f.Pushes(f.B), purging(f), f.Pushes(f.A), f.Pulls(f.C)}
}

// lateDeletion sends a deletion of a record only after a purge, and again after a later edit of
// the record.
func lateDeletion(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	return []schedule.Step{
		f.Edit(f.A), f.Pushes(f.A), f.Pulls(f.B), f.Wait(time.Millisecond), alters(f, f.B, "deletes"), f.Wait(time.Millisecond),
		g.Edit(f.C), f.Pushes(f.C), purging(f), f.Pulls(f.A), f.Pulls(f.C), f.Pushes(f.B),
		schedule.Pick(f.Dice, f.Wait(90*schedule.Day), purging(f)), hourly(f), f.Pulls(f.A), f.Edit(f.C), f.Pushes(f.C), f.Resends(f.B, 0), f.Pulls(f.C),
	}
}

// hourly returns a purge of what is older than an hour, which mostly sweeps without raising the
// fence.
func hourly(f schedule.Follow) schedule.Step {
	s := purging(f)
	s.By = time.Hour
	return s
}

// newLives lets two devices create a dead record again, and resends old batches.
func newLives(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		f.Edit(f.B), f.Edit(f.A), f.Pushes(f.A), f.Pulls(f.B), alters(f, f.B, "deletes"), f.Pushes(f.B), purging(f), f.Pulls(f.A), f.Pulls(f.B), f.Wait(time.Millisecond),
		f.Edit(f.A), f.Edit(f.B), f.Edit(f.B), f.Pushing(f.A, schedule.Manner{Lost: f.On(), Twice: f.On()}), f.Pushes(f.B),
		f.Resends(f.B, f.IntN(3)), f.Resends(f.A, f.IntN(3)), f.Pulls(f.C), purging(f), f.Pulls(f.A),
	}
}

// slowButSynced lets a device with a slow clock pull and then edit, while the fence rises to a
// moment before or after the edit.
func slowButSynced(f schedule.Follow) []schedule.Step {
	if f.A == f.B {
		return nil
	}
	fast := f.Clock(f.B, f.Domain.MaxAhead)
	if !f.Domain.Bounded() {
		fast = f.Clock(f.B, time.Hour)
	}
	edits := []schedule.Step{f.Pulls(f.A), f.Edit(f.A)}
	before := []schedule.Step{f.Pushes(f.B), f.Clock(f.A, -time.Hour), purging(f), f.Wait(time.Millisecond)}
	g := f.Elsewhere()
	gone := f.Edit(f.A)
	gone.Sets[0].Value = "deleted"
	story := append([]schedule.Step{f.Edit(f.A), gone, f.Pushes(f.A), fast, f.Edit(f.B), g.Edit(f.B), alters(f, schedule.Pick(f.Dice, f.A, f.B), "deletes")}, before...)
	story = append(story, edits...)
	return append(story, f.Wait(2*time.Hour), hourly(f), f.Pushes(f.A), f.Pulls(f.B))
}

// slowAlone lets a device with a slow clock pull and edit after days in which nothing was written. By
// the wall clock, the stamp of the edit is older than the retention, but it is above all accepted
// stamps.
func slowAlone(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		f.Wait(3 * schedule.Day), f.Clock(f.A, -schedule.Day), f.Pulls(f.A), f.Edit(f.A), f.Wait(time.Millisecond), hourly(f), f.Pushes(f.A), f.Pulls(f.B),
	}
}

// restoredBelow restores the server from a backup that was made before a purge, below whose fence
// devices wrote and pulled.
func restoredBelow(f schedule.Follow) []schedule.Step {
	early, late := purging(f), f.Wait(time.Millisecond)
	if f.On() {
		early, late = late, early
	}
	return []schedule.Step{
		f.Edit(f.A), f.Pushes(f.A), f.Pulls(f.B), f.Pulls(f.C), early, f.Does(schedule.Server, "backs-up"), f.Edit(f.C), f.Pushes(f.C),
		alters(f, f.B, "deletes"), f.Pushes(f.B), purging(f), f.Pulls(f.A), f.Edit(f.A), f.Pushes(f.A),
		f.Does(schedule.Server, "is-restored"), late, f.Pulls(f.C), f.Edit(f.C), f.Pushes(f.A), f.Pushes(f.C), purging(f), f.Pulls(f.B), f.Pushes(f.B), f.Pulls(f.A),
	}
}

// longAway lets a device edit, stay away for longer than a retention, and then push and pull.
func longAway(f schedule.Follow) []schedule.Step {
	if len(f.Silent) == 0 {
		return lateRetry(f)
	}
	long := f.Silent[0]
	f.Dice.Silent = f.Silent[1:]
	daily := purging(f)
	daily.By = schedule.Day
	return []schedule.Step{
		f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.A), f.Edit(f.A), alters(f, f.B, "deletes"), f.Pushes(f.B), daily, f.Wait(long), daily,
		f.Edit(f.C), f.Pushes(f.C), f.Pushes(f.A), f.Resends(f.B, 1), f.Pulls(f.A), f.Edit(f.A), f.Pushes(f.A), f.Pulls(f.C),
	}
}

// editsOfDeleted lets a device edit or restore a record that it saw deleted, and purges before
// or after the edit arrives.
func editsOfDeleted(f schedule.Follow) []schedule.Step {
	edit := schedule.Pick(f.Dice, f.Edit(f.B), alters(f, f.B, "restores"))
	if edit.Sets != nil {
		name := f.Domain.Names[f.IntN(len(f.Domain.Names))]
		edit.Sets = []schedule.Assignment{{Name: name, Value: f.Domain.Fields[name][0]}}
	}
	return []schedule.Step{
		f.Edit(f.A), f.Pushes(f.A), alters(f, f.A, "deletes"), f.Pushes(f.A), f.Pulls(f.B), edit, purging(f),
		f.Edit(f.C), f.Pushes(f.B), f.Pulls(f.A), f.Edit(f.B), f.Pushes(f.C), purging(f), f.Pulls(f.C),
	}
}

// deletionAndEdit sends a deletion at or below the fence together with a later edit of the record.
func deletionAndEdit(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	return []schedule.Step{
		f.Edit(f.C), f.Pushes(f.C), f.Pulls(f.A), alters(f, f.A, "deletes"), f.Wait(time.Millisecond), g.Edit(f.B), f.Pushes(f.B), purging(f),
		f.Wait(time.Millisecond), f.Edit(f.A), f.Pushing(f.A, schedule.Manner{Reversed: f.On()}), f.Pulls(f.B),
	}
}

// editAndCreation edits a record after its deletion was purged, learns that it is dead, creates it
// again, and sends both items together.
func editAndCreation(f schedule.Follow) []schedule.Step {
	if f.A == f.B {
		return newLives(f)
	}
	g := f.Elsewhere()
	g.ID = f.ID
	return []schedule.Step{
		f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.A), alters(f, f.B, "deletes"), f.Pushes(f.B), purging(f), f.Wait(time.Millisecond),
		f.Edit(f.A), f.Pulls(f.A), g.Edit(f.A), f.Pushing(f.A, schedule.Manner{Reversed: f.On(), Twice: f.On()}), f.Pulls(f.B),
	}
}

// correctedClock purges a deletion whose stamp is ahead, and lets a device pull: a new one, or one
// that is told in the answer to a push that its own clock is too far ahead. Then the device edits.
func correctedClock(f schedule.Follow) []schedule.Step {
	if f.A == f.B || !f.Domain.Bounded() {
		return lateField(f)
	}
	g := f.Elsewhere()
	server := serverAbovePurged(f, g)
	purged := []schedule.Step{f.Clock(f.B, f.Domain.MaxAhead), f.Edit(f.B), alters(f, f.B, "deletes"), f.Pushes(f.B), purging(f), f.Clock(f.B, 0)}
	if f.IntN(3) == 0 {
		purged = append(purged, f.Does(f.A, "reinstalls"), f.Clock(f.A, 0), f.Pulls(f.A), g.Edit(f.A), f.Pushes(f.A))
	} else {
		purged = append(purged, f.Pulls(f.A), f.Clock(f.A, f.Domain.MaxAhead+time.Hour), g.Edit(f.A), f.Pushes(f.A), g.Edit(f.A), f.Pushes(f.A))
	}
	if f.Also(3) {
		return server
	}
	return purged
}

// serverAbovePurged purges the deletion of a field whose stamp is ahead, and lets a new process of the server write the
// field. Only the fence tells that process of the stamp. It draws nothing.
func serverAbovePurged(f, g schedule.Follow) []schedule.Step {
	g.ID = f.ID
	gone := f.EditAsWrite(f.B)
	gone.Sets[0].Value = "deleted"
	return []schedule.Step{
		f.Clock(f.B, f.Domain.MaxAhead), g.EditAsWrite(f.B), f.Wait(time.Millisecond), gone, f.Pushes(f.B), f.Clock(f.B, 0), purging(f),
		f.Does(schedule.Server, "restarts"), f.Write(), f.Pulls(f.A),
	}
}
