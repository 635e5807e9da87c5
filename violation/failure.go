package violation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrTooLarge reports that a scope is too large to be read or judged in one check. A View
// returns it in ScopeRecords.Err.
var ErrTooLarge = errors.New("violation: too large to be checked at once: use narrower scopes, such as a room and a month")

// RuleError reports that a rule or its View failed, and names the scopes that were left
// unchecked. The rows of these scopes stay as they are.
type RuleError struct {
	Rule string
	// Scopes are the names of the unchecked groups, sorted. The next check that touches these
	// groups or names them in Input.Scopes checks them, and so does an audit. Scopes is empty
	// if the rule could not tell which groups a record belongs to.
	Scopes []string
	// Err joins the different reasons, at most 10 of them.
	Err error
}

// Error returns the name of the rule, the number of unchecked groups, and the reasons. It
// omits the names of groups, which may be user input.
func (e *RuleError) Error() string {
	reasons := strings.TrimPrefix(fmt.Sprint(e.Err), "violation: ") // the text of ErrTooLarge has this prefix
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

// failure collects the reasons why a rule failed, and the groups that it left unchecked.
type failure struct {
	scopes []string
	errs   []error
}

// maxReasons is the greatest number of reasons that are reported for one rule.
const maxReasons = 10

// add adds an error, and the groups that are unchecked because of it.
func (f *failure) add(err error, scopes ...string) {
	f.scopes = append(f.scopes, scopes...)
	same := func(e error) bool { return e.Error() == err.Error() }
	if len(f.errs) < maxReasons && !slices.ContainsFunc(f.errs, same) {
		f.errs = append(f.errs, err)
	}
}

// ruleError returns the failure as a RuleError, or nil if there is none.
func (f *failure) ruleError(rule string) *RuleError {
	if len(f.errs) == 0 {
		return nil
	}
	slices.Sort(f.scopes)
	return &RuleError{rule, slices.Compact(f.scopes), errors.Join(f.errs...)}
}
