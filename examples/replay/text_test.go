package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// clockText returns the time the given number of clock steps after nine o'clock.
func clockText(steps int64) string {
	return (clock.MustParseTimestamp("2026-03-02T09:00:00Z") + clock.Timestamp(steps)).String()
}

func TestNumberGroupsDigitsInThrees(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		if got := fieldlog.Number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestMarginKeepsTheTwoGreatestUnits(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		time.Millisecond:               "1 ms",
		999 * time.Millisecond:         "999 ms",
		time.Second:                    "1 s",
		10*time.Second + 1:             "10 s",
		1500 * time.Millisecond:        "1.5 s",
		59_999 * time.Millisecond:      "59.9 s",
		time.Minute:                    "1 min",
		time.Hour - 1:                  "59 min 59 s",
		2*time.Hour + 14*time.Minute:   "2 h 14 min",
		day - 1:                        "23 h 59 min",
		day:                            "1 day",
		day + time.Hour:                "1 day 1 h",
		3*day + 59*time.Minute:         "3 days",
		9*day + 23*time.Hour:           "9 days 23 h",
		10*day + 23*time.Hour:          "10 days",
		292 * 365 * day:                "106,580 days",
		2*day + 3*time.Hour - 1:        "2 days 2 h",
		61 * time.Second:               "1 min 1 s",
		time.Hour + 59*time.Second:     "1 h",
		100*time.Millisecond + day - 1: "1 day",
	} {
		if got := fieldlog.Margin(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestShownShortensAndEscapesValues(t *testing.T) {
	for _, c := range []struct {
		value any
		most  int
		want  string
	}{
		{"short", 7, `"short"`},
		{"longer", 7, `"long…"`},
		{"ÄÖÜäöü", 8, `"ÄÖÜäöü"`},
		{[]any{1, 2, 3}, 5, `[1,2…`},
		{nil, 4, "null"},
		{"\x1b[31mred", 40, `"\u001b[31mred"`},
		{"\u009b\u202e\u2028\x7f", 40, `"\u009b\u202e\u2028\u007f"`},
		{"zero\u200bwidth", 40, `"zero\u200bwidth"`},
	} {
		if got := shown(record.MustOf(c.value), c.most); got != c.want {
			t.Errorf("%v: %s, want %s", c.value, got, c.want)
		}
	}
}

// TestNamesAreEscapedOnTheTerminal: names can hold any character except U+0000, but must not
// control the terminal.
func TestNamesAreEscapedOnTheTerminal(t *testing.T) {
	history := ""
	for i, c := range []string{"a", "b"} {
		history += fmt.Sprintf(`{"table":"t\u001b[2J","id":"1\n","data":{"\u202e\u0007":{"value":%d,"updatedAt":%q,"clientId":"%s0000000-0000-4000-8000-000000000001"}}}`,
			i, clockText(int64(i)), c) + "\n"
	}
	path := "t\x1b[2J/1\n/\u202e\a"
	var errs bytes.Buffer
	run([]string{"-explain", path + "x", "-"}, strings.NewReader(history), &errs, &errs)
	for _, printed := range []string{replayed(t, history), replayed(t, history, "-explain", path), errs.String()} {
		if strings.ContainsAny(printed, "\x1b\u202e\a") || strings.Contains(printed, "/1\n") {
			t.Errorf("a name was printed without escapes: %q", printed)
		}
		if !strings.Contains(printed, `t\u001b[2J/1\u000a/\u202e\u0007`) {
			t.Errorf("the escaped name is missing: %q", printed)
		}
	}
}

func TestClientNamesAreTheShortestDistinctPrefixes(t *testing.T) {
	ids := []string{
		"0a000000-0000-4000-8000-000000000001",
		"7f3c0000-0000-4000-8000-000000000001",
		"7f3c0000-0000-4000-8000-000000000002",
		"7f3c0000-1000-4000-8000-000000000001",
		"ffffffff-0000-4000-8000-000000000001",
	}
	want := []string{"0a000000", "7f3c0000-0000-4000-8000-000000000001", "7f3c0000-0000-4000-8000-000000000002", "7f3c0000-1", "ffffffff"}
	clients := make(map[clock.ClientID]struct{})
	for _, id := range ids {
		clients[clock.MustParseClientID(id)] = struct{}{}
	}
	names := namesOf(clients, nil)
	for i, id := range ids {
		if got := names.of(clock.MustParseClientID(id)); got != want[i] {
			t.Errorf("%s: %s, want %s", id, got, want[i])
		}
	}
}

func TestProgressAppearsAfterASecondAndIsErased(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	share, known := 0, false
	p := &progress{out: &out, now: func() time.Time { return now }, next: now.Add(patience), share: func() (int, bool) { return share, known }}
	p.tick("writes merged", ticks)
	p.clear()
	if out.Len() > 0 {
		t.Errorf("shows %q too early", out.String())
	}
	now = now.Add(patience)
	p.tick("writes merged", ticks+1)
	p.tick("writes merged", 2*ticks)
	p.tick("writes merged", 3*ticks)
	if want := fmt.Sprintf("\r%-40s", "2,048 writes merged"); out.String() != want {
		t.Errorf("shows %q, want %q", out.String(), want)
	}
	now, share, known = now.Add(pace), 42, true
	p.tick("writes merged", 4*ticks)
	if want := fmt.Sprintf("\r%-40s", "42 % · 4,096 writes merged"); !strings.HasSuffix(out.String(), want) {
		t.Errorf("shows %q, want %q", out.String(), want)
	}
	p.clear()
	shown := strings.Split(out.String(), "\r")
	if last := shown[len(shown)-2]; strings.TrimSpace(last) != "" || len(last) < len(shown[1]) || shown[len(shown)-1] != "" {
		t.Errorf("%q is not erased", out.String())
	}
	if newProgress(&out, nil) != nil {
		t.Error("progress is shown on something that is not a terminal")
	}
	f := inFile(t, "log", nil)
	if file := openFile(t, f); newProgress(file, nil) != nil {
		t.Error("progress is shown in a file")
	}
	var none *progress
	none.tick("writes merged", ticks)
	none.clear()
	none.count(nil, 1)
}
