package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// This oracle reads a journal with encoding/json and decides the pushes again. It compares texts,
// by the rule of oracle_test.go.

type (
	pushJSON struct {
		Wall      time.Time
		Actor     string
		AnyClient bool
		Marks     []stampJSON
		Current   []itemJSON
		Items     []itemJSON
	}
	stampJSON struct{ UpdatedAt, ClientID string }
	itemJSON  struct {
		Table, ID string
		Data      map[string]struct {
			stampJSON
			Value json.RawMessage
		}
		Base    map[string]*stampJSON
		Refused *struct{ Code, Path string }
	}
)

// journalCounts holds the counts that the report must show.
type journalCounts struct {
	pushes, items, accepted, changed, lost, blind int
	codes, outcomes                               map[string]int
	actors                                        map[string]bool
	told                                          []verdict // in the order of the journal
}

// verdict is the outcome of one write of an item, in the words of -explain.
type verdict struct {
	path [3]string
	word string
}

// writes returns the writes of an item in the order of field names.
func (m itemJSON) writes() []entry {
	var all []entry
	for _, name := range slices.Sorted(maps.Keys(m.Data)) {
		w := m.Data[name]
		e := entry{table: m.Table, id: m.ID, field: name, time: w.UpdatedAt, client: w.ClientID, value: string(w.Value)}
		if base, ok := m.Base[name]; ok {
			e.based = true
			if base != nil {
				e.baseTime, e.baseClient = base.UpdatedAt, base.ClientID
			}
		}
		all = append(all, e)
	}
	return all
}

// refusal returns the code of an item's refusal, or "".
func (p pushJSON) refusal(m itemJSON) string {
	if m.Refused != nil {
		return m.Refused.Code
	}
	code := ""
	for _, e := range m.writes() {
		at, err := time.Parse(time.RFC3339Nano, e.time)
		switch {
		case err != nil:
			panic(err)
		case e.client != p.Actor && !p.AnyClient:
			return "other_client"
		case at.UnixMilli()-p.Wall.UnixMilli() > 5*60*1000:
			code = "too_far_ahead"
		}
	}
	return code
}

// decide returns, for each field, the outcomes of the writes of the accepted items, from the least
// write to the greatest.
func (p pushJSON) decide(codes []string) map[[3]string][]meeting {
	stored, met := make(map[[3]string]entry), make(map[[3]string][]meeting)
	for _, m := range p.Current {
		for _, e := range m.writes() {
			stored[e.path()] = e
		}
	}
	for i, m := range p.Items {
		for _, e := range m.writes() {
			if codes[i] == "" {
				met[e.path()] = append(met[e.path()], meeting{incoming: e, item: i})
			}
		}
	}
	for path, all := range met {
		slices.SortStableFunc(all, func(a, b meeting) int { return rule(a.incoming, b.incoming) })
		standing := stored[path]
		for i := range all {
			m := &all[i]
			m.before = standing
			if i > 0 && all[i-1].incoming.same(m.incoming) {
				m.before = all[i-1].before
			}
			switch {
			case m.before.time == "":
				m.outcome, m.changed = "applied", true
			case m.before.same(m.incoming):
				m.outcome = "equal"
			case m.before.time == m.incoming.time && m.before.client == m.incoming.client:
				m.outcome, m.changed = "collision", rule(m.incoming, m.before) > 0
			case rule(m.incoming, m.before) > 0:
				m.outcome, m.changed = "applied", true
			default:
				m.outcome = "superseded"
			}
			if m.changed {
				standing = m.incoming
			}
		}
	}
	return met
}

// meeting is an incoming write and the write that was stored before it.
type meeting struct {
	incoming, before entry
	item             int
	outcome          string
	changed          bool
}

// stamp returns a text that sorts like the stamp.
func (e entry) stamp() string { return e.time + "/" + e.client }

// lost reports whether an edit is lost, given the watermarks of the push.
func (m meeting) lost(marks []stampJSON) bool {
	e, was := m.incoming, m.before
	if !e.based || was.time == "" || e.client == was.client || e.value == was.value {
		return false
	}
	if m.changed {
		return e.baseTime == "" || e.baseTime+"/"+e.baseClient < was.stamp()
	}
	return slices.ContainsFunc(marks, func(s stampJSON) bool { return s.ClientID == e.client && s.UpdatedAt < e.time })
}

// blind reports whether it is unknown if an edit is lost.
func (m meeting) blind() bool {
	e, was := m.incoming, m.before
	met := m.outcome == "applied" || m.outcome == "superseded"
	return met && !e.based && was.time != "" && e.client != was.client && e.value != was.value
}

// journalOracle counts the results of a journal.
func journalOracle(t tb, text string) journalCounts {
	t.Helper()
	c := journalCounts{codes: map[string]int{}, outcomes: map[string]int{}, actors: map[string]bool{}}
	for line := range strings.Lines(text) {
		var p pushJSON
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v", err)
		}
		c.pushes++
		c.actors[p.Actor] = true
		c.push(p)
	}
	return c
}

func (c *journalCounts) push(p pushJSON) {
	codes := make([]string, len(p.Items))
	for i, m := range p.Items {
		codes[i] = p.refusal(m)
	}
	changed, lostNotes := make(map[int]bool), make(map[int]bool)
	outcomes := make([]map[string]string, len(p.Items))
	for path, all := range p.decide(codes) {
		pairs := make(map[[2]string]bool)
		for _, m := range all {
			c.outcomes[m.outcome]++
			changed[m.item] = changed[m.item] || m.changed
			if outcomes[m.item] == nil {
				outcomes[m.item] = make(map[string]string)
			}
			outcomes[m.item][path[2]] = "accepted, " + m.outcome
			if m.blind() {
				c.blind++
			}
			if m.lost(p.Marks) {
				lostNotes[m.item] = true
				pairs[[2]string{m.incoming.stamp(), m.before.stamp()}] = true
			}
		}
		c.lost += len(pairs)
	}
	for i, m := range p.Items {
		c.items++
		if codes[i] != "" {
			c.codes[codes[i]]++
		} else {
			c.accepted++
		}
		if changed[i] {
			c.changed++
		}
		if lostNotes[i] {
			c.codes["lost_edit"]++
		}
		c.tell(m, codes[i], outcomes[i])
	}
}

// tell adds the verdicts on the writes of an item. If an item could not be read, its verdict
// belongs to the field at fault.
func (c *journalCounts) tell(m itemJSON, code string, outcomes map[string]string) {
	for _, e := range m.writes() {
		c.told = append(c.told, verdict{e.path(), pick(code == "", outcomes[e.field], "refused, "+code)})
	}
	if m.Refused != nil && len(m.Data) == 0 {
		if field, ok := strings.CutSuffix(m.Refused.Path, ".updatedAt"); ok {
			c.told = append(c.told, verdict{[3]string{m.Table, m.ID, strings.TrimPrefix(field, "data.")}, "refused, " + code})
		}
	}
}

// storyOf returns the verdicts on the writes of a field and of the deletion mark of its record.
func (c *journalCounts) storyOf(path [3]string) (words []string) {
	for _, v := range c.told {
		if v.path[0] == path[0] && v.path[1] == path[1] && (v.path[2] == path[2] || v.path[2] == "$deleted") {
			words = append(words, v.word)
		}
	}
	return words
}

// TestJournalReportEqualsTheOracle compares the figures of the report, on the sample and on drawn
// journals.
func TestJournalReportEqualsTheOracle(t *testing.T) {
	checkCounts(t, sampleJournal(t))
	rapid.Check(t, func(t *rapid.T) {
		if text := drawJournal(t); text != "" {
			checkCounts(t, text)
		}
	})
}

func checkCounts(t tb, text string) {
	t.Helper()
	want := journalOracle(t, text)
	report := replayed(t, text)
	rows := map[string]int{
		"items": want.items, "  accepted": want.accepted, "  refused": want.items - want.accepted,
		"  applied": want.outcomes["applied"], "  superseded": want.outcomes["superseded"],
		"  equal": want.outcomes["equal"], "  collisions": want.outcomes["collision"],
	}
	for code, n := range want.codes {
		rows["    "+code] = n
	}
	for name, n := range rows {
		if row := "\n  " + pad(name, 22) + " " + strings.Repeat(" ", 7-len(fieldlog.Number(n))) + fieldlog.Number(n) + " "; !strings.Contains(report, row) {
			t.Fatalf("the report lacks %q:\n%s\n%s", row, report, text)
		}
	}
	figures := []string{
		": " + fieldlog.Number(want.pushes) + pick(want.pushes == 1, " push", " pushes") + " by " + count(len(want.actors), "client") + ",",
		pick(want.blind == 0, "", "\n"+count(want.blind, "write")+" met another client's"),
		"\n" + pick(want.lost == 0, pick(want.blind == 0, "No edit was lost.", "No edit is known to be lost."), count(want.lost, "lost edit")+":"),
		" " + fieldlog.Number(want.changed) + " of them changed stored data",
		pick(want.pushes == 1, "The answer is byte-equal", "All "+fieldlog.Number(want.pushes)+" answers are byte-equal"),
	}
	for _, figure := range figures {
		if !strings.Contains(report, figure) {
			t.Fatalf("the report lacks %q:\n%s\n%s", figure, report, text)
		}
	}
	if codes := strings.Contains(report, "lost_edit "); codes != (want.codes["lost_edit"] > 0) {
		t.Fatalf("the report should show lost edits: %v\n%s", !codes, report)
	}
}
