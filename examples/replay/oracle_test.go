package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The oracle shares no code with the program: a history is a list of texts, and the rule is
// implemented a second time, on texts.

// entry is one write in text form. Times have equal length, clients are in lower case and values
// are canonical JSON, so texts sort like what they represent.
type entry struct {
	table, id, field     string
	time, client, value  string // value is empty for a deletion
	baseTime, baseClient string // empty if the author saw nothing
	based                bool   // whether the history says what the author saw
}

func (e entry) json() string {
	value := `"deleted":true`
	if e.value != "" {
		value = `"value":` + e.value
	}
	return fmt.Sprintf(`{%s,"updatedAt":"%s","clientId":"%s"}`, value, e.time, e.client)
}

func (e entry) line() string {
	base := ""
	switch {
	case e.based && e.baseTime == "":
		base = fmt.Sprintf(`,"base":{"%s":null}`, e.field)
	case e.based:
		base = fmt.Sprintf(`,"base":{"%s":{"updatedAt":"%s","clientId":"%s"}}`, e.field, e.baseTime, e.baseClient)
	}
	return fmt.Sprintf(`{"table":"%s","id":"%s","data":{"%s":%s}%s}`, e.table, e.id, e.field, e.json(), base)
}

func (e entry) path() [3]string { return [3]string{e.table, e.id, e.field} }

// same reports whether d and e are the same write.
func (e entry) same(d entry) bool { return e.json() == d.json() }

// rule orders the writes of one field.
func rule(a, b entry) int {
	deletion := func(e entry) int { return len(e.value[:min(1, len(e.value))]) } // 1 for a value
	return cmp.Or(
		strings.Compare(a.time, b.time),
		strings.Compare(a.client, b.client),
		-cmp.Compare(deletion(a), deletion(b)),
		strings.Compare(a.value, b.value),
	)
}

// expected is what the program must report about a history.
type expected struct {
	state                                 string
	applied, superseded, equal, collision int
	fields, deletedFields                 int
	records, deletedRecords               int
	clients, shared, known, conflicts     int
}

func oracle(history []entry) expected {
	var x expected
	writes := make(map[[3]string][]entry)
	clients := make(map[string]bool)
	for _, e := range history {
		clients[e.client] = true
		before := writes[e.path()]
		x.outcome(before, e)
		writes[e.path()] = append(before, e)
	}
	x.clients = len(clients)
	paths := make([][3]string, 0, len(writes))
	for p := range writes {
		paths = append(paths, p)
	}
	slices.SortFunc(paths, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	var lines strings.Builder
	for i, p := range paths {
		winner := slices.MaxFunc(writes[p], rule)
		if i == 0 || p[0] != paths[i-1][0] || p[1] != paths[i-1][1] {
			if i > 0 {
				lines.WriteString("}}\n")
			}
			x.records++
			fmt.Fprintf(&lines, `{"table":"%s","id":"%s","data":{`, p[0], p[1])
		} else {
			lines.WriteByte(',')
		}
		fmt.Fprintf(&lines, `"%s":%s`, p[2], winner.json())
		x.field(writes[p], winner)
	}
	if len(paths) > 0 {
		lines.WriteString("}}\n")
	}
	x.state = lines.String()
	return x
}

// outcome adds the outcome of a write to the counts.
func (x *expected) outcome(before []entry, e entry) {
	if len(before) == 0 {
		x.applied++
		return
	}
	there := slices.MaxFunc(before, rule)
	switch {
	case e.same(there):
		x.equal++
	case e.time == there.time && e.client == there.client:
		x.collision++
	case rule(e, there) > 0:
		x.applied++
	default:
		x.superseded++
	}
}

// field adds the final state of a field to the counts.
func (x *expected) field(writes []entry, winner entry) {
	x.fields++
	if winner.value == "" {
		x.deletedFields++
	}
	if winner.field == "$deleted" && winner.value == "true" {
		x.deletedRecords++
	}
	others := slices.DeleteFunc(slices.Clone(writes), func(e entry) bool { return e.client == winner.client })
	if len(others) == 0 {
		return
	}
	x.shared++
	i := slices.IndexFunc(writes, func(e entry) bool { return e.based && e.same(winner) })
	if i < 0 {
		return
	}
	winner = writes[i]
	x.known++
	rival := slices.MaxFunc(others, rule)
	seen := winner.baseTime + "/" + winner.baseClient
	if seen < rival.time+"/"+rival.client && rival.value != winner.value {
		x.conflicts++
	}
}

// figures returns those lines of a report that the oracle can compute.
func (x expected) figures() []string {
	f := []string{
		row("records", x.records, 0, fmt.Sprintf("%d live, %d deleted", x.records-x.deletedRecords, x.deletedRecords)),
		row("fields", x.fields, 0, fmt.Sprintf("%d live, %d deleted", x.fields-x.deletedFields, x.deletedFields)),
		row("clients", x.clients, 0, ""),
		row("  applied", x.applied, x.writes(), ""),
		row("  superseded", x.superseded, x.writes(), ""),
		row("  equal", x.equal, x.writes(), ""),
		row("  collisions", x.collision, x.writes(), ""),
		row("shared fields", x.shared, x.fields, ""),
	}
	if x.known > 0 {
		f = append(f, row("  seen", x.known-x.conflicts, x.shared, ""), row("  conflicts", x.conflicts, x.shared, ""))
	}
	if x.known < x.shared {
		f = append(f, row("  unknown", x.shared-x.known, x.shared, ""))
	}
	return f
}

// writes returns the number of writes of the history.
func (x expected) writes() int { return x.applied + x.superseded + x.equal + x.collision }

// row returns the beginning of a line of a report. All figures are small, so only 0 % and 100 % need no rounding.
func row(name string, n, of int, note string) string {
	share := ""
	if of > 0 {
		share = strconv.FormatFloat(100*float64(n)/float64(of), 'f', 0, 64) + " %"
	}
	return fmt.Sprintf("\n  %-14s %11s  %5s  %s", name, strconv.Itoa(n), share, note)
}

// drawHistory draws writes from narrow domains, so that many of them conflict. All copies of a
// write that have a base have the same one, as in retries.
func drawHistory(t *rapid.T) []entry {
	one := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "") }
	history := make([]entry, rapid.IntRange(0, 24).Draw(t, "writes"))
	for i := range history {
		e := entry{
			table: one("t", "t/1"), id: one("1", "1/a", "é"), field: one("a", "a/b", "$deleted"),
			time:   one("2026-03-02T09:00:00.000000000Z", "2026-03-02T09:00:00.000000001Z", "2026-03-02T09:00:00.001000000Z"),
			client: one("0a000000-0000-4000-8000-000000000001", "7f000000-0000-4000-8000-000000000002", "80000000-0000-4000-8000-000000000003"),
			value:  one("", "null", "false", "true", "2", "10", `"x"`, `"\u007f\n"`, "[]", `{"k":1}`),
		}
		e.value = strings.ReplaceAll(e.value, `\u007f`, "\x7f")
		if e.field == "$deleted" {
			e.value = one("false", "true")
		}
		e.base(len(e.path()[1]+e.value)+int(e.client[0]), rapid.Bool().Draw(t, "told"))
		history[i] = e
	}
	return history
}

// base sets the base of a write if told is true. Copies of a write with the same n get the same
// base.
func (e *entry) base(n int, told bool) {
	if !told {
		return
	}
	switch e.based = n%3 > 0; {
	case n%3 == 1:
	case n%2 == 0 && e.time != "2026-03-02T09:00:00.000000000Z":
		e.baseTime, e.baseClient = "2026-03-02T09:00:00.000000000Z", "7f000000-0000-4000-8000-000000000002"
	}
}

func lines(history []entry) string {
	var b strings.Builder
	for _, e := range history {
		b.WriteString(e.line() + "\n")
	}
	return b.String()
}

// TestStateAndReportEqualTheOracle compares the state byte by byte, and every figure of the report.
func TestStateAndReportEqualTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		want := oracle(history)
		if got := replayed(t, lines(history), "-state"); got != want.state {
			t.Fatalf("state\n%swant\n%s", got, want.state)
		}
		report := replayed(t, lines(history))
		for _, figure := range want.figures() {
			if !strings.Contains(report, figure) {
				t.Fatalf("the report lacks %q:\n%s", figure, report)
			}
		}
		for name, want := range map[string]bool{"\n    seen ": want.known > 0, "\n    conflicts ": want.known > 0, "\n    unknown ": want.known < want.shared} {
			if strings.Contains(report, name) != want {
				t.Fatalf("the report should have a row %q: %v\n%s", name, want, report)
			}
		}
	})
}

// TestStateAndReportDoNotDependOnOrderAndReplicas: the state is the same, and so is the part of the
// report that describes it.
func TestStateAndReportDoNotDependOnOrderAndReplicas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		want := oracle(history)
		seed := strconv.FormatUint(rapid.Uint64().Draw(t, "seed"), 10)
		n := strconv.Itoa(rapid.IntRange(1, 9).Draw(t, "replicas"))
		for _, args := range [][]string{{"-shuffle", seed}, {"-split", n}, {"-split", n, "-shuffle", seed}} {
			if got := replayed(t, lines(history), append(args, "-state")...); got != want.state {
				t.Fatalf("%q: state\n%swant\n%s", args, got, want.state)
			}
		}
		straight := replayed(t, lines(history))
		mixed := replayed(t, lines(history), "-shuffle", seed, "-split", n)
		if a, b := conclusion(straight), conclusion(mixed); a != b {
			t.Fatalf("in order:\n%s\nmixed:\n%s", a, b)
		}
	})
}

// conclusion returns the part of a report that must not depend on the order.
func conclusion(report string) string { return report[strings.Index(report, "\n  shared fields"):] }

// TestStateMergesToItself: the printed state is a history too, and replaying it gives the same
// state and digest.
func TestStateMergesToItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := lines(drawHistory(t))
		state := replayed(t, history, "-state")
		if again := replayed(t, state, "-state"); again != state {
			t.Fatalf("got\n%swant\n%s", again, state)
		}
		if a, b := digestIn(t, replayed(t, history)), digestIn(t, replayed(t, state)); a != b {
			t.Fatalf("digest %s of the history, %s of its state", a, b)
		}
	})
}

func TestDigestDoesNotDependOnOrderAndSplit(t *testing.T) {
	text := smallHistory(t)
	want := digestIn(t, replayed(t, text))
	for seed := range 20 {
		for _, n := range []string{"1", "2", "3", "7"} {
			if got := digestIn(t, replayed(t, text, "-shuffle", strconv.Itoa(seed), "-split", n)); got != want {
				t.Errorf("seed %d, %s replicas: %s, want %s", seed, n, got, want)
			}
		}
	}
}
