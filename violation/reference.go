package violation

import "github.com/fieldlww/fieldlww/record"

// StaleAssignment is the type of the findings of LiveReference.
const StaleAssignment = "stale_assignment"

// LiveReference is the rule that each reference in a field leads to a record that exists, is
// not deleted, and fits. There is one violation for each record with a stale reference. If the
// view knows only part of a group, a missing record proves nothing.
type LiveReference struct {
	// Table and Field say where the references are stored, as IDs of records. A value that is
	// neither text nor null counts as unreadable.
	Table, Field string
	// Target is the table of the records that Field refers to.
	Target string
	// Fit reports whether a record may be referred to. For example, a person who has left
	// may not. It returns ErrUnknown if the record cannot be read. Nil means that all
	// records fit.
	Fit func(target record.Record) (bool, error)
	// FitFields are the fields that Fit reads.
	FitFields []string
	// Describe returns the description of a record with a stale reference. The target has no
	// fields if it is missing or deleted: a deleted record may be purged, and a purge must not
	// change the description. It also has no fields if Checker.Buckets is set: readers of r may
	// not be allowed to read it. Nil means a text without details.
	Describe func(r, target record.Record) string
}

// Scopes returns the ID that a record refers to and, for a target, its own ID. A deleted
// record refers to nothing. A deleted target stays in its group, so that Check can distinguish
// it from a missing one.
func (l LiveReference) Scopes(r record.Record) ([]string, error) {
	var names []string
	if r.Key().Table == l.Target {
		names = append(names, r.Key().ID)
	}
	if r.Key().Table != l.Table || r.Deleted() {
		return names, nil
	}
	id, err := l.reference(r)
	if err == nil && id != "" {
		names = append(names, id)
	}
	return names, err
}

// reference returns the ID that a record refers to, or "" if it refers to none.
func (l LiveReference) reference(r record.Record) (string, error) {
	w, _ := r.Get(l.Field)
	return textOf(w)
}

// Check returns a finding for each record of the group with a stale reference.
func (l LiveReference) Check(g Group) (Findings, error) {
	key := record.Key{Table: l.Target, ID: g.Scope}
	target, live := g.Find(key)
	if !live {
		if _, deleted := findByKey(g.Deleted, key); !deleted && g.Partial {
			return Findings{}, ErrUnknown
		}
		target = record.New(key)
	}
	if live {
		if fit, err := l.fit(target); err != nil || fit {
			return Findings{}, err
		}
	}
	var f Findings
	for _, r := range g.Records {
		// A record that cannot be read is in the group only as a target.
		if id, err := l.reference(r); r.Key().Table != l.Table || err != nil || id != g.Scope {
			continue
		}
		if f.Total++; len(f.List) >= g.Limit { // the records are sorted by key
			continue
		}
		f.List = append(f.List, Finding{
			Key: joinParts(r.Key().Table, r.Key().ID, l.Field), Type: StaleAssignment,
			Record: r.Key(), Others: []record.Key{key},
			Fields: append([]string{l.Field}, l.FitFields...), Description: l.describe(g, r, target),
		})
	}
	return f, nil
}

func (l LiveReference) fit(target record.Record) (bool, error) {
	if l.Fit == nil {
		return true, nil
	}
	return l.Fit(target)
}

func (l LiveReference) describe(g Group, r, target record.Record) string {
	if g.Restricted {
		target = record.New(target.Key())
	}
	switch {
	case l.Describe != nil:
		return l.Describe(r, target)
	case g.Restricted:
		return l.Field + " refers to a record that does not exist or does not fit"
	case target.Len() == 0:
		return l.Field + " refers to a record that does not exist"
	}
	return l.Field + " refers to a record that does not fit"
}
