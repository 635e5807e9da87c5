package timeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// mostRows is the number of marks that a table holds one by one.
const mostRows = 300

// tableRow is a mark, or several marks in sequence that matter less than others.
type tableRow struct {
	marks []int // indexes, ascending
}

// table returns all marks in the order of the journal. Of more than mostRows marks, it holds those
// that matter most one by one, and the others in runs.
func (t *Timeline) table() (rows []tableRow) {
	alone := t.alone()
	for i := range t.marks {
		if n := len(rows); n > 0 && !alone[i] && !alone[i-1] {
			rows[n-1].marks = append(rows[n-1].marks, i)
			continue
		}
		rows = append(rows, tableRow{[]int{i}})
	}
	return rows
}

// alone reports for each mark whether it has a row of its own.
func (t *Timeline) alone() []bool {
	alone := make([]bool, len(t.marks))
	room := mostRows
	for _, s := range shapes() {
		if s < unread && len(t.marks) > mostRows && s != stands {
			break
		}
		for i, m := range t.marks {
			if m.shape == s && room > 0 {
				alone[i] = true
				room--
			}
		}
	}
	return alone
}

// summary tells how many marks of each shape there are, such as "2 lost edit, 30 replaced".
func (t *Timeline) summary(marks []int) string {
	var parts []string
	counts := t.shapesOf(marks)
	for _, s := range shapes() {
		if n := counts[s]; n > 0 {
			parts = append(parts, fieldlog.Number(n)+" "+s.word())
		}
	}
	return strings.Join(parts, ", ")
}

// numbersOf returns the numbers of marks, such as "4" or "4–310".
func (t *Timeline) numbersOf(marks []int) string {
	first, last := 0, 0
	for _, i := range marks {
		if n := t.marks[i].number; n > 0 {
			first, last = pick(first == 0, n, first), n
		}
	}
	switch {
	case first == 0 && t.gravest(marks) == notice:
		return "–"
	case first == 0:
		return "?"
	case first == last:
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d–%d", first, last)
}

// sentences returns the facts about marks that are shown as one: who did what, and how it ended.
func (t *Timeline) sentences(marks []int) (head string, details []string, exact string) {
	if len(marks) == 1 {
		r := t.marks[marks[0]].row
		return strings.TrimSpace(r.headline + " " + r.outcome), r.details, r.exact
	}
	var who []string
	for _, i := range marks {
		if w := t.marks[i].row.who; !slices.Contains(who, w) && len(who) <= 3 {
			who = append(who, w)
		}
	}
	if len(who) > 3 {
		who = append(who[:3], "others")
	}
	first, last := t.marks[marks[0]], t.marks[marks[len(marks)-1]]
	head = fmt.Sprintf("%s events by %s: %s.", fieldlog.Number(len(marks)), strings.Join(who, ", "), t.summary(marks))
	return head, []string{fmt.Sprintf("They reached the server from %s to %s.", t.date(first.arrived), t.date(last.arrived))}, ""
}
