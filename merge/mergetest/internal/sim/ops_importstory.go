package sim

import (
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// afterImport returns a story about the same row: an edit that was made before the run arrives after it, an edit that
// the next run finds, or a deletion that was purged.
func afterImport(f schedule.Follow) []schedule.Step {
	stories := []func(schedule.Follow) []schedule.Step{
		editBeforeImport, editBetweenImports, deletedThenImported, deletedThenImported, importOverUnread, importAfterRestore,
		sameValue, awayAndBack, newColumnOfDead, importLateDeletion, importAhead,
	}
	return stories[f.IntN(len(stories))](f)
}

// importing returns a run in which the row of the story has a value, or in which nothing changes.
func importing(f schedule.Follow, value string) schedule.Step {
	s := f.Does(schedule.Server, "imports")
	s.ID = f.ID
	if value != "" {
		s.Sets = []schedule.Assignment{{Name: f.Edit(f.A).Sets[0].Name, Value: value}}
	}
	return s
}

// other returns a value of the field of the story.
func other(f schedule.Follow) string { return schedule.Pick(f.Dice, f.Values...) }

// editBeforeImport lets an edit from before a run arrive after it.
func editBeforeImport(f schedule.Follow) []schedule.Step {
	return []schedule.Step{f.Edit(f.A), importing(f, other(f)), f.Pulls(f.B), f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B)}
}

// editBetweenImports lets a device edit what was imported, and the source change.
func editBetweenImports(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		importing(f, other(f)), f.Pulls(f.A), f.Edit(f.A), f.Pushes(f.A), importing(f, ""), f.Pulls(f.B), importing(f, other(f)), importing(f, ""), f.Pulls(f.B),
	}
}

// deletedThenImported lets a device delete what was imported, and a purge remove it, before the next runs.
func deletedThenImported(f schedule.Follow) []schedule.Step {
	deletes := alters(f, f.A, "deletes")
	if f.On() {
		deletes = f.Edit(f.A)
		deletes.Sets[0].Value = "deleted"
	}
	return []schedule.Step{
		importing(f, other(f)), f.Pulls(f.A), deletes, f.Pushes(f.A), importing(f, ""), purging(f), importing(f, ""), f.Pulls(f.B),
		importing(f, other(f)), f.Pulls(f.B), f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.A),
	}
}

// importOverUnread lets an edit meet an imported write that its author has not seen.
func importOverUnread(f schedule.Follow) []schedule.Step {
	return []schedule.Step{
		f.Edit(f.C), f.Pushes(f.C), f.Pulls(f.A), importing(f, other(f)), f.Edit(f.A), importing(f, other(f)), f.Pushes(f.A), f.Pulls(f.B), purging(f), importing(f, other(f)),
	}
}

// sameValue lets a device write the value that was imported, so that only the stamp shows who wrote it.
func sameValue(f schedule.Follow) []schedule.Step {
	value := other(f)
	edit := f.Edit(f.A)
	edit.Sets[0].Value = value
	return []schedule.Step{importing(f, value), f.Pulls(f.A), edit, f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B)}
}

// awayAndBack takes a row or a column away from the source, and brings it back with the same value. In the meantime, a
// device may delete the field or the record, and a purge removes it.
func awayAndBack(f schedule.Follow) []schedule.Step {
	value := other(f)
	away := importing(f, "deleted")
	if f.On() {
		away = f.Does(schedule.Server, "drops")
		away.ID = f.ID
	}
	deletes := alters(f, f.A, "deletes")
	if f.On() {
		deletes = f.Edit(f.A)
		deletes.Sets[0].Value = "deleted"
	}
	gone := []schedule.Step{f.Pulls(f.A), deletes, f.Pushes(f.A), purging(f)}
	return slices.Concat([]schedule.Step{importing(f, value)}, gone, []schedule.Step{away, importing(f, value), f.Pulls(f.B), importing(f, other(f)), away, f.Pulls(f.A)})
}

// newColumnOfDead gives a row whose record was deleted and purged a column that it did not have, then other values.
func newColumnOfDead(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	g.ID = f.ID
	return []schedule.Step{
		importing(f, other(f)), f.Pulls(f.A), alters(f, f.A, "deletes"), f.Pushes(f.A), purging(f), importing(g, other(g)), f.Pulls(f.B),
		importing(f, other(f)), f.Pulls(f.B),
	}
}

// importLateDeletion brings a row over whose record was deleted below the fence, by a push that came after the purge.
func importLateDeletion(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	gone := alters(f, f.A, "deletes")
	if f.On() {
		gone = f.Edit(f.A)
		gone.Sets[0].Value = "deleted"
	}
	return []schedule.Step{
		f.Edit(f.A), f.Pushes(f.A), gone, f.Wait(time.Millisecond), g.Edit(f.B), f.Pushes(f.B), purging(f), f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B),
	}
}

// importAhead lets an import and the server write above a fence that is ahead of the time.
func importAhead(f schedule.Follow) []schedule.Step {
	bound := f.Domain.MaxAhead
	if !f.Domain.Bounded() {
		bound = time.Hour
	}
	write := f.Write()
	return []schedule.Step{
		f.Clock(f.A, bound), f.Edit(f.A), alters(f, f.A, "deletes"), f.Pushes(f.A), f.Clock(f.A, 0), purging(f), importing(f, other(f)), importing(f, other(f)),
		write, f.Pulls(f.B),
	}
}

// importAfterRestore lets the server be restored from a backup that lacks a run, and perhaps all runs.
func importAfterRestore(f schedule.Follow) []schedule.Step {
	before := schedule.Pick(f.Dice, importing(f, other(f)), f.Wait(time.Millisecond))
	return []schedule.Step{
		before, f.Does(schedule.Server, "backs-up"), importing(f, other(f)), f.Pulls(f.A), f.Does(schedule.Server, "is-restored"),
		importing(f, ""), f.Pulls(f.A), importing(f, other(f)), f.Pulls(f.A),
	}
}

// firstImports returns, in some schedules, a story about a row that no run has seen yet.
func firstImports(d *schedule.Dice) []schedule.Step {
	if !d.Domain.Imports {
		return nil
	}
	var stories []func(schedule.Follow) []schedule.Step
	if d.Domain.Purges {
		stories = append(stories, firstRunOverDead, columnAwayAndBack, importAfterRestore)
	}
	if d.Domain.Grants {
		stories = append(stories, importMoves)
	}
	return d.Opening(2, stories...)
}

// firstRunOverDead brings a row over whose record is dead before the first run. The deletion lies below the fence, but it
// came after the purge, so it is still stored. What the run does then depends on the level of the server.
func firstRunOverDead(f schedule.Follow) []schedule.Step {
	f.B = (f.A + 1) % f.Domain.Devices
	g := f.Elsewhere()
	return []schedule.Step{
		f.Clock(f.A, 0), f.Clock(f.B, 0), f.Edit(f.A), f.Pushes(f.A), alters(f, f.A, "deletes"), f.Wait(time.Millisecond), g.Edit(f.B), f.Pushes(f.B), purging(f),
		f.Pushes(f.A), importing(f, other(f)), f.Pulls(f.B), importing(f, other(f)), f.Pulls(f.B),
	}
}

// columnAwayAndBack takes a column away from the source whose field was deleted and purged, while the rest of the record
// lives, and brings it back with the same value.
func columnAwayAndBack(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	g.ID = f.ID
	value, gone := other(f), f.Edit(f.A)
	gone.Sets[0].Value = "deleted"
	return []schedule.Step{
		importing(f, value), importing(g, other(g)), f.Pulls(f.A), gone, f.Pushes(f.A), purging(f), importing(f, "deleted"), importing(f, value), f.Pulls(f.B),
	}
}

// importMoves lets an import put a record into a bucket, and then into another one, which a device may not read.
func importMoves(f schedule.Follow) []schedule.Step {
	into := func(buckets string) schedule.Step {
		s := importing(f, other(f))
		s.Sets = append(s.Sets, schedule.Assignment{Name: schedule.BucketField, Value: buckets})
		return s
	}
	return []schedule.Step{
		f.Member(f.A, "joins", "a"), f.Member(f.A, "leaves", "b"), into(`"a"`), f.Pulls(f.A), into(`"b"`), f.Pulls(f.A), into(`"a"`), f.Pulls(f.A),
	}
}
