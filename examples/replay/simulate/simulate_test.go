package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"
	"unicode"
)

// TestGeneratedHistoryIsTheCommittedOne compares every byte.
func TestGeneratedHistoryIsTheCommittedOne(t *testing.T) {
	got, err := simulate()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../team.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Fatalf("line %d differs:\n got %s\nwant %s", i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%d lines, want %d", len(gotLines)-1, len(wantLines)-1)
}

// stamped is a stamp on the wire: a time of 30 bytes, whose byte order is chronological, and the
// client.
type stamped struct {
	UpdatedAt string `json:"updatedAt"`
	ClientID  string `json:"clientId"`
}

type write struct {
	stamped
	Value   json.RawMessage `json:"value"`
	Deleted bool            `json:"deleted"`
}

type line struct {
	Table string              `json:"table"`
	ID    string              `json:"id"`
	Data  map[string]write    `json:"data"`
	Base  map[string]*stamped `json:"base"`
}

// ingredients counts what the history must contain.
type ingredients struct {
	mutations, duplicates, records, clients int
	late, lateByAnHour                      int // stamped before a mutation that was delivered earlier
	deletes, restores, editsOfDeleted       int
	deletedFields, nulls, rewrites, slots   int
	sharedFields, conflicts                 int
	collisions, twins                       int // one stamp used twice, with different and with equal values
	nonASCII                                int
}

// census reads the lines with encoding/json only, so that it shares no code with the generator.
type census struct {
	ingredients
	lines   map[string]bool
	records map[[2]string]bool
	deleted map[[2]string]bool
	clients map[string]bool
	fields  map[[3]string][]write // delivered writes, without retries
	newest  time.Time
}

func (c *census) add(t *testing.T, text []byte) {
	c.mutations++
	if c.lines[string(text)] {
		c.duplicates++
		return
	}
	c.lines[string(text)] = true
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	c.nonASCII += count(bytes.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }))
	c.records[[2]string{l.Table, l.ID}] = true
	c.editsOfDeleted += count(c.deleted[[2]string{l.Table, l.ID}] && l.Data["$deleted"].Value == nil)
	var latest time.Time
	for name, w := range l.Data {
		latest = instant(t, w.UpdatedAt)
		c.write(l, name, w)
	}
	c.late += count(latest.Before(c.newest))
	c.lateByAnHour += count(latest.Before(c.newest.Add(-time.Hour)))
	if latest.After(c.newest) {
		c.newest = latest
	}
}

func (c *census) write(l line, name string, w write) {
	c.clients[w.ClientID] = true
	switch value := string(w.Value); {
	case name == "$deleted":
		c.deleted[[2]string{l.Table, l.ID}] = value == "true"
		c.deletes += count(value == "true")
		c.restores += count(value == "false")
	case w.Deleted:
		c.deletedFields++
	case value == "null":
		c.nulls++
	case name == "slot":
		c.slots++
	}
	field := [3]string{l.Table, l.ID, name}
	c.meet(c.fields[field], w, l.Base[name])
	c.fields[field] = append(c.fields[field], w)
}

// meet compares a write with the writes delivered earlier for its field. A write counts as a
// conflict if its author had not seen the winner, and the winner is by another client and has
// another value.
func (c *census) meet(earlier []write, w write, base *stamped) {
	if len(earlier) == 0 {
		return
	}
	for _, e := range earlier {
		c.twins += count(e.stamped == w.stamped && e.same(w))
		c.collisions += count(e.stamped == w.stamped && !e.same(w))
		c.rewrites += count(base != nil && *base == e.stamped && e.same(w))
	}
	winner := slices.MaxFunc(earlier, write.compare)
	seen := base != nil && *base == winner.stamped
	c.conflicts += count(!seen && winner.ClientID != w.ClientID && !winner.same(w))
}

func (w write) same(other write) bool {
	return w.Deleted == other.Deleted && bytes.Equal(w.Value, other.Value)
}

func (c *census) finish() ingredients {
	for _, writes := range c.fields {
		authors := map[string]bool{}
		for _, w := range writes {
			authors[w.ClientID] = true
		}
		c.sharedFields += count(len(authors) > 1)
	}
	c.ingredients.records, c.ingredients.clients = len(c.records), len(c.clients)
	return c.ingredients
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func instant(t *testing.T, text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// read takes the census of the committed file.
func read(t *testing.T) *census {
	text, err := os.ReadFile("../team.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	c := &census{
		lines: map[string]bool{}, records: map[[2]string]bool{}, deleted: map[[2]string]bool{},
		clients: map[string]bool{}, fields: map[[3]string][]write{},
	}
	for l := range bytes.Lines(text) {
		c.add(t, bytes.TrimSuffix(l, []byte("\n")))
	}
	if len(text) > 2<<20 {
		t.Errorf("%d bytes, want at most 2 MiB", len(text))
	}
	return c
}

func TestHistoryContainsEveryIngredient(t *testing.T) {
	got := read(t).finish()
	want := ingredients{
		mutations: 4177, duplicates: 154, records: 353, clients: 20,
		late: 1152, lateByAnHour: 455,
		deletes: 137, restores: 42, editsOfDeleted: 62,
		deletedFields: 157, nulls: 79, rewrites: 245, slots: 233,
		sharedFields: 1103, conflicts: 147,
		collisions: 4, twins: 1,
		nonASCII: 309,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestCalendarClocksAndWeights checks facts that the file cannot show.
func TestCalendarClocksAndWeights(t *testing.T) {
	if got := time.UnixMilli(at(mon, 0, 0)).UTC().Format(time.RFC1123); got != "Mon, 02 Mar 2026 00:00:00 UTC" {
		t.Errorf("the week begins on %s", got)
	}
	wrong := map[string][2]time.Duration{ // at the beginning and the end of the week
		"ines-phone":   {0, 238 * time.Second},
		"tomas-laptop": {2 * time.Second, 2 * time.Second},
		"maud-laptop":  {200 * time.Millisecond, 200*time.Millisecond - 25*time.Minute},
		"piet-desktop": {-40 * time.Minute, -40 * time.Minute},
	}
	for _, g := range equipment {
		d := &device{gear: g}
		for i, now := range []int64{monday, end} {
			d.now = now
			got := d.wall().Sub(time.UnixMilli(now)).Truncate(time.Second)
			if want, listed := wrong[g.name]; listed && got != want[i].Truncate(time.Second) {
				t.Errorf("%s is wrong by %s, want %s", g.name, got, want[i])
			}
		}
	}
	total := 0
	for _, h := range habits {
		total += h.weight
	}
	if total != 100 {
		t.Errorf("the weights add up to %d", total)
	}
}

// TestScenesHaveTheExpectedOutcomes derives the outcome of each scene from the file, by the rule as
// specified.
func TestScenesHaveTheExpectedOutcomes(t *testing.T) {
	c := read(t)
	for _, outcome := range []struct{ task, field, want string }{
		{"window-lettering", "title", `"Gild the window lettering"`},
		{"window-lettering", "assignee", `"tomas"`},
		{"fair-banner", "title", `"Print the banner for the fair"`},
		{"fair-banner", "notes", "deleted"},
		{"atlas-proofs", "title", `"Proof the atlas at full size"`},
		{"atlas-proofs", "status", `"done"`},
		{"atlas-proofs", "due", `"2026-03-11"`},
		{"spare-frames", "notes", "null"},
		{"spare-frames", "status", `"review"`},
		{"opening-night", "due", `"2026-03-27"`},
		{"paper-order", "tags/urgent", "true"},
		{"paper-order", "priority", "2"},
		{"paper-order", "samples", `["wove 120 g"]`},
		{"old-price-list", "notes", `"Prices for 2026 are on the back."`},
		{"old-price-list", "$deleted", "false"},
	} {
		writes := c.fields[[3]string{"tasks", outcome.task, outcome.field}]
		if len(writes) == 0 {
			t.Errorf("%s/%s: never written", outcome.task, outcome.field)
			continue
		}
		if got := slices.MaxFunc(writes, write.compare).String(); got != outcome.want {
			t.Errorf("%s/%s = %s, want %s", outcome.task, outcome.field, got, outcome.want)
		}
	}
}

// compare implements the rule: time, client, deletion above value, canonical bytes.
func (w write) compare(other write) int {
	return cmp.Or(
		cmp.Compare(w.UpdatedAt, other.UpdatedAt), cmp.Compare(w.ClientID, other.ClientID),
		count(w.Deleted)-count(other.Deleted), bytes.Compare(w.Value, other.Value),
	)
}

func (w write) String() string {
	if w.Deleted {
		return "deleted"
	}
	return string(w.Value)
}
