package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/violation"
)

// TestClientsFindWhatServersFind: run on the records of a server, the rules find exactly the
// open rows that the server has stored, byte for byte.
func TestClientsFindWhatServersFind(t *testing.T) {
	afterEachChapter(t, func(s *story, chapter int) {
		for _, server := range []*server{s.east, s.west} {
			found, err := rooms.FindJSON(server.Records().AppendLines(nil))
			require.NoError(t, err)
			require.Equal(t, openRows(t, server), string(found), "chapter %d, %s", chapter, server.name)
		}
	})
}

// TestJavaScriptFindsWhatServersFind: the rules find the same rows when JavaScript runs them.
func TestJavaScriptFindsWhatServersFind(t *testing.T) {
	find := nodeRules(t)
	open := make(map[int]bool) // the numbers of open violations that were seen
	afterEachChapter(t, func(s *story, chapter int) {
		found, err := find(s.east.Records().AppendLines(nil))
		require.NoError(t, err)
		require.Equal(t, openRows(t, s.east), found, "chapter %d", chapter)
		open[strings.Count(found, `"status":"open"`)] = true
	})
	require.Equal(t, map[int]bool{0: true, 1: true}, open)

	_, err := find([]byte(`{"table":"meetings"}`))
	require.ErrorContains(t, err, "missing member")
}

// afterEachChapter plays the story, and calls its parameter look after each chapter. It leaves
// out the last chapter, in which only time passes, because the rules read no clock.
func afterEachChapter(t *testing.T, look func(s *story, chapter int)) {
	s, err := newStory(io.Discard)
	require.NoError(t, err)
	chapters := s.chapters()
	for i, chapter := range chapters[:len(chapters)-1] {
		chapter()
		require.NoError(t, s.err)
		look(s, i)
	}
}

// TestSampleRecordsHaveAConflict checks the records that the README gives to the rules.
func TestSampleRecordsHaveAConflict(t *testing.T) {
	lines, err := os.ReadFile(filepath.Join("wasm", "testdata", "records.jsonl"))
	require.NoError(t, err)
	found, err := rooms.FindJSON(lines)
	require.NoError(t, err)
	require.Contains(t, string(found), "conflicts with")
}

// openRows returns the open violations that a server has stored, as JSON.
func openRows(t *testing.T, s *server) string {
	open := []violation.Violation{}
	for _, v := range violations(s.Records()) {
		if v.Status == violation.Open {
			open = append(open, v)
		}
	}
	text, err := json.Marshal(open)
	require.NoError(t, err)
	return string(text)
}

// nodeRules builds the rules for JavaScript, and returns a function that runs them under
// Node on JSON Lines.
func nodeRules(t *testing.T) func(lines []byte) (string, error) {
	if testing.Short() {
		t.Skip("the test builds for another platform, which is slow")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: the rules are not tested in JavaScript, because node is not installed")
	}
	program := filepath.Join(t.TempDir(), "rooms.wasm")
	build := exec.Command("go", "build", "-o", program, "./wasm")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	support := wasmSupport(t)
	return func(lines []byte) (string, error) {
		run := exec.Command(node, filepath.Join("wasm", "find.js"), support, program)
		run.Stdin = bytes.NewReader(lines)
		var stdout, stderr strings.Builder
		run.Stdout, run.Stderr = &stdout, &stderr
		if err := run.Run(); err != nil {
			return "", fmt.Errorf("%w: %s", err, stderr.String())
		}
		return strings.TrimSuffix(stdout.String(), "\n"), nil
	}
}

// wasmSupport returns the path of wasm_exec.js. Its folder depends on the version of Go.
func wasmSupport(t *testing.T) string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	for _, dir := range []string{"lib", "misc"} {
		path := filepath.Join(strings.TrimSpace(string(root)), dir, "wasm", "wasm_exec.js")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	require.Fail(t, "this Go installation has no wasm_exec.js")
	return ""
}
