package server

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record/lens"
)

// stages of the document: what happens before the example that names one. Variables keep their values.
func stages() map[string]func(*calendar, variables) *calendar {
	return map[string]func(*calendar, variables) *calendar{
		"restored": func(c *calendar, _ variables) *calendar { // the database was restored from a backup
			_, _, err := c.Restored(c.t.Context())
			require.NoError(c.t, err)
			return c
		},
		"later": func(c *calendar, _ variables) *calendar { // the server ran for 100 days
			c.pass(100)
			return c
		},
		"busy": func(c *calendar, v variables) *calendar { // the user has used up the quotas
			for _, q := range []*quotas{c.pushes, c.pulls} {
				q.member = 1
				q.count("demo", v["$DAN"], 1<<20)
			}
			return c
		},
		"versions": func(c *calendar, _ variables) *calendar { // another server, which also serves clients of the version 1
			l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{{Old: "caption", New: "title"}}})
			require.NoError(c.t, err)
			return documented(c.t, Options{Schema: "2", Lenses: map[string]lens.Lens{"1": l}})
		},
		"divided": func(c *calendar, _ variables) *calendar { // another server, which has buckets and keeps a journal
			return documented(c.t, Options{Buckets: byProject, Journal: true})
		},
	}
}

// documented returns the server of the examples.
func documented(t *testing.T, o Options) *calendar {
	t.Helper()
	c := &calendar{t: t, wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	d, err := OpenDatabase(t.Context(), databasetest.SQLite(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	o.Open, o.Log, o.Now = "demo", slog.New(slog.DiscardHandler), func() time.Time { return c.wall }
	o.Origins = []string{"https://app.example.com"}
	o.MayGrant = func(a Actor, g Grant) error { return nil }
	c.Server, err = New(t.Context(), d, o)
	require.NoError(t, err)
	c.now, c.tokens.now = o.Now, o.Now
	return c
}

// TestProtocolExamples runs the examples of the document against a server, and compares them with the OpenAPI document.
func TestProtocolExamples(t *testing.T) {
	c, v, api := documented(t, Options{}), variables{}, described(t)
	url := listen(t, c.Server)
	for _, e := range examples(t, protocol(t)) {
		if e.stage != "" {
			begin := stages()[e.stage]
			require.NotNil(t, begin, "PROTOCOL.md:%d: the stage %q", e.line, e.stage)
			before := c
			if c = begin(c, v); c != before {
				url = listen(t, c.Server)
			}
		}
		answer, body, err := e.run(url, v)
		require.NoError(t, err, "PROTOCOL.md:%d: %s %s", e.line, e.method, e.path)
		e.body = v.fill(e.body)
		api.requireDescribed(t, e, answer, body)
	}
}
