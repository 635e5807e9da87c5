package violation

import "github.com/fieldlww/fieldlww/record"

// StaleAssignment is the type of what LiveReference finds.
const StaleAssignment = "stale_assignment"

// LiveReference is the rule that a field which names a record names one that is
// there, is not deleted, and is fit for it. There is a violation for each record whose
// reference is stale. Where the view does not know all of a group, a record that is
// missing is no proof of anything.
type LiveReference struct {
	// Table and Field are where the references stand, as the ID of a record. A value that
	// is neither text nor null cannot be read.
	Table, Field string
	// Target is the table of the records that are referred to.
	Target string
	// Fit reports whether a record may be referred to, such as a person who has not
	// left. ErrUnknown says that it cannot be read. Nil means that all may.
	Fit func(target record.Record) (bool, error)
	// FitFields are the fields that Fit reads.
	FitFields []string
	// Describe returns the text for the record whose reference is stale. The target has
	// no fields if it is missing. Nil means a text without particulars.
	Describe func(r, target record.Record) string
}

// Scopes returns the ID that a record refers to, and that of a target itself. A deleted record
// refers to nothing; a deleted target stays in its group, where it tells those who refer to it
// from those whose target is missing.
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

// reference returns the ID that a record refers to, and "" if none.
func (l LiveReference) reference(r record.Record) (string, error) {
	w, _ := r.Get(l.Field)
	return textOf(w)
}

// Check returns the records that refer to what they should not.
func (l LiveReference) Check(g Group) (Findings, error) {
	key := record.Key{Table: l.Target, ID: g.Scope}
	target, live := g.Find(key)
	if !live {
		var deleted bool
		if target, deleted = findByKey(g.Deleted, key); !deleted {
			if g.Partial {
				return Findings{}, ErrUnknown
			}
			target = record.New(key)
		}
	}
	if live {
		if fit, err := l.fit(target); err != nil || fit {
			return Findings{}, err
		}
	}
	var f Findings
	for _, r := range g.Records {
		// One that cannot be read is here as a target only.
		if id, err := l.reference(r); r.Key().Table != l.Table || err != nil || id != g.Scope {
			continue
		}
		if f.Total++; len(f.List) >= g.Limit { // by key, as the records are
			continue
		}
		f.List = append(f.List, Finding{
			Key: joinParts(r.Key().Table, r.Key().ID, l.Field), Type: StaleAssignment,
			Record: r.Key(), Others: []record.Key{key},
			Fields: append([]string{l.Field}, l.FitFields...), Description: l.describe(r, target),
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

func (l LiveReference) describe(r, target record.Record) string {
	switch {
	case l.Describe != nil:
		return l.Describe(r, target)
	case target.Len() == 0:
		return l.Field + " refers to a record that does not exist"
	case target.Deleted():
		return l.Field + " refers to a record that is deleted"
	}
	return l.Field + " refers to a record that is not fit for it"
}
