package clock_test

import (
	"go/build"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// TestWritePathsDoNotAllocate covers the calls that every write makes.
func TestWritePathsDoNotAllocate(t *testing.T) {
	d := newDevice(t, clock.Options{})
	d.set(t0)
	stamp := clock.Stamp{Time: at(t0, 3), Client: clock.MustParseClientID(clientText)}
	text, dst := []byte(stampText), make([]byte, 0, 128)
	timeText, idText := text[:30], text[31:]
	asString := string(timeText)
	next := at(t0+1, 0)
	var err error

	for name, f := range map[string]func(){
		"Clock.Now":               func() { d.Now() },
		"Clock.Check":             func() { err = d.Check(next) },
		"Clock.Observe":           func() { next++; err = d.Observe(next) },
		"Clock.Observe, old":      func() { err = d.Observe(at(t0, 0)) },
		"Timestamp.AppendText":    func() { dst, err = stamp.Time.AppendText(dst[:0]) },
		"Timestamp.UnmarshalText": func() { err = stamp.Time.UnmarshalText(timeText) },
		"ParseTimestamp":          func() { stamp.Time, err = clock.ParseTimestamp(asString) },
		"ClientID.AppendText":     func() { dst, err = stamp.Client.AppendText(dst[:0]) },
		"ClientID.UnmarshalText":  func() { err = stamp.Client.UnmarshalText(idText) },
		"Stamp.AppendText":        func() { dst, err = stamp.AppendText(dst[:0]) },
		"Stamp.UnmarshalText":     func() { err = stamp.UnmarshalText(text) },
		"Stamp.AppendBinary":      func() { dst, err = stamp.AppendBinary(dst[:0]) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, f), name)
		require.NoError(t, err, name)
	}
	var system clock.Clock
	require.Zero(t, testing.AllocsPerRun(100, func() { system.Now() }))
}

// TestRefusalAllocatesAtMostOneError: refusing untrusted input allocates at most one small
// error, however long the input is.
func TestRefusalAllocatesAtMostOneError(t *testing.T) {
	var at clock.Timestamp
	var by clock.ClientID
	long := []byte(strings.Repeat("2", 1<<20))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = at.UnmarshalText(long) }), 1.0)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = by.UnmarshalText(long) }), 1.0)
}

// TestImportsOnlyPureStandardPackages: the package imports only packages of the standard
// library, and none for tests, logs, networks, disks or databases.
func TestImportsOnlyPureStandardPackages(t *testing.T) {
	pkg, err := build.ImportDir(".", 0)
	require.NoError(t, err)
	require.NotEmpty(t, pkg.Imports)
	for _, path := range pkg.Imports {
		first, _, _ := strings.Cut(path, "/")
		require.NotContains(t, first, ".", "%s is not in the standard library", path)
		require.False(t, slices.Contains([]string{"testing", "net", "os", "log"}, first), path)
		require.NotEqual(t, "database/sql", path)
	}
}
