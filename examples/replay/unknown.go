package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
)

// unknownField returns the error for a path that names no field of an input with the given state.
// It suggests fields that may have been meant.
func unknownField(in *input, path string, state merge.Collection) error {
	if state.Len() == 0 {
		return fmt.Errorf("%s is empty: it has no field %s", in.name, fieldlog.Printable(path))
	}
	head := fmt.Sprintf("%s has no field %s", in.name, fieldlog.Printable(path))
	if own := fieldsOf(state, path); len(own) > 0 {
		return errors.New(head + "; the record has these fields:\n" + list(own))
	}
	near := nearest(state, path)
	if 2*distance(near[0], path) > len(path) {
		return errors.New(head + "; it has fields such as\n" + list(near))
	}
	return errors.New(head + "; similar fields are\n" + list(near))
}

// mostNear is the greatest number of suggested paths.
const mostNear = 8

// fieldsOf returns the fields of each record whose own path is path or the beginning of path.
func fieldsOf(state merge.Collection, path string) []string {
	var own []string
	for r := range state.All() {
		if !strings.HasPrefix(path+"/", r.Key().String()+"/") {
			continue
		}
		for name := range r.All() {
			own = append(own, place{r.Key(), name}.String())
		}
	}
	return own
}

// candidate is a path that may have been meant.
type candidate struct {
	path string
	far  int
}

func (c candidate) compare(d candidate) int {
	return cmp.Or(cmp.Compare(c.far, d.far), strings.Compare(c.path, d.path))
}

// nearest returns the fields whose paths are most similar to path.
func nearest(state merge.Collection, path string) []string {
	var near []candidate
	for r := range state.All() {
		for name := range r.All() {
			c := candidate{path: place{r.Key(), name}.String()}
			c.far = distance(c.path, path)
			at, found := slices.BinarySearchFunc(near, c, candidate.compare)
			if at < mostNear && !found {
				near = slices.Insert(near, at, c)
				near = near[:min(mostNear, len(near))]
			}
		}
	}
	var paths []string
	for _, c := range near {
		if c.far <= 2*near[0].far+2 {
			paths = append(paths, c.path)
		}
	}
	return paths
}

// distance returns how many characters of the longer path lie between the common prefix and the
// common suffix of the two.
func distance(a, b string) int {
	head := common(a, b)
	tail, short := 0, min(len(a), len(b))
	for head+tail < short && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return max(len(a), len(b)) - head - tail
}

// list returns paths, one per line.
func list(paths []string) string {
	const most = 40
	more := ""
	if n := len(paths) - most; n > 0 {
		paths, more = paths[:most], fmt.Sprintf("\n  and %s", count(n, "other"))
	}
	lines := make([]string, len(paths))
	for i, p := range paths {
		lines[i] = "  " + fieldlog.Printable(p)
	}
	return strings.Join(lines, "\n") + more
}
