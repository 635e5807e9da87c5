package recipes

import (
	"encoding/json"
	"sync"

	"github.com/fieldlww/fieldlww/merge"
)

// An Answer has all that an operator wants to know about a push, so the metrics of a backend need nothing
// else: count the answer after the commit, and never before, because a transaction may be tried again.
//
// Names that clients choose, such as tables, records and fields, are not in the metrics: there is no end of
// them. The codes of this library, the steps and the verdicts are few. A guard may make codes of its own, even
// from what a client has sent, so only the first of them are counted by name.
//
// examples/syncserver/server has the same for Prometheus, with the skew of clocks and the lag of pulls.

// Counters counts answers. The zero Counters is ready to use, from any number of goroutines. It is an
// expvar.Var: expvar.Publish("sync", &counters) shows it at /debug/vars, which clients must not reach.
type Counters struct {
	mu sync.Mutex
	n  counts
}

// counts is what Counters has counted.
type counts struct {
	Pushes    int            `json:"pushes"`
	Accepted  int            `json:"accepted"`  // items
	Refused   map[string]int `json:"refused"`   // items, by code
	Notes     map[string]int `json:"notes"`     // by code
	Decisions map[string]int `json:"decisions"` // fields, by the step that decided
	LostEdits int            `json:"lostEdits"`
}

// maxCodes is how many codes of refusals are counted by name, and otherCodes counts the others.
const (
	maxCodes   = 30
	otherCodes = "other"
)

// Count counts the answer to a push that was committed.
func (c *Counters) Count(a merge.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n.Refused == nil {
		c.n.Refused, c.n.Notes, c.n.Decisions = make(map[string]int), make(map[string]int), make(map[string]int)
	}
	c.n.Pushes++
	for _, r := range a.Results {
		if !r.Accepted() {
			c.n.Refused[c.name(r.Refusal.Code)]++
			continue
		}
		c.n.Accepted++
		for _, note := range r.Notes {
			c.n.Notes[string(note)]++
		}
	}
	for d := range a.Decisions() {
		c.n.Decisions[d.Step().String()]++
	}
	c.n.LostEdits += len(a.LostEdits())
}

// name returns the name under which a code is counted.
func (c *Counters) name(code merge.Code) string {
	_, known := c.n.Refused[string(code)]
	if known || len(c.n.Refused) < maxCodes && len(code) <= 64 {
		return string(code)
	}
	return otherCodes
}

// String returns the counts as a JSON object.
func (c *Counters) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, _ := json.Marshal(c.n) // the keys of maps are sorted
	return string(text)
}
