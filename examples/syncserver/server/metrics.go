package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/violation"
)

// metrics counts what a Frontend does since it was created. No label names a workspace, a user, a client, a table, a
// record or a field, so clients cannot make the number of series grow.
type metrics struct {
	pushes   prometheus.Counter
	pushTime prometheus.Histogram
	skew     prometheus.Histogram
	items    *prometheus.CounterVec // by verdict, and by the code of a refusal
	notes    *prometheus.CounterVec // by code
	steps    *prometheus.CounterVec // of decisions
	lost     prometheus.Counter
	writes   prometheus.Counter     // of the server itself
	rules    *prometheus.CounterVec // by rule
	pulls    *prometheus.CounterVec // by how they begin
	lag      prometheus.Histogram
	pushed   prometheus.Counter     // bytes
	pulled   prometheus.Counter     // bytes
	failures *prometheus.CounterVec // by route and code
	codes    *bounded               // of refusals, which an app may add
	names    *bounded               // of rules
}

// The values of the label begin of pulls.
const (
	pullsFirst = "first" // the client has pulled nothing before
	pullsReset = "reset" // it loads some buckets again
	pullsNext  = "next"  // it pulls what has changed
)

// newMetrics returns metrics that have a series with the value zero for each known label.
func newMetrics() *metrics {
	m := &metrics{
		pushes:   counter("pushes_total", "Pushes that were answered."),
		pushTime: histogram("push_seconds", "Seconds from the body of a push to its answer.", prometheus.DefBuckets),
		skew: histogram("clock_skew_seconds", "The clock of the server minus the greatest stamp of a push. "+
			"It is negative if the clock of the client is ahead, and contains the time that edits have waited offline.",
			[]float64{-3600, -60, -10, -1, 1, 10, 60, 3600, 86400, 604800}),
		items:    counters("items_total", "Items of pushes. An accepted item has no code.", "verdict", "code"),
		notes:    counters("notes_total", "Notes on accepted items.", "code"),
		steps:    counters("decisions_total", "Decisions on fields, by the step of the rule that decided.", "step"),
		lost:     counter("lost_edits_total", "Edits that lost against a write whose author had not seen them."),
		writes:   counter("server_writes_total", "Writes of the server itself that changed something."),
		rules:    counters("rule_failures_total", "Pushes, and writes of the server, for which a rule could not check all scopes.", "rule"),
		pulls:    counters("pulls_total", "Pulls, by how they begin.", "begin"),
		lag:      histogram("pull_lag_sequences", "The last sequence of a workspace minus the sequence that a pull begins after.", []float64{0, 1, 10, 100, 1000, 10_000, 100_000}),
		pushed:   counter("pushed_bytes_total", "Bytes of the bodies of pushes that were answered."),
		pulled:   counter("pulled_bytes_total", "Bytes of the chunks of pulls, compressed."),
		failures: counters("failures_total", "Requests that failed as a whole, by route and code.", "route", "code"),
		codes:    &bounded{most: 20}, names: &bounded{most: 100},
	}
	m.items.WithLabelValues("accepted", "")
	for _, code := range refusals() {
		m.items.WithLabelValues("refused", m.codes.label(string(code)))
	}
	m.codes.most += len(refusals())
	for _, code := range notes() {
		m.notes.WithLabelValues(string(code))
	}
	for step := merge.FirstWrite; step <= merge.SameWrite; step++ {
		m.steps.WithLabelValues(step.String())
	}
	for _, begin := range []string{pullsFirst, pullsReset, pullsNext} {
		m.pulls.WithLabelValues(begin)
	}
	return m
}

// refusals returns the codes of refusals of this library.
func refusals() []merge.Code {
	return []merge.Code{
		merge.Invalid, merge.LimitExceeded, merge.RecordFull, merge.Forbidden, merge.OtherClient, merge.Gone,
		merge.TooFarAhead, merge.ServerClock, merge.StorageFull, merge.NewerName,
	}
}

// notes returns the codes of notes.
func notes() []merge.Code {
	return []merge.Code{
		merge.LostEdit, merge.StampCollision, merge.Rewound, merge.StampBelowBase, merge.UpdateOfDeleted,
		merge.AlreadyDeleted, merge.Restored, merge.Gone,
	}
}

// all returns all metrics of m.
func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{
		m.pushes, m.pushTime, m.skew, m.items, m.notes, m.steps, m.lost, m.writes, m.rules, m.pulls, m.lag, m.pushed, m.pulled, m.failures,
	}
}

// Metrics returns a handler for collectors of Prometheus. Its metrics name no workspace and no user, but they say how
// much the server is used and what fails, so serve it where clients cannot reach it. A collection that finds the last
// result of GET /v1/health older than 5 s checks the health again, which takes up to 5 s if the database hangs.
//
// The label code of refused items has the codes of this library and 20 further codes, and the label rule has 100 names.
// All others are counted as "other".
func (s *Frontend) Metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(s.metrics.all()...)
	registry.MustRegister(
		gauge("healthy", "1 if writes can be stored, and 0 otherwise.", func() float64 {
			if _, err := s.health.check(s.backend); err != nil {
				return 0
			}
			return 1
		}),
		gauge("unchecked_rules", "Rules that could not check some scopes, in any workspace, until an audit.", func() float64 {
			unchecked, _ := s.health.check(s.backend)
			return float64(len(unchecked))
		}),
		gauge("failing_workspaces", "Workspaces to which the last push failed, within a minute.", func() float64 {
			return float64(s.health.failing())
		}),
		gauge("event_streams", "Open event streams.", func() float64 { return float64(s.feed.open()) }),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// countPush counts a push that was answered, at a time of the server's clock.
func (m *metrics) countPush(out Outcome, wall time.Time) {
	m.pushes.Inc()
	if newest := newestOf(out.Answer); newest > 0 {
		m.skew.Observe(wall.Sub(newest.Time()).Seconds())
	}
	for _, r := range out.Answer.Results {
		if !r.Accepted() {
			m.items.WithLabelValues("refused", m.codes.label(string(r.Refusal.Code))).Inc()
			continue
		}
		m.items.WithLabelValues("accepted", "").Inc()
		for _, note := range r.Notes {
			m.notes.WithLabelValues(string(note)).Inc()
		}
	}
	for d := range out.Answer.Decisions() {
		m.steps.WithLabelValues(d.Step().String()).Inc()
	}
	m.lost.Add(float64(len(out.Answer.LostEdits())))
	m.countRules(out.Report)
}

// countWrite counts a write of the server itself.
func (m *metrics) countWrite(done Written) {
	m.writes.Inc()
	m.countRules(done.Report)
}

// countRules counts the rules that failed.
func (m *metrics) countRules(report violation.Report) {
	for _, name := range slices.Compact(rulesOf(report)) { // sorted
		m.rules.WithLabelValues(m.names.label(name)).Inc()
	}
}

// countPull counts a pull with a cursor, after its first snapshot was taken. A pull that only continues an earlier
// one counts too.
func (m *metrics) countPull(at buckets.Cursor, now Snapshot, resets bool) {
	switch {
	case at.Epoch() == "":
		m.pulls.WithLabelValues(pullsFirst).Inc()
	case resets:
		m.pulls.WithLabelValues(pullsReset).Inc()
	default:
		m.countNext(now.Seq - reachedBy(at, now))
	}
}

// countAfter counts a pull after a sequence, by a client of an earlier version.
func (m *metrics) countAfter(after, last int64) {
	if after == 0 {
		m.pulls.WithLabelValues(pullsFirst).Inc()
		return
	}
	m.countNext(last - after)
}

// countNext counts a pull of what has changed in some sequences.
func (m *metrics) countNext(lag int64) {
	m.pulls.WithLabelValues(pullsNext).Inc()
	m.lag.Observe(float64(lag))
}

// reachedBy returns the sequence after which a client needs records, in the bucket in which it is the furthest behind.
func reachedBy(at buckets.Cursor, now Snapshot) int64 {
	reached := at.Reached()
	for _, granted := range now.Granted {
		after, _ := at.Range(granted)
		reached = min(reached, after)
	}
	return reached
}
