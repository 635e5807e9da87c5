package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// protocol is the text of the document that describes the protocol.
func protocol(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../PROTOCOL.md")
	require.NoError(t, err)
	return string(text)
}

// example is a request of the document with its answer. In both, $NAME stands for a value that the server chooses, and
// in the answer a string … stands for any text.
type example struct {
	line         int    // of the document
	stage        string // what happens before the request; see stages
	method, path string
	header, got  http.Header // of the request and of the answer
	body, want   string
	status       int
}

var exampleFence = regexp.MustCompile("(?ms)^```http ?([a-z]*)\n(.*?)^```\n")

// examples returns the examples of the document, in order.
func examples(t *testing.T, document string) (all []example) {
	t.Helper()
	for _, at := range exampleFence.FindAllStringSubmatchIndex(document, -1) {
		e := example{line: 1 + strings.Count(document[:at[0]], "\n"), stage: document[at[2]:at[3]]}
		request, answer, ok := strings.Cut(document[at[4]:at[5]], "\nHTTP/1.1 ")
		require.True(t, ok, "line %d: no answer", e.line)
		var first string
		first, e.header, e.body = message(request)
		e.method, e.path, ok = strings.Cut(first, " ")
		require.True(t, ok, "line %d: no path", e.line)
		first, e.got, e.want = message(answer)
		code, _, _ := strings.Cut(first, " ")
		var err error
		e.status, err = strconv.Atoi(code)
		require.NoError(t, err, "line %d", e.line)
		all = append(all, e)
	}
	return all
}

// message divides a message into its first line, its header and its body.
func message(text string) (first string, header http.Header, body string) {
	head, body, _ := strings.Cut(text, "\n\n")
	first, head, _ = strings.Cut(head, "\n")
	header = make(http.Header)
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(line, ":")
		header.Add(name, strings.TrimSpace(value))
	}
	return first, header, strings.TrimSpace(body)
}

// variables are the values of $NAME in the examples of one server.
type variables map[string]string

var variable = regexp.MustCompile(`\$[A-Z][A-Z_]*|…`)

// fill replaces the variables of a request.
func (v variables) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string { return v[name] })
}

// match reports whether a text fits a pattern, and takes the values of new variables.
func (v variables) match(pattern, text string) bool {
	var names []string
	at, expression := 0, `^(?s)`
	for _, found := range variable.FindAllStringIndex(pattern, -1) {
		name := pattern[found[0]:found[1]]
		expression += regexp.QuoteMeta(pattern[at:found[0]])
		if value, known := v[name]; known {
			expression += regexp.QuoteMeta(value)
		} else {
			expression += `(.+?)`
			names = append(names, name)
		}
		at = found[1]
	}
	got := regexp.MustCompile(expression + regexp.QuoteMeta(pattern[at:]) + `$`).FindStringSubmatch(text)
	if got == nil {
		return false
	}
	for i, name := range names {
		if name != "…" {
			v[name] = got[i+1]
		}
	}
	return true
}

// matchValue reports whether a JSON value fits a value of the document.
func (v variables) matchValue(want, got any) bool {
	switch want := want.(type) {
	case string:
		text, ok := got.(string)
		return ok && v.match(want, text)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !v.matchValue(want[i], list[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return false
		}
		for name, value := range want {
			other, ok := object[name]
			if !ok || !v.matchValue(value, other) {
				return false
			}
		}
		return true
	}
	return want == got
}

// values returns the JSON values of a body.
func values(text string) (all []any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for {
		var value any
		switch err := d.Decode(&value); err {
		case nil:
			all = append(all, value)
		case io.EOF:
			return all, nil
		default:
			return nil, err
		}
	}
}

// run sends the request to a server, and returns an error unless the answer is the one of the document. It returns the
// answer, whose body it has read.
func (e example) run(url string, v variables) (answer *http.Response, body string, err error) {
	request, err := http.NewRequest(e.method, url+v.fill(e.path), strings.NewReader(v.fill(e.body)))
	if err != nil {
		return nil, "", err
	}
	for name, all := range e.header {
		request.Header.Set(name, v.fill(all[0]))
	}
	if answer, err = http.DefaultTransport.RoundTrip(request); err != nil { // which follows no redirection
		return nil, "", err
	}
	defer answer.Body.Close()
	if body, err = e.read(answer); err != nil {
		return answer, body, err
	}
	if answer.StatusCode != e.status {
		return answer, body, fmt.Errorf("status %d, want %d: %s", answer.StatusCode, e.status, body)
	}
	for name, all := range e.got {
		if got := answer.Header.Values(name); !slices.ContainsFunc(got, func(text string) bool { return v.match(all[0], text) }) {
			return answer, body, fmt.Errorf("header %s: %q, want %q", name, got, v.fill(all[0]))
		}
	}
	return answer, body, e.check(body, v)
}

// read reads the body of an answer. A stream of events does not end, so only as many lines are read as the document has.
func (e example) read(answer *http.Response) (string, error) {
	if answer.Header.Get("Content-Type") != "text/event-stream" {
		text := io.Reader(answer.Body)
		if answer.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if text, err = gzip.NewReader(text); err != nil {
				return "", err
			}
		}
		body, err := io.ReadAll(text)
		return string(body), err
	}
	var body bytes.Buffer
	lines := bufio.NewScanner(answer.Body)
	for n := strings.Count(e.want, "\n") + 1; n > 0 && lines.Scan(); n-- {
		body.WriteString(lines.Text() + "\n")
	}
	return strings.TrimSpace(body.String()), lines.Err()
}

// check returns an error unless a body is the one of the document. JSON is compared by values.
func (e example) check(body string, v variables) error {
	want, err := values(e.want)
	got, gotErr := values(body)
	if err == nil && gotErr == nil {
		if !v.matchValue(want, got) {
			return fmt.Errorf("body %s\nwant %s", body, v.fill(e.want))
		}
		return nil
	}
	if !v.match(e.want, body) {
		return fmt.Errorf("body %q\nwant %q", body, v.fill(e.want))
	}
	return nil
}
