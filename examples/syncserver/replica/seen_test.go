package replica_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// seenAt returns a settled trailer that says what the client has pulled, at this sequence.
func seenAt(seq string) string {
	return `{"cursor":"e.` + seq + `","level":1,"seen":{"epoch":"e","seq":` + seq + `}}` + "\n"
}

// seen returns what the items in the outbox say, in their order.
func (d *device) seen() (all []record.Seen) {
	for _, m := range d.Waiting() {
		all = append(all, m.Seen)
	}
	return all
}

// TestItemSaysWhatItsAuthorHadPulled: an item has the member of the last trailer before the edit. It
// keeps it while later pulls follow, through a restart, and when it is restamped.
func TestItemSaysWhatItsAuthorHadPulled(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("before the first pull"))
	d.gets(seenAt("7"))
	d.edit(gate, "title", str("on 7"))
	d.gets(seenAt("9"))
	want := []record.Seen{{}, {Epoch: "e", Seq: 7}}
	require.Equal(t, want, d.seen())

	d.save()
	d.open()
	require.Equal(t, want, d.seen())
	d.edit(gate, "due", str("on 9"))
	want = append(want, record.Seen{Epoch: "e", Seq: 9})
	require.Equal(t, want, d.seen())

	before := d.stamped(gate, "due")
	d.id = clock.ClientID{9} // all items are restamped
	d.save()
	d.open()
	require.Equal(t, want, d.seen())
	d.edit(fence, "due", str("by a client that has pulled nothing"))
	require.Zero(t, d.seen()[3])
	require.NotEqual(t, before, d.stamped(fence, "due"))

	lines := strings.Split(strings.TrimSpace(string(d.outbox())), "\n")
	require.NotContains(t, lines[0], "seen")
	require.True(t, strings.HasSuffix(lines[1], `,"seen":{"epoch":"e","seq":7}}`), lines[1])
}

// TestRestampedItemKeepsWhatItsAuthorHadPulled moves the time of an edit after a correction of the clock.
func TestRestampedItemKeepsWhatItsAuthorHadPulled(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.gets(seenAt("7"))
	d.skew = 3 * time.Hour
	d.edit(fence, "title", str("ahead"))
	before := d.stamped(fence, "title")
	d.gets(seenAt("9"))
	d.told(0, 0)
	require.True(t, d.stamped(fence, "title").Before(before))
	require.Equal(t, []record.Seen{{Epoch: "e", Seq: 7}}, d.seen())
}

// TestReplacedItemSaysWhatTheLaterAuthorHadPulled: the base stays with the first edit, because it tells
// which writes were overwritten unseen. The stamp and the member are taken from the later edit.
func TestReplacedItemSaysWhatTheLaterAuthorHadPulled(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(seenAt("7"))
	d.edit(fence, "title", str("on 7"))
	d.gets(lineOf(fence, map[string]string{"title": "by Ben"}, 0), seenAt("9"))
	d.edit(fence, "title", str("on 9"))
	require.Equal(t, []record.Seen{{Epoch: "e", Seq: 9}}, d.seen())
	require.Equal(t, map[string]clock.Stamp{"title": {}}, d.Waiting()[0].Base)
}

// TestNothingIsSaidWithoutAName: while a load is not settled, or after a trailer of a server that does
// not send the member, new items have none.
func TestNothingIsSaidWithoutAName(t *testing.T) {
	for name, trailer := range map[string]string{
		"more follows":     `{"cursor":"e.9","more":true,"reached":8,"last":9,"level":1}` + "\n",
		"an older server":  `{"cursor":"e.9","level":1}` + "\n",
		"a new epoch":      resetLine("epoch") + `{"cursor":"f.1","more":true,"level":1}` + "\n",
		"the fence passed": resetLine("fence") + `{"cursor":"e.9","more":true,"level":1}` + "\n",
	} {
		d := newWorld(t).device(ana)
		d.gets(seenAt("7"))
		d.gets(trailer)
		d.edit(fence, "title", str("x"))
		require.Equal(t, []record.Seen{{}}, d.seen(), name)
	}
}

// TestInvalidSeenIsAFaultyAnswer: the server would refuse every item that repeats it.
func TestInvalidSeenIsAFaultyAnswer(t *testing.T) {
	d := newWorld(t).device(ana)
	for _, seen := range []string{`{"epoch":"e"}`, `{"epoch":"","seq":1}`, `{"epoch":"e","seq":-1}`, `{"epoch":"e","seq":1.5}`, `7`} {
		require.Error(t, d.pulled([]byte(`{"cursor":"e.9","level":1,"seen":`+seen+"}\n"), ""), seen)
		require.Empty(t, d.Cursor())
	}
}
