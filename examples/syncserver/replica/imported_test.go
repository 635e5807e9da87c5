package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestWhyTellsWhatIsImported: an import is known by its record in the table imports. Until that is pulled, its writes are
// like others.
func TestWhyTellsWhatIsImported(t *testing.T) {
	w := newWorld(t)
	source := clock.ClientID{0x1d}
	old, a := w.device(source), w.device(ana)
	old.edit(fence, "title", str("Paint"))
	old.push()
	a.pull()
	a.edit(fence, "title", str("Paint it red"))
	a.push()
	a.pull()
	why, ok := a.Why(fence, "title")
	require.True(t, ok)
	require.False(t, why.BeforeImported)

	old.edit(record.Key{Table: "imports", ID: source.String()}, "name", str("crm"))
	old.push()
	a.pull()
	why, _ = a.Why(fence, "title")
	require.True(t, why.BeforeImported)
	require.False(t, why.IncomingImported)
	require.Contains(t, why.String(), "replaced one imported by 1d000000…")
}
