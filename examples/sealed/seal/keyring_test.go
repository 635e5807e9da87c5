package seal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/sealed/seal"
	"github.com/fieldlww/fieldlww/record"
)

var (
	ana    = clock.ClientID{0xa1}
	ben    = clock.ClientID{0xb2}
	noon   = clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	budget = record.Key{Table: "meetings", ID: "budget"}
	title  = seal.Place{Key: budget, Field: "title", Stamp: clock.Stamp{Time: noon, Client: ana}}
)

// key returns a key of one repeated byte.
func key(b byte) []byte { return bytes.Repeat([]byte{b}, seal.KeySize) }

// ring returns a Keyring with keys of these IDs. The first one seals.
func ring(t require.TestingT, ids ...string) *seal.Keyring {
	keys := map[string][]byte{}
	for _, id := range ids {
		keys[id] = key(id[0])
	}
	plain := func(table, field string) bool { return table == "violations" || field == "team" }
	k, err := seal.New(seal.Options{Keys: keys, Current: ids[0], Plain: plain})
	require.NoError(t, err)
	return k
}

// refused checks that an error is an *Error with a path and a reason.
func refused(t *testing.T, err error, path string, reason error) {
	t.Helper()
	var e *seal.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, path, e.Path)
	require.ErrorIs(t, err, reason)
}

// TestSealedValueOpensWhereItWasSealed: every value opens to itself in its place, and in no place
// that differs in anything.
func TestSealedValueOpensWhereItWasSealed(t *testing.T) {
	k := ring(t, "a")
	text := rapid.StringMatching(`[a-z/é]{1,3}`)
	place := rapid.Custom(func(t *rapid.T) seal.Place {
		return seal.Place{
			Key: record.Key{Table: text.Draw(t, "table"), ID: text.Draw(t, "id")}, Field: text.Draw(t, "field"),
			Stamp: clock.Stamp{Time: noon + clock.Timestamp(rapid.IntRange(0, 2).Draw(t, "time")), Client: rapid.SampledFrom([]clock.ClientID{ana, ben}).Draw(t, "client")},
		}
	})
	values := []any{nil, true, "", "Budget", int64(1) << 60, 0.5, []any{1, "b"}, map[string]any{"room": "B"}, strings.Repeat("a", 2<<20)}
	rapid.Check(t, func(t *rapid.T) {
		v := record.MustOf(rapid.SampledFrom(values).Draw(t, "value"))
		at, other := place.Draw(t, "at"), place.Draw(t, "other")
		sealed, err := k.Seal(at, v)
		require.NoError(t, err)
		require.True(t, seal.IsSealed(sealed))
		opened, err := k.Open(at, sealed)
		require.NoError(t, err)
		require.Equal(t, v, opened)
		if _, err = k.Open(other, sealed); other != at {
			require.ErrorIs(t, err, seal.ErrForged)
		}
	})
}

// TestNoTwoSealsAreEqual: the nonce is random, so equal values cannot be recognised.
func TestNoTwoSealsAreEqual(t *testing.T) {
	k, seen := ring(t, "a"), map[record.Value]bool{}
	for range 100 {
		sealed, err := k.Seal(title, record.MustOf("Budget"))
		require.NoError(t, err)
		require.False(t, seen[sealed])
		seen[sealed] = true
	}
}

// TestEveryChangedCharacterIsRefused: whichever character of a sealed value is replaced, removed or
// doubled, and wherever it is cut, it does not open. The error has neither the value nor its text.
func TestEveryChangedCharacterIsRefused(t *testing.T) {
	k := ring(t, "a", "b")
	sealed, err := k.Seal(title, record.MustOf("Budget"))
	require.NoError(t, err)
	text := sealed.JSON()
	check := func(changed string) {
		v, err := record.ParseValue([]byte(changed))
		if err != nil || v == sealed {
			return
		}
		_, err = k.Open(title, v)
		var e *seal.Error
		require.ErrorAs(t, err, &e, changed)
		require.Equal(t, "seal: meetings/budget/title: "+e.Err.Error(), err.Error())
		require.NotContains(t, err.Error(), text[20:40])
	}
	for i := range text {
		for _, c := range []byte("aAbB01-_.=+/ \n") {
			check(text[:i] + string(c) + text[i+1:])
			check(text[:i] + string(c) + text[i:])
		}
		check(text[:i])
		check(text[:i] + text[i+1:])
	}
}

// TestKeysAreNeeded: without its key a value does not open, and another key under its ID is noticed.
func TestKeysAreNeeded(t *testing.T) {
	sealed, err := ring(t, "b", "a").Seal(title, record.MustOf("Budget"))
	require.NoError(t, err)
	_, err = ring(t, "a").Open(title, sealed)
	refused(t, err, "meetings/budget/title", seal.ErrKey)

	wrong, err := seal.New(seal.Options{Keys: map[string][]byte{"b": key('x')}, Current: "b"})
	require.NoError(t, err)
	_, err = wrong.Open(title, sealed)
	refused(t, err, "meetings/budget/title", seal.ErrForged)

	opened, err := ring(t, "c", "b").Open(title, sealed)
	require.NoError(t, err, "an old key is kept for reading")
	require.Equal(t, record.MustOf("Budget"), opened)
}

// TestSealRefusesDeletionsAndSealedValues: a value is sealed once, and a deletion stays a deletion.
func TestSealRefusesDeletionsAndSealedValues(t *testing.T) {
	k := ring(t, "a")
	sealed, err := k.Seal(title, record.MustOf("Budget"))
	require.NoError(t, err)
	for _, v := range []record.Value{sealed, record.Deletion()} {
		_, err := k.Seal(title, v)
		refused(t, err, "meetings/budget/title", seal.ErrValue)
	}
}

// TestPathIsSafeToLog: names come from a server, so the path quotes them.
func TestPathIsSafeToLog(t *testing.T) {
	at := seal.Place{Key: record.Key{Table: "a\nb", ID: "x"}, Field: "ü"}
	_, err := ring(t, "a").Open(at, record.MustOf("x"))
	refused(t, err, `"a\nb"/x/"\u00fc"`, seal.ErrUnsealed)
}

// TestNewRefusesKeys: a key has 32 bytes and a plain ID, and the current one is there. A later change
// of the bytes changes nothing.
func TestNewRefusesKeys(t *testing.T) {
	for id, k := range map[string][]byte{"": key(1), "a b": key(1), "a.b": key(1), "é": key(1), strings.Repeat("a", 65): key(1), "short": key(1)[1:], "none": nil} {
		_, err := seal.New(seal.Options{Keys: map[string][]byte{id: k, "a": key(2)}, Current: "a"})
		require.ErrorIs(t, err, seal.ErrOptions, id)
	}
	for _, o := range []seal.Options{{}, {Current: "a"}, {Keys: map[string][]byte{"a": key(1)}}, {Keys: map[string][]byte{"a": key(1)}, Current: "b"}} {
		_, err := seal.New(o)
		require.ErrorIs(t, err, seal.ErrOptions)
	}

	own := key(1)
	k, err := seal.New(seal.Options{Keys: map[string][]byte{"a": own}, Current: "a"})
	require.NoError(t, err)
	sealed, err := k.Seal(title, record.MustOf("Budget"))
	require.NoError(t, err)
	clear(own)
	_, err = k.Open(title, sealed)
	require.NoError(t, err)
}
