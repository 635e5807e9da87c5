package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// Renamed returns an answer in the field names of an old client, for AppendJSON and Replies, after a lens translated
// the items of the Request: see package record/lens. Pushed are the items as the client sent them, and names returns
// the new names of an old field, like the method NewNames of a lens. Use the answer itself for everything else.
//
// A field that became several has one Decision, which is true for one of its parts: the one that lost to a stored
// write if there is one, otherwise one that won, and in either case one that reports a lost edit before one that does
// not. It is gone if all parts are. If a client wrote several fields that became one, these fields have no Decision.
//
// A path that begins with data or base gets the old name. If the field in it is none of the item, it ends before the
// name. The text that a Guard gives to a Refusal stays as it is.
func (p *Push) Renamed(a Answer, pushed []record.Item, names func(table, field string) []string) Answer {
	results := slices.Clone(a.Results)
	for i := range min(len(results), len(pushed)) {
		if p.request.Items[i].Err != nil {
			continue // the path of the error has the client's names
		}
		results[i] = newRenaming(pushed[i].Mutation.Data, names).result(results[i])
	}
	a.Results = results
	return a
}

// renaming has the names of the fields of one item in both forms.
type renaming struct {
	old   []string
	parts map[string][]string // by old name
	uses  map[string]int      // how many old fields became this one
}

func newRenaming(data record.Record, names func(table, field string) []string) renaming {
	r := renaming{parts: make(map[string][]string), uses: make(map[string]int)}
	for name := range data.All() {
		r.old = append(r.old, name)
		r.parts[name] = names(data.Key().Table, name)
		for _, part := range r.parts[name] {
			r.uses[part]++
		}
	}
	return r
}

func (r renaming) result(from Result) Result {
	if from.Refusal != nil {
		refusal := *from.Refusal
		refusal.Path = r.path(refusal.Path)
		from.Refusal = &refusal
	}
	given := from.Fields
	from.Fields = nil
	for _, name := range r.old {
		if d, ok := r.decision(name, given); ok {
			from.Fields = append(from.Fields, d)
		}
	}
	return from
}

// decision returns the Decision of an old field, and reports whether it has one.
func (r renaming) decision(name string, given []Decision) (best Decision, ok bool) {
	for _, part := range r.parts[name] {
		i, found := slices.BinarySearchFunc(given, part, func(d Decision, field string) int { return strings.Compare(d.Field, field) })
		if !found || r.uses[part] > 1 {
			continue
		}
		if !ok || given[i].tellsMore(best) {
			best, ok = given[i], true
		}
	}
	best.Field = name
	return best, ok
}

// tellsMore reports whether d stands for a split field rather than e.
func (d Decision) tellsMore(e Decision) bool {
	lost := func(d Decision) int {
		if d.Lost() {
			return 1
		}
		return 0
	}
	rank := []Outcome{FieldGone, Equal, Applied, Collision, Superseded}
	return cmp.Or(
		cmp.Compare(slices.Index(rank, d.Outcome), slices.Index(rank, e.Outcome)),
		cmp.Compare(lost(d), lost(e)),
		d.Before.Compare(e.Before),
	) > 0
}

// path returns the path of a refusal with the old name of its field.
func (r renaming) path(path string) string {
	for _, root := range []string{"data", "base"} {
		rest, ok := strings.CutPrefix(path, root+".")
		if !ok {
			continue
		}
		for _, name := range r.old {
			for _, part := range r.parts[name] {
				tail, ok := strings.CutPrefix(rest, record.PathName(part))
				if ok && (tail == "" || tail[0] == '.') {
					return root + "." + record.PathName(name) + tail
				}
			}
		}
		return root
	}
	return path
}
