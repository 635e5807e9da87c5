package mergetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

var seeds = flag.Int("seeds", 100, "the number of runs of the correct backends and Clients that purge")

// purger is a correct backend that purges. Its rule can add a mistake. It stores records as they
// were joined, and judges and returns their normal form.
type purger struct {
	*memory
	purgeRule
	asked *merge.Request // the push that is being judged
}

// purgeState is the fence, and the samples from which it is raised.
type purgeState struct {
	fence, before purgeSample // before is the fence before the last raise
	samples       []purgeSample
	pulled        map[clock.ClientID]int // only one broken rule uses it
}

type purgeSample struct {
	at    time.Time
	seq   int
	stamp clock.Timestamp
}

// purgeRule holds the parts of a protocol. A part that is nil is correct.
type purgeRule struct {
	level  int
	told   int    // the level that pulls tell, if it is set
	why    string // of all resets, if it is set
	leaves bool   // returns a dead record as a line with left, which is correct
	asks   func(p *purger, r *merge.Request)
	finds  func(p *purger, s *merge.Stored)                                              // changes what a push is judged by
	normal func(r record.Record, fence clock.Timestamp, level int) record.Record         // the normal form
	drops  func(p *purger, r row) bool                                                   // whether a dead record may be dropped
	raise  func(p *purger, retention time.Duration) purgeSample                          // the next fence
	tells  func(p *purger) clock.Timestamp                                               // what a pull tells as clock
	pull   func(p *purger, client clock.ClientID, cursor string) ([]byte, string, error) // instead of Pull
	push   func(p *purger, client clock.ClientID, batch []byte) ([]byte, error)          // instead of Push
	starts func(p *purger)                                                               // changes the state of a new process
	erases func(p *purger, key record.Key, at clock.Stamp) (clock.Stamp, error)          // instead of Erase
	saves  func(d *disk)                                                                 // changes the state of a restored server
}

// purging returns a constructor of backends with a rule.
func purging(rule purgeRule) newBackend {
	return over(func(m *memory) Backend { return rule.over(m) })
}

// over returns a backend with the rule.
func (rule purgeRule) over(m *memory) *purger {
	rule.level = max(rule.level, 1)
	if rule.normal == nil {
		rule.normal = merge.Purge
	}
	if rule.drops == nil {
		rule.drops = func(p *purger, r row) bool { return r.seq <= p.disk.purge.fence.seq }
	}
	if rule.raise == nil {
		rule.raise = (*purger).newest
	}
	if rule.tells == nil {
		rule.tells = func(p *purger) clock.Timestamp { return max(p.disk.greatest, p.disk.purge.fence.stamp) }
	}
	p := &purger{memory: m, purgeRule: rule}
	m.asks = func(r *merge.Request) {
		if p.asked = r; rule.asks != nil {
			rule.asks(p, r)
		}
	}
	m.finds = func(m *memory, s *merge.Stored) {
		s.Fence, s.Level = m.disk.purge.fence.stamp, rule.level
		if rule.finds != nil {
			rule.finds(p, s)
		}
	}
	if rule.starts != nil {
		rule.starts(p)
	}
	return p
}

func (p *purger) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if p.push != nil {
		return p.push(p, client, batch)
	}
	return p.memory.Push(client, batch)
}

// newest returns the newest sample that is as old as the retention, or the fence if that is newer.
func (p *purger) newest(retention time.Duration) purgeSample {
	state := &p.disk.purge
	fence := state.fence
	for _, s := range state.samples {
		if s.seq >= fence.seq && !s.at.After(p.env.Now().Add(-retention)) {
			fence = s
		}
	}
	return fence
}

func (p *purger) Purge(retention time.Duration) (Purged, error) {
	state := &p.disk.purge
	state.samples = append(state.samples[:len(state.samples):len(state.samples)], purgeSample{p.env.Now(), p.disk.seq, p.disk.greatest})
	next := p.raise(p, retention)
	if next != state.fence {
		state.before, state.fence = state.fence, next
	}
	purged := Purged{Sequence: int64(state.fence.seq), Fence: state.fence.stamp, Level: p.level}
	for _, r := range p.disk.sorted() {
		kept := p.normal(r.Record, state.fence.stamp, p.level)
		switch {
		case kept.Len() > 0:
			p.disk.rows[r.Key()] = row{kept, r.seq}
		case p.drops(p, r):
			delete(p.disk.rows, r.Key())
			continue
		}
		if r.seq <= state.fence.seq {
			purged.Records = append(purged.Records, p.disk.rows[r.Key()].Record)
		}
	}
	return purged, nil
}

// Erase stores the erased form of a record.
func (p *purger) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	if p.erases != nil {
		return p.erases(p, key, at)
	}
	return p.eraseBy(key, at, merge.Erase)
}

func (p *purger) eraseBy(key record.Key, at clock.Stamp, erase func(record.Record, clock.Stamp) (record.Record, error)) (clock.Stamp, error) {
	at.Client = clock.ClientID{9}
	after, err := erase(p.disk.rows[key].WithKey(key), at)
	if err == nil {
		p.disk.put(after)
	}
	v, _ := after.Get(record.DeletedField)
	return v.Stamp, err
}

// Pull returns one record at a time.
func (p *purger) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	if p.pull != nil {
		return p.pull(p, client, cursor)
	}
	lines, next := p.page(cursor)
	p.env.Pause()
	return p.ended(lines), next, nil
}

// Backup backs up the disk, with the fence and its samples.
func (p *purger) Backup() (func() (Backend, error), error) {
	saved := p.disk.copy()
	return func() (Backend, error) {
		d := saved.revived()
		if p.saves != nil {
			p.saves(d)
		}
		return p.open(d)
	}, nil
}

// page returns the next record after a cursor, which has two numbers: the sequence up to which the
// client has everything, and the sequence at which its load began.
func (p *purger) page(cursor string) (lines []byte, next string) {
	fence := p.disk.purge.fence
	after, loading := p.position(cursor)
	restored := cursor != "" && !strings.HasPrefix(cursor, fmt.Sprint(p.disk.life, "."))
	if restored || max(after, loading) < fence.seq {
		why := cmp.Or(p.why, map[bool]string{true: "epoch", false: "fence"}[restored])
		lines, after, loading = fmt.Appendf(nil, "{\"reset\":[\"\"],\"why\":%q}\n", why), 0, p.disk.seq
	}
	for _, r := range p.disk.sorted() {
		if r.seq > after {
			return append(lines, p.line(r)...), fmt.Sprintf("%d.%d.%d", p.disk.life, r.seq, loading)
		}
	}
	if after < loading {
		return lines, fmt.Sprintf("%d.%d.0", p.disk.life, loading)
	}
	return lines, cursor
}

func (p *purger) position(cursor string) (after, loading int) {
	parts := strings.Split(cursor, ".")
	if len(parts) == 3 && parts[0] == strconv.Itoa(p.disk.life) {
		after, _ = strconv.Atoi(parts[1])
		loading, _ = strconv.Atoi(parts[2])
	}
	return after, loading
}

// line returns the normal form of a row. A dead record that was not dropped is returned as its
// deletion.
func (p *purger) line(r row) []byte {
	kept := merge.Purge(r.Record, p.disk.purge.fence.stamp, p.level)
	if kept.Len() == 0 {
		if p.leaves {
			id, _ := json.Marshal(r.Key().ID)
			return fmt.Appendf(nil, "{\"table\":%q,\"id\":%s,\"left\":true}\n", r.Key().Table, id)
		}
		kept = merge.Purge(r.Record, p.disk.purge.fence.stamp, 1)
	}
	return line(kept)
}

// ended adds the last line of a page.
func (p *purger) ended(lines []byte) []byte {
	if fence := p.disk.purge.fence; fence.stamp > 0 {
		lines = fmt.Appendf(bytes.Clone(lines), "{\"fence\":%q,\"level\":%d,\"clock\":%q}\n", fence.stamp.String(), cmp.Or(p.told, p.level), p.purgeRule.tells(p).String())
	}
	return lines
}

// TestRightPurgersPass checks correct backends of both levels.
func TestRightPurgersPass(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]purgeRule{
		"level 1":                       {level: 1},
		"level 2":                       {level: 2},
		"partly gone items are refused": {level: 2, asks: func(_ *purger, r *merge.Request) { r.WholeItems = true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, purging(rule), some(Options{Seeds: *seeds}))
		})
	}
}

// unrestored is a backend that erases, but cannot be restored from a backup.
type unrestored struct {
	Backend
	Eraser
	Purger
}

// TestEraserNeedsNoRestore checks that no restore is required of a backend that is not a Restorer.
func TestEraserNeedsNoRestore(t *testing.T) {
	skipShort(t)
	t.Parallel()
	create := purging(purgeRule{level: 2})
	Run(t, func(env *Env) (Backend, error) {
		b, err := create(env)
		if err != nil {
			return nil, err
		}
		p := b.(*purger)
		return unrestored{p, p, p}, nil
	}, Options{Seeds: enough})
}
