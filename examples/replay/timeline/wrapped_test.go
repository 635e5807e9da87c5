package timeline

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLongWordIsWrappedAtLinearCost wraps a word that would take many minutes at a quadratic cost.
func TestLongWordIsWrappedAtLinearCost(t *testing.T) {
	word := strings.Repeat("é", 4<<20)
	lines := wrapped("a "+word+" b", 50)
	require.Equal(t, "a", lines[0])
	require.Equal(t, word+" b", strings.Join(lines[1:], ""))
	require.Equal(t, []string{"aa", "é", "bb"}, wrapped("aaé bb", 2))
}
