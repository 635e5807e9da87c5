package server

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"
)

// The quotas. A push counts the bytes of its body, of the records that it reads, and of those
// that it writes, which all other clients pull; and each item counts a KiB, and each scope of a
// rule that a record leaves or enters. So one that adds a word to each of 62 full records counts
// as 32 MiB, although it has 11 kB, and a booking of many years as 36 KiB more than its bytes. A
// pull counts what it sends. Each process counts for itself.
//
// Pushes fade slowly: a client that comes back after a week offline, or works on a large record,
// may push much at once, and a client that pushes all day gets a small part of that each minute.
const (
	minute                    = time.Minute // in which use fades to a third, where nothing else is said
	pushTime                  = 32 * minute // the same for pushes
	pushedByClient            = 1 << 30     // at once, and then 32 MiB a minute
	pushedToWorkspace         = 4 << 30     // at once, and then 128 MiB a minute
	pulledByClient            = 1 << 30     // a minute
	pulledOfWorkspace         = 4 << 30
	joinsOfAddress            = 300 // in five minutes
	costOfItem                = 1 << 10
	costOfScope               = 1 << 10
	costOfPull                = 4 << 10
	maxCounted                = 100_000 // clients of a workspace; further ones are counted as one
	negligible        float64 = 1       // use that is as good as none
)

// quotas bound what each member of a group does over time, and what the group does. Use
// fades: a limit is what may be used within the time again and again.
//
// What a push costs is known when its records were read and merged, under the lock of its
// workspace. So a client is let in while it is not in debt, whatever its push will cost: one
// of the greatest size always fits a quota that is not used up. What a push costs is charged
// before it is committed, and the next one waits until the debt has faded. If the group is in
// debt, the size of what a push reads is asked for first, so that one that is refused takes
// little time.
//
// A group in debt is shared evenly. A client whose push, with what it did before, stays below
// its part of the group's limit is served, so a few that use up everything never stop the
// others. All parts together are the limit once more, so the group stays below twice its limit
// and one push. Clients are counted by their IDs, of which one person may have many: the
// number of joins is bounded by address.
type quotas struct {
	now           func() time.Time
	member, group float64 // the limits
	fade          time.Duration

	mu sync.Mutex
	of map[string]*account // by the name of the group
	// prune is the number of groups at which those without use are forgotten.
	prune int
}

// account is what a group has used.
type account struct {
	meter
	members map[string]*meter
	prune   int // as in quotas
}

// meter is use that fades.
type meter struct {
	used  float64
	at    time.Time
	until time.Time // when the next use is considered
}

func newQuotas(member, group float64, fade time.Duration) *quotas {
	return &quotas{now: time.Now, member: member, group: group, fade: fade, of: make(map[string]*account)}
}

// admit lets a member in that is not in debt, or says when to come again.
func (q *quotas) admit(group, member string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	_, m := q.accountOf(now, group, member)
	if wait := max(m.until.Sub(now), q.wait(m.used, q.member)); wait > 0 {
		return exceeded(wait)
	}
	return nil
}

// charge counts use, unless it is more than the member may have. Then nothing is counted.
func (q *quotas) charge(group, member string, cost float64) error {
	if err := q.afford(group, member, cost); err != nil {
		return err
	}
	q.count(group, member, cost)
	return nil
}

// inDebt reports whether a group has used up its quota.
func (q *quotas) inDebt(group string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.of[group]
	if g == nil {
		return false
	}
	g.fadeTo(q.now(), q.fade)
	return g.used >= q.group
}

// afford refuses use if the group is in debt and the member would have more than its part of it.
// The member is not admitted until that has changed.
func (q *quotas) afford(group, member string, cost float64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	g, m := q.accountOf(now, group, member)
	if g.used < q.group {
		return nil
	}
	part := q.group / float64(g.countActive(q, now, m))
	if m.used+cost <= part {
		return nil
	}
	wait := q.wait(g.used, q.group)
	if cost < part {
		wait = min(wait, q.wait(m.used, part-cost))
	}
	wait = max(wait, time.Second)
	m.until = now.Add(wait)
	return exceeded(wait)
}

// count counts use that has happened.
func (q *quotas) count(group, member string, cost float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g, m := q.accountOf(q.now(), group, member)
	g.used += cost
	m.used += cost
}

// wait returns how long it takes until use has faded below a limit.
func (q *quotas) wait(used, limit float64) time.Duration {
	if used < limit {
		return 0
	}
	return max(time.Duration(float64(q.fade)*math.Log(used/limit)), time.Millisecond)
}

// accountOf returns what a group and a member have used until now.
func (q *quotas) accountOf(now time.Time, group, member string) (*account, *meter) {
	g := q.of[group]
	if g == nil {
		if len(q.of) >= q.prune {
			for name, g := range q.of {
				if g.fadeTo(now, q.fade); g.used < negligible {
					delete(q.of, name)
				}
			}
			q.prune = 2*len(q.of) + 64
		}
		g = &account{meter: meter{at: now}, members: make(map[string]*meter)}
		q.of[group] = g
	}
	g.fadeTo(now, q.fade)
	return g, g.meterOf(q, now, member)
}

// meterOf returns what a member has used until now.
func (g *account) meterOf(q *quotas, now time.Time, member string) *meter {
	m := g.members[member]
	if m == nil {
		if len(g.members) >= g.prune {
			g.countActive(q, now, nil)
			g.prune = 2*len(g.members) + 64
		}
		if len(g.members) >= maxCounted {
			member = ""
		}
		if m = g.members[member]; m == nil {
			m = &meter{at: now}
			g.members[member] = m
		}
	}
	m.fadeTo(now, q.fade)
	return m
}

// countActive forgets members without use, other than one that is about to have some, and returns
// how many are left.
func (g *account) countActive(q *quotas, now time.Time, keep *meter) int {
	for name, m := range g.members {
		if m.fadeTo(now, q.fade); m != keep && m.used < negligible && !m.until.After(now) {
			delete(g.members, name)
		}
	}
	return len(g.members)
}

// fadeTo brings a meter up to date.
func (m *meter) fadeTo(now time.Time, fade time.Duration) {
	if passed := now.Sub(m.at); passed > 0 {
		m.used *= math.Exp(-float64(passed) / float64(fade))
		m.at = now
	}
}

// later is why a request is refused that may come again.
type later struct{ wait time.Duration }

// Error returns when.
func (l *later) Error() string {
	return fmt.Sprintf("the quota is used up: come again in %v", l.seconds())
}

// seconds returns the wait as the header Retry-After has it, rounded up.
func (l *later) seconds() time.Duration { return (l.wait + time.Second - 1).Truncate(time.Second) }

// exceeded refuses a request before it has had an effect.
func exceeded(wait time.Duration) error {
	err := &later{wait}
	return &failure{http.StatusTooManyRequests, "quota_exceeded", err.Error(), err}
}

// retryAfter returns what a failure has in the header Retry-After, or "".
func retryAfter(fail *failure) string {
	if l := new(later); errors.As(fail, &l) {
		return fmt.Sprint(int64(l.seconds() / time.Second))
	}
	if fail.status == http.StatusServiceUnavailable {
		return "1"
	}
	return ""
}
