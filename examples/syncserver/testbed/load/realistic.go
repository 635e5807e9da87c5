package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
)

// tables are the tables of the workspace.
var tables = []string{board.Users, board.Projects, board.Tasks}

// authors is how many clients have written the realistic workspace, over how many days.
const authors, days = 75, 180

// edit is what an author wrote to a record at some time.
type edit struct {
	author int
	at     time.Time
	written
}

// realistic returns the edits of a team that works for months: texts in which a few words are frequent,
// stamps of many clients, and tasks that others change later. Constant texts would compress far too well.
// The same number of tasks always gives the same edits, in the order of time.
func realistic(tasks int) []edit {
	g := generator{Rand: rand.New(rand.NewPCG(1, 2)), begin: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	g.makeWords()
	var people, plans []string
	for range users {
		people = append(people, g.uuid())
		g.add(board.Users, people[len(people)-1], g.moment(0), map[string]any{board.Name: g.text(2)})
	}
	for range projects {
		plans = append(plans, g.uuid())
		g.add(board.Projects, plans[len(plans)-1], g.moment(0), map[string]any{board.Name: g.text(1 + g.IntN(4)), "archived": g.IntN(10) == 0})
	}
	status := []string{"todo", "doing", "done"}
	for range tasks {
		id, made := g.uuid(), g.moment(0)
		g.add(board.Tasks, id, made, map[string]any{
			board.Title: g.text(3 + g.IntN(6)), board.Status: status[g.IntN(3)], board.Due: made.AddDate(0, 0, g.IntN(90)).Format(time.DateOnly),
			board.Assignee: people[g.IntN(users)], board.Project: plans[g.IntN(projects)], board.Notes: g.text(8 + g.IntN(20)), "priority": g.IntN(5),
			"tag/" + []string{"customer", "bug", "idea", "later"}[g.IntN(4)]: true,
		})
		for range g.IntN(3) {
			later := g.moment(made.Sub(g.begin))
			switch g.IntN(4) {
			case 0:
				g.add(board.Tasks, id, later, map[string]any{board.Assignee: people[g.IntN(users)]})
			case 1:
				g.add(board.Tasks, id, later, map[string]any{"priority": g.IntN(5)})
			default:
				g.add(board.Tasks, id, later, map[string]any{board.Status: status[g.IntN(3)]})
			}
		}
	}
	slices.SortStableFunc(g.edits, func(a, b edit) int { return a.at.Compare(b.at) })
	return g.edits
}

// generator makes edits.
type generator struct {
	*rand.Rand
	begin time.Time
	words []string // in descending order of frequency
	edits []edit
}

func (g *generator) add(table, id string, at time.Time, fields map[string]any) {
	w := written{record.Key{Table: table, ID: id}, make(map[string]record.Value, len(fields))}
	for name, v := range fields {
		w.fields[name] = record.MustOf(v)
	}
	g.edits = append(g.edits, edit{g.IntN(authors), at, w})
}

// makeWords makes words of one to three syllables, about as long as English ones. Frequent words are short.
func (g *generator) makeWords() {
	starts, vowels, ends := strings.Split("bcdfghklmnprstvw", ""), strings.Split("aeiou", ""), strings.Split("nrstld", "")
	pick := func(of []string) string { return of[g.IntN(len(of))] }
	for rank := range 7000 {
		var w strings.Builder
		for range 1 + min(2, int(math.Log10(float64(rank+1))/1.3)) {
			w.WriteString(pick(starts) + pick(vowels))
			if g.IntN(2) == 0 {
				w.WriteString(pick(ends))
			}
		}
		g.words = append(g.words, w.String())
	}
}

// text returns a text of n words.
func (g *generator) text(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = g.words[int(math.Pow(float64(len(g.words)), g.Float64()))-1]
	}
	words[0] = strings.ToUpper(words[0][:1]) + words[0][1:]
	return strings.Join(words, " ")
}

// moment returns a time of the months, after a time from their begin.
func (g *generator) moment(after time.Duration) time.Time {
	const all = days * 24 * time.Hour
	return g.begin.Add(after + time.Duration(g.Int64N(int64(all-after)))).Truncate(time.Millisecond)
}

// uuid returns a random UUID.
func (g *generator) uuid() string {
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, g.Uint64()), g.Uint64())
	b[6], b[8] = b[6]&15|0x40, b[8]&63|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// fillRealistic lets the authors push the realistic workspace.
func (r *run) fillRealistic(ctx context.Context) error {
	var wall time.Time
	team := make([]*remote.Client, authors)
	for i := range team {
		d, err := r.join(ctx)
		if err != nil {
			return err
		}
		if d.Replica, err = replica.Open(replica.Options{ID: d.Replica.ID(), Wall: func() time.Time { return wall }}); err != nil {
			return err
		}
		team[i] = d
	}
	for _, e := range realistic(r.tasks) {
		wall = e.at
		if err := team[e.author].Replica.Edit(e.key, e.fields); err != nil {
			return err
		}
	}
	for _, d := range team {
		if err := d.Push(ctx); err != nil {
			return err
		}
		for _, n := range d.Replica.TakeNotices() {
			if n.Kind == replica.Refused {
				return fmt.Errorf("fill: an edit of %s was refused: %s", n.Key, n.Code)
			}
		}
	}
	return nil
}
