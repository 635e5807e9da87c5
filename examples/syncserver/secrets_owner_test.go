package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// step does something as the owner.
func (w *world) step(n int) {
	user, project := w.users[w.random.IntN(2)], w.projects[w.random.IntN(2)]
	if w.random.IntN(4) == 0 {
		project = ""
	}
	var one *task
	if len(w.tasks) > 0 {
		one = w.tasks[w.random.IntN(len(w.tasks))]
	}
	switch k := w.random.IntN(100); {
	case len(w.tasks) < 10 || k < 15 && len(w.tasks) < 60:
		w.create(project)
	case k < 35:
		w.edit(one)
	case k < 60:
		w.move(one, project)
	case k < 68:
		w.delete(one)
	case k < 71:
		w.erase(one)
	case k < 90:
		w.change(user, project)
	case k < 91 && *kills > 4 || n == 30:
		w.pass()
	case k < 93:
		w.lookForRows()
	}
}

// create creates a task.
func (w *world) create(project string) {
	owner := w.owner.ID.String()
	id := w.make(secretID, "", owner)
	t := &task{key: record.Key{Table: board.Tasks, ID: id}, project: project, texts: make(map[string]string)}
	w.begin(w.places, id, bucketOf(project))
	name := "tag/" + w.make(secretName, id, owner)
	t.texts[board.Title], t.texts[board.Notes] = w.make(secretValue, id, owner), w.make(secretValue, id, owner)
	t.last = w.write(record.New(t.key), func(e *record.Edit) {
		e.Set(board.Title, w.titleOf(t)).Set(board.Notes, t.texts[board.Notes]+strings.Repeat(".", w.random.IntN(3000))).Set(board.Project, project).Set(name, true)
		e.RestoreRecord() // so that no earlier deletion of an attacker wins
	})
	w.known.Lock()
	w.tasks = append(w.tasks, t)
	w.known.Unlock()
	w.did["create"]++
}

// titleOf returns a title that is a secret, or one that violates the rule.
func (w *world) titleOf(t *task) string {
	if w.random.IntN(3) == 0 {
		return fmt.Sprint("title ", w.random.IntN(3))
	}
	return t.texts[board.Title]
}

// edit overwrites the texts of a task.
func (w *world) edit(t *task) {
	old := []string{t.texts[board.Title], t.texts[board.Notes]}
	owner := w.owner.ID.String()
	t.texts[board.Title], t.texts[board.Notes] = w.make(secretValue, t.key.ID, owner), w.make(secretValue, t.key.ID, owner)
	m := w.write(record.New(t.key), func(e *record.Edit) { e.Set(board.Title, w.titleOf(t)).Set(board.Notes, t.texts[board.Notes]) })
	w.known.Lock()
	t.last = m
	w.known.Unlock()
	for _, text := range old {
		w.end(text)
	}
	w.did["edit"]++
}

// move moves a task to a project. Half of the moves go back at once.
func (w *world) move(t *task, project string) {
	from := t.project
	to := func(project string) {
		if project == t.project {
			return
		}
		w.begin(w.places, t.key.ID, bucketOf(project))
		w.write(record.New(t.key), func(e *record.Edit) { e.Set(board.Project, project) })
		w.stop(w.places, t.key.ID, bucketOf(t.project))
		t.project = project
		w.did["move"]++
	}
	to(project)
	if w.random.IntN(2) == 0 {
		to(from)
	}
}

// delete deletes a task, or restores it.
func (w *world) delete(t *task) {
	w.write(record.New(t.key), func(e *record.Edit) {
		if t.deleted {
			e.RestoreRecord()
		} else {
			e.DeleteRecord()
		}
	})
	t.deleted = !t.deleted
	w.did["delete or restore"]++
}

// erase erases a task.
func (w *world) erase(t *task) {
	for {
		if _, err := w.admin.Erase(w.t.Context(), "demo", t.key); err == nil {
			break // otherwise the database was busy
		}
	}
	w.stop(w.places, t.key.ID, bucketOf(t.project))
	w.retire(t)
	w.did["erase"]++
}

// retire forgets a task that is not written again.
func (w *world) retire(t *task) {
	w.known.Lock()
	defer w.known.Unlock()
	w.tasks = slices.DeleteFunc(w.tasks, func(o *task) bool { return o == t })
	w.retired = append(w.retired, t.key.ID)
}

// change gives or takes a membership of a user.
func (w *world) change(user, project string) {
	if project == "" {
		project = w.projects[0]
	}
	w.ledger.mu.Lock()
	spans := w.members[user][bucketOf(project)]
	has := len(spans) > 0 && spans[len(spans)-1].to.IsZero()
	w.ledger.mu.Unlock()
	if has {
		w.revoke(user, project)
		w.did["revoke"]++
	} else {
		w.grant(user, project, []string{board.Reader, board.Writer}[w.random.IntN(2)])
		w.did["grant"]++
	}
}

// pass lets a day pass, so that the fence rises.
func (w *world) pass() {
	for _, t := range slices.Clone(w.tasks) {
		if t.deleted {
			w.retire(t) // it may die
		}
	}
	for range 2 {
		w.days.Add(1)
		if err := w.later.Retain(w.t.Context()); err != nil {
			w.did["failed retention"]++
		}
	}
	w.did["day"] += 2
}

// lookForRows finds the IDs of violation rows, which the attackers then push to.
func (w *world) lookForRows() {
	var ids []string
	for _, r := range w.everything() {
		if r.Key().Table == violation.DefaultTable {
			ids = append(ids, r.Key().ID)
		}
	}
	w.rowIDs.Store(&ids)
}
