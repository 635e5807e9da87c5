package server

import (
	"math"
	"sync"
	"time"
)

// The quotas. A push is charged for the bytes of its body, of the records that it reads, and of
// the records that it writes, because all other clients pull these. In addition, it is charged 1
// KiB for each item, and for each scope of a rule that a record leaves or enters. For example, a
// push of 11 kB that adds a word to each of 62 full records costs 31 MiB: it reads and writes each
// record, 2 × 62 × 256 KiB. A booking of many years costs 36 KiB more than its bytes. A pull is
// charged for the bytes that it sends. Each process keeps its own counts.
//
// The amount that pushes have used fades slowly. So a user who comes back after a week offline,
// or works on a large record, may push a large amount at once, and a user who pushes all day may
// push a small part of that amount each minute.
const (
	minute                    = time.Minute // fade time: the time in which a used amount fades to about a third
	pushTime                  = 32 * minute // fade time of pushes
	pushedByUser              = 1 << 30     // bytes at once, and then 32 MiB a minute
	pushedToWorkspace         = 4 << 30     // bytes at once, and then 128 MiB a minute
	pulledByUser              = 1 << 30     // bytes a minute
	pulledOfWorkspace         = 4 << 30     // bytes a minute
	joinsOfAddress            = 300         // in five minutes
	costOfItem                = 1 << 10
	costOfScope               = 1 << 10
	costOfPull                = 4 << 10
	maxCounted                = 100_000 // users of a workspace; all further users are counted as one
	negligible        float64 = 1       // less use than this counts as none
)

// quotas limits how much each member of a group, and the whole group, may use over time. A used
// amount fades, so a member may use its limit once in each fade time.
//
// The cost of a push is known only after its records were read and merged, under the lock of the
// workspace. So a user without debt is admitted, whatever the push will cost; a push
// of maximum size always fits a quota that is not used up. The cost is charged before the push is
// committed, and the next push of the user waits until the debt has faded. If the group is in
// debt, the server first determines how much a push reads, so that a refused push takes little
// time.
//
// The members of a group in debt get equal shares of its limit. A user is served if the use,
// including the push, stays below the share. So a few users who use up the quota never stop the
// others. All shares together equal the limit, so the use of the group stays below twice its limit
// plus one push. Members are users, with all their clients. In an open workspace, one person may be many
// users; the number of joins is limited per address.
type quotas struct {
	now           func() time.Time
	member, group float64       // the limits
	fade          time.Duration // in which a used amount fades to 1/e of itself

	mu sync.Mutex
	of map[string]*account // by the name of the group
	// prune is the number of groups at which idle groups are removed.
	prune int
}

// account holds what a group and its members have used.
type account struct {
	meter
	members map[string]*meter
	prune   int // the number of members at which idle members are removed
}

// meter measures use that fades over time.
type meter struct {
	used  float64
	at    time.Time
	until time.Time // before which no further use is admitted
}

func newQuotas(member, group float64, fade time.Duration) *quotas {
	return &quotas{now: time.Now, member: member, group: group, fade: fade, of: make(map[string]*account)}
}

// admit returns nil if a member is not in debt, and otherwise a failure that says when to retry.
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

// charge counts a cost if the member can afford it, and otherwise returns an error and counts
// nothing.
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

// afford refuses a cost if the group is in debt and the cost would raise the member's use
// above its share. The member is then not admitted until the debt has faded far enough.
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

// count counts a cost, whether or not the member can afford it.
func (q *quotas) count(group, member string, cost float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g, m := q.accountOf(q.now(), group, member)
	g.used += cost
	m.used += cost
}

// refusedUntil returns the time before which a member is not admitted.
func (q *quotas) refusedUntil(group, member string) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, m := q.accountOf(q.now(), group, member)
	return m.until
}

// undo takes back a cost, and sets the time that refusedUntil had returned before.
func (q *quotas) undo(group, member string, cost float64, until time.Time) {
	q.count(group, member, -cost)
	q.mu.Lock()
	defer q.mu.Unlock()
	_, m := q.accountOf(q.now(), group, member)
	m.until = until
}

// wait returns how long it takes until the amount used has faded below a limit.
func (q *quotas) wait(used, limit float64) time.Duration {
	if used < limit {
		return 0
	}
	return max(time.Duration(float64(q.fade)*math.Log(used/limit)), time.Millisecond)
}

// accountOf returns the account of a group and the meter of a member, both faded to now.
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

// meterOf returns the meter of a member, faded to now.
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

// countActive removes idle members, except keep, which is about to use its quota, and returns how
// many members are left.
func (g *account) countActive(q *quotas, now time.Time, keep *meter) int {
	for name, m := range g.members {
		if m.fadeTo(now, q.fade); m != keep && m.used < negligible && !m.until.After(now) {
			delete(g.members, name)
		}
	}
	return len(g.members)
}

// fadeTo fades the use to the given time.
func (m *meter) fadeTo(now time.Time, fade time.Duration) {
	if passed := now.Sub(m.at); passed > 0 {
		m.used *= math.Exp(-float64(passed) / float64(fade))
		m.at = now
	}
}
