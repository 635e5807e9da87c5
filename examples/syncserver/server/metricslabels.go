package server

import (
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// bounded limits the values of a label that an app chooses: the first ones are kept, and the others become "other". It
// is safe for concurrent use.
type bounded struct {
	most int // how many values are kept
	mu   sync.Mutex
	kept map[string]bool
}

// otherLabel stands for all values of a label that are not kept.
const otherLabel = "other"

// label returns a text, or "other".
func (b *bounded) label(text string) string {
	if !isPlain(text) {
		return otherLabel
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.kept[text]:
	case len(b.kept) >= b.most:
		return otherLabel
	case b.kept == nil:
		b.kept = map[string]bool{text: true}
	default:
		b.kept[text] = true
	}
	return text
}

// isPlain reports whether a text is short, and has no characters but the ones of usual names. A label must be valid
// UTF-8.
func isPlain(text string) bool {
	const usual = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/ "
	return text != "" && len(text) <= 64 && strings.Trim(text, usual) == ""
}

// newestOf returns the greatest stamp of an answer, which is close to the clock of the client. Stamps of refused items
// count only if they are refused as too far ahead. It returns zero if there is no stamp.
func newestOf(a merge.Answer) (newest clock.Timestamp) {
	for _, r := range a.Results {
		ahead := new(clock.AheadError)
		if r.Refusal != nil && errors.As(r.Refusal, &ahead) {
			newest = max(newest, ahead.Stamp)
		}
		for _, d := range r.Fields {
			newest = max(newest, d.Incoming.Stamp.Time)
		}
	}
	return newest
}

// namespace begins the names of all metrics.
const namespace = "fieldlww"

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, bounds []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: bounds})
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, value)
}
