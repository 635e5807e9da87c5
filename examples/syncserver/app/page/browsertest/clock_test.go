package browsertest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPageCorrectsClockAhead: a clock that is an hour ahead is corrected to the server's time, and
// the edit is stored with the corrected time. So a later edit on the other side wins.
func TestPageCorrectsClockAhead(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.SetClock(60)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.IsTold("your clock was 1 hour ahead", "corrected")
	s.right.Shows("Paint it red")
	s.agree()
	s.picture("corrected")
	require.Less(t, time.Until(s.written("Paint it red")), 5*time.Minute, "the edit is stored with a time in the future")

	s.right.SetTitle("Paint it red", "Paint it blue")
	s.left.Shows("Paint it blue")
	s.agree()
	require.Contains(t, s.left.Why("Paint it blue", "title"), "It replaced ‘Paint it red’, written by Ana’s phone")
}

// TestPageClockCorrectionKeepsOrderOfOfflineEdits: when a clock that was ahead is corrected, the
// offline edits made under it keep their order among themselves and relative to the edits of other
// devices.
func TestPageClockCorrectionKeepsOrderOfOfflineEdits(t *testing.T) {
	brief(t)
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.settle()
	s.left.Online(false)
	s.left.SetClock(60)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.right.SetTitle("Paint the fence", "Paint it blue")
	s.isStored("Paint it blue")
	s.left.SetTitle("Paint it red", "Paint it green")
	s.left.Shows("Paint it green")

	s.left.Online(true)
	s.left.IsTold("your clock was 1 hour ahead")
	s.right.Shows("Paint it green")
	s.agree()

	s.left.Online(false)
	s.left.SetClock(0)
	s.left.SetClock(60)
	s.left.SetTitle("Paint it green", "Paint it white")
	s.right.SetTitle("Paint it green", "Paint it black") // the later edit
	s.isStored("Paint it black")
	s.left.Online(true)
	s.left.Shows("Paint it black")
	s.agree()
}

// TestPageCorrectsClockBehind: a clock that is an hour behind is corrected. So a later edit made
// under that clock wins, whether or not its author had seen the earlier edit.
func TestPageCorrectsClockBehind(t *testing.T) {
	s := visit(t)
	s.left.SetClock(-60)
	s.right.AddTask("Paint the fence")
	s.left.Shows("Paint the fence")
	s.left.IsTold("your clock was 1 hour behind", "corrected")
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.right.Shows("Paint it red")
	s.agree()
	s.picture("wins")
	require.Contains(t, s.right.Why("Paint it red", "title"), "It replaced ‘Paint the fence’, written by Ben’s laptop")

	s.left.Online(false)
	s.right.SetTitle("Paint it red", "Paint it blue")
	s.isStored("Paint it blue")
	s.left.SetTitle("Paint it red", "Paint it green")
	s.left.Shows("Paint it green")
	s.isStored("Paint it blue")
	s.left.Online(true)
	s.right.Shows("Paint it green")
	s.left.IsTold("replaced one by Ben’s laptop", "‘Paint it blue’", "not seen")
	s.agree()
}
