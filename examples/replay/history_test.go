package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
)

// realHistory is the file of a real edit history, which may lie next to the checkout: the edits of
// 41 people to the package.json files of a repository over three years.
const realHistory = "../../../shared/data/jupyterlab-manifests.jsonl.gz"

// realDigest is the SHA-256 that the final state of the history must have, with the stamps that the
// function named stamped assigns. It was computed without this library.
const realDigest = "57ba4fc2dea32e79abb5e71a59da67036250eb57373af666128be0d9c0977f30"

// TestRealHistoryEndsInTheKnownStateInAnyOrder: the number of replicas does not matter either.
func TestRealHistoryEndsInTheKnownStateInAnyOrder(t *testing.T) {
	wantLive, commits := readCommits(t)
	history := stamped(commits)
	ways := [][]string{
		{}, {"-split", "2"},
		{"-shuffle", "1"}, {"-shuffle", "2", "-split", "3"}, {"-shuffle", "3", "-split", "7"},
	}
	if testing.Short() {
		ways = ways[3:4]
	}
	for _, args := range ways {
		state := replayed(t, history, append(args, "-state")...)
		all, live := digests(t, state)
		if all != realDigest {
			t.Errorf("%q: the state has the digest %s, want %s", args, all, realDigest)
		}
		if live != wantLive {
			t.Errorf("%q: the live fields have the digest %s, want %s", args, live, wantLive)
		}
	}
	report := replayed(t, history)
	for _, figure := range []string{
		row("records", 105, 0, "105 live, 0 deleted"),
		"\n  fields               4,096         2,331 live, 1,765 deleted\n",
		row("clients", 39, 0, ""), // two of the 41 people only merged
		"\n  writes              29,726 ",
	} {
		if !strings.Contains(report, figure) {
			t.Errorf("the report lacks %q:\n%s", figure, report)
		}
	}
}

type commit struct {
	Parents []int  `json:"parents"`
	Client  string `json:"client"`
	Wall    int64  `json:"wall_ms"`
	Writes  []struct {
		Record  string          `json:"record"`
		Field   string          `json:"field"`
		Value   json.RawMessage `json:"value"`
		Deleted bool            `json:"deleted"`
	} `json:"writes"`
}

// readCommits returns the commits, and the digest on the first line.
func readCommits(t *testing.T) (live string, commits []commit) {
	t.Helper()
	f, err := os.Open(realHistory)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no real edit history next to the checkout, at " + realHistory)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	var header struct {
		LiveSHA256 string `json:"live_sha256"`
	}
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &header) != nil {
		t.Fatal("the history has no header")
	}
	for lines.Scan() {
		var c commit
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return header.LiveSHA256, commits
}

// stamped returns the history as mutations. A commit starts with the clock of its first parent. A
// merge receives the clock of the second parent, and ticks. Each write ticks.
func stamped(commits []commit) string {
	var b strings.Builder
	clocks := make([]int64, len(commits))
	for i, c := range commits {
		var at int64
		wall := c.Wall * 1e6
		if len(c.Parents) > 0 {
			at = clocks[c.Parents[0]]
		}
		if len(c.Parents) > 1 {
			at = max(max(at, clocks[c.Parents[1]])+1, wall)
		}
		for _, w := range c.Writes {
			at = max(at+1, wall)
			value := `"deleted":true`
			if !w.Deleted {
				value = `"value":` + string(w.Value)
			}
			fmt.Fprintf(&b, `{"table":"manifests","id":%s,"data":{%s:{%s,"updatedAt":%q,"clientId":%q}}}`+"\n",
				quoted(w.Record), quoted(w.Field), value, clock.Timestamp(at), c.Client)
		}
		clocks[i] = at
	}
	return b.String()
}

// quoted returns s as a JSON string with only the escapes that JSON requires.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// digests returns the SHA-256 of the sorted lines of a state, and of its live lines without stamps.
func digests(t *testing.T, state string) (all, live string) {
	t.Helper()
	var full, short []string
	for line := range strings.Lines(state) {
		var m struct {
			ID   string `json:"id"`
			Data map[string]struct {
				Value     json.RawMessage `json:"value"`
				UpdatedAt string          `json:"updatedAt"`
				ClientID  string          `json:"clientId"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		for name, w := range m.Data {
			leaf := quoted(m.ID) + "\t" + quoted(name) + "\t" + string(w.Value)
			stamp := strconv.FormatInt(int64(clock.MustParseTimestamp(w.UpdatedAt)), 10)
			full = append(full, leaf+"\t"+stamp+"\t"+w.ClientID+"\n")
			if len(w.Value) > 0 {
				short = append(short, leaf+"\n")
			}
		}
	}
	return sum256(full), sum256(short)
}

func sum256(lines []string) string {
	slices.Sort(lines)
	h := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(h[:])
}
