package violation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrTooLarge says that a scope has more than can be read or judged in one check. A View
// reports it as ScopeRecords.Err.
var ErrTooLarge = errors.New("violation: too large to be checked at once: use narrower scopes, such as a room and a month")

// RuleError reports that a rule failed, or the View that it was checked on, and which scopes
// were left unchecked. The rows of these stay as they are.
type RuleError struct {
	Rule string
	// Scopes are the names of the groups that were left unchecked, sorted. They are checked
	// by the next check that touches them, by one that names them as Input.Scopes, and by an
	// audit. None are named if the rule could not tell the groups of a record.
	Scopes []string
	// Err joins the reasons, each of them once.
	Err error
}

// Error returns the name of the rule, how many groups were not checked, and why. It holds
// no names of groups: they may be what users wrote.
func (e *RuleError) Error() string {
	reasons := strings.TrimPrefix(fmt.Sprint(e.Err), "violation: ") // as ErrTooLarge begins
	unchecked := ""
	switch n := len(e.Scopes); n {
	case 0:
	case 1:
		unchecked = ", 1 scope unchecked"
	default:
		unchecked = fmt.Sprintf(", %d scopes unchecked", n)
	}
	return fmt.Sprintf("violation: rule %q%s: %s", e.Rule, unchecked, reasons)
}

// Unwrap returns the reasons.
func (e *RuleError) Unwrap() error { return e.Err }

// failure collects why a rule failed, and for which groups.
type failure struct {
	scopes []string
	errs   []error
}

// maxReasons is how many reasons are told of one rule.
const maxReasons = 10

// add adds an error, and the groups that are unchecked because of it.
func (f *failure) add(err error, scopes ...string) {
	f.scopes = append(f.scopes, scopes...)
	same := func(e error) bool { return e.Error() == err.Error() }
	if len(f.errs) < maxReasons && !slices.ContainsFunc(f.errs, same) {
		f.errs = append(f.errs, err)
	}
}

// ruleError returns the failure as the error of a rule, or nil if there was none.
func (f *failure) ruleError(rule string) *RuleError {
	if len(f.errs) == 0 {
		return nil
	}
	slices.Sort(f.scopes)
	return &RuleError{rule, slices.Compact(f.scopes), errors.Join(f.errs...)}
}
