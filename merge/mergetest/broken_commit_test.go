package mergetest

import (
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// caching is a backend that keeps rows in memory, which it changes before the commit and does not roll back. A
// restart reads the rows again, so only a failed commit in a process that goes on shows the mistake.
type caching struct {
	*memory
	cache *disk
	reads
}

// reads are the reads that use the cache.
type reads struct{ rows, marks, pulls bool }

func cachingFor(r reads) newBackend {
	return over(func(m *memory) Backend { return &caching{m, m.disk.copy(), r} })
}

func (c *caching) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	items, err := c.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	push := c.engine.Prepare(c.request(client, items))
	stored := c.disk.load(push)
	if c.rows {
		stored.Records = c.cache.load(push).Records
	}
	if c.marks {
		stored.Watermarks = c.cache.load(push).Watermarks
	}
	answer, err := push.Apply(stored)
	if err != nil {
		return nil, err
	}
	c.cache.save(answer)
	if err := c.env.Crash(); err != nil {
		return nil, err
	}
	return answer.AppendJSON(nil), c.commit(answer)
}

func (c *caching) commit(a merge.Answer) error {
	c.disk.save(a)
	c.clock.Observe(a.Greatest)
	return c.env.Crash()
}

func (c *caching) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	m := *c.memory
	if c.pulls {
		m.disk = c.cache
	}
	return m.Pull(client, cursor)
}

func (c *caching) Write(key record.Key, field string, v record.Value) error {
	err := c.memory.Write(key, field, v)
	c.cache.put(c.disk.rows[key].Record)
	return err
}

// brokenCommits returns backends that do not roll back what is in memory when a commit fails.
func brokenCommits() []broken {
	return []broken{
		{"a cache keeps the rows of a failed commit, and pushes read it", cachingFor(reads{rows: true}), []law.Law{law.Vanish, law.Outcome, law.Later, law.Counter, law.Tombstone, law.Four, law.Stays}},
		{"a cache keeps the rows of a failed commit, and pulls read it", cachingFor(reads{pulls: true}), []law.Law{law.ServerClock, law.Retry}},
		{"a cache keeps the marks of a failed commit", cachingFor(reads{marks: true}), []law.Law{law.Note, law.Lost}},
	}
}

// TestFailedCommitIsNamed checks that a mistake which only a failed commit shows is reported with that commit,
// and that the process then goes on.
func TestFailedCommitIsNamed(t *testing.T) {
	steps := []string{"ana edits a x=1", "ana pushes, commit fails at 1"}
	err := replay(cachingFor(reads{rows: true}), Schedule{Steps: steps})
	if err == nil || !strings.Contains(err.Error(), "the process goes on; it is unknown") || !strings.Contains(err.Error(), "a cache of rows, marks or sequence numbers") {
		t.Error(err)
	}
	for _, steps := range [][]string{{steps[0], "ana pushes, server dies at 1"}, {steps[0], "ana pushes"}} {
		if err := replay(cachingFor(reads{rows: true}), Schedule{Steps: steps}); err != nil {
			t.Error(steps, err)
		}
	}
}
