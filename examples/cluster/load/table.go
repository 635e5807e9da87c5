package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// printTable prints a line for each server.
func printTable(turns []turn) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	head := []string{"", "pushes/s"}
	for _, t := range turns[:max(0, len(turns)-1)] {
		head = append(head, "to "+t.name)
	}
	fmt.Fprintln(w, "  "+strings.Join(append(head, "p50", "p99", "max", "pushes", "refused for now", "retries", "memory", "disk"), "\t"))
	for i, t := range turns {
		line := []string{t.name, fmt.Sprintf("%.0f", median(t.rates))}
		for j := range len(turns) - 1 {
			line = append(line, ratio(t.rates, turns[j].rates, i > j))
		}
		slices.Sort(t.took)
		for _, q := range []float64{0.5, 0.99, 1} {
			line = append(line, milliseconds(quantile(t.took, q)))
		}
		fmt.Fprintln(w, "  "+strings.Join(append(line, fmt.Sprint(len(t.took)), t.refused.String(), t.retried(), t.memory(), t.disk()), "\t"))
	}
	w.Flush()
}

// ratio returns the median of the ratios by round, with the least and the greatest, or nothing if it is not
// wanted.
func ratio(rates, others []float64, wanted bool) string {
	if !wanted {
		return ""
	}
	ratios := make([]float64, len(rates))
	for i := range rates {
		ratios[i] = rates[i] / others[i]
	}
	return fmt.Sprintf("×%.2f (%.2f–%.2f)", median(ratios), slices.Min(ratios), slices.Max(ratios))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// quantile returns the least of the sorted values that at least the given part of them does not exceed.
func quantile(sorted []time.Duration, part float64) time.Duration {
	at := int(float64(len(sorted))*part+0.999999) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// String returns the counts in the order of the statuses.
func (r refused) String() string {
	var words []string
	for _, status := range slices.Sorted(maps.Keys(r)) {
		what := fmt.Sprint("with status ", status)
		if status == 0 {
			what = "without an answer"
		}
		words = append(words, fmt.Sprintf("%d %s", r[status], what))
	}
	if words == nil {
		return "0"
	}
	return strings.Join(words, ", ")
}

// retried returns the number of retries, or nothing if it is not known.
func (s sample) retried() string {
	if s.again == nil {
		return ""
	}
	return fmt.Sprint(*s.again)
}

// memory returns the peak memory of the server's process, or nothing if it is not known.
func (t *target) memory() string {
	if t.process == nil {
		return ""
	}
	return fmt.Sprint(t.process.Memory(), " MB")
}

// disk returns the size of the server's files, or nothing if it is not known.
func (t *target) disk() string {
	if t.stored == nil {
		return ""
	}
	bytes, err := t.stored()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
