package replica_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// at returns the time that is a number of seconds after the beginning of the tests.
func at(seconds int) clock.Timestamp {
	return clock.TimestampOf(time.Date(2026, 3, 2, 14, 2, seconds, 0, time.UTC))
}

// deletion is the value of a deleted field in lineOf.
const deletion = "deleted"

// lineOf returns the line for a record with one field for each value, all written by Ben. The value
// "deleted" deletes the field, and the values of $deleted are true and false.
func lineOf(key record.Key, fields map[string]string, seconds int) string {
	var data []string
	for name, value := range fields {
		if name != record.DeletedField {
			value = fmt.Sprintf("%q", value)
		}
		member := `"value":` + value
		if value == `"deleted"` {
			member = `"deleted":true`
		}
		data = append(data, fmt.Sprintf(`%q:{%s,"updatedAt":%q,"clientId":%q}`, name, member, at(seconds), ben))
	}
	return fmt.Sprintf(`{"seq":1,"in":[""],"table":%q,"id":%q,"data":{%s}}`+"\n", key.Table, key.ID, strings.Join(data, ","))
}

// line returns the line for a record as the device shows it.
func (d *device) line(key record.Key) string {
	text := record.Mutation{Data: d.Shown(key)}.AppendJSON(nil)
	return `{"seq":7,` + string(text[1:]) + "\n"
}

func leftLine(key record.Key) string {
	return fmt.Sprintf(`{"seq":2,"table":%q,"id":%q,"left":true}`+"\n", key.Table, key.ID)
}

func resetLine(why string) string { return fmt.Sprintf(`{"reset":[""],"why":%q}`+"\n", why) }

// trailerAt returns a settled trailer with a fence. The clock of the trailer is the same stamp.
func trailerAt(fence clock.Timestamp, level int) string {
	return fmt.Sprintf(`{"cursor":"e.9","fence":%q,"level":%d,"clock":%q}`+"\n", fence, level, fence)
}

// unsettled returns a trailer that says that more follows.
func unsettled(trailer string) string { return `{"more":true,` + trailer[1:] }

const plainTrailer = `{"cursor":"e.9","level":1}` + "\n"

// gets passes lines as the answer to a pull that begins now.
func (d *device) gets(lines ...string) {
	d.BeginPull()
	require.NoError(d.w.t, d.Pulled([]byte(strings.Join(lines, ""))))
}

// TestLinesWithoutATrailerAreDiscarded: a chunk is applied in one step, or not at all.
func TestLinesWithoutATrailerAreDiscarded(t *testing.T) {
	d := newWorld(t).device(ana)
	x, y := lineOf(fence, map[string]string{"title": "x"}, 1), lineOf(gate, map[string]string{"title": "y"}, 1)
	d.gets(x)
	require.Zero(t, d.Shown(fence).Len())
	require.False(t, d.begun.Settled)
	require.Empty(t, d.TakeSaves())
	d.gets(x, unsettled(plainTrailer), y)
	require.Equal(t, `"x"`, d.title(fence))
	require.Zero(t, d.Shown(gate).Len())
	require.False(t, d.begun.Settled)
	require.Equal(t, "e.9", d.Cursor())
	d.gets(y, unsettled(plainTrailer), x, plainTrailer)
	require.Equal(t, `"y"`, d.title(gate))
	require.True(t, d.begun.Settled)
	require.Equal(t, "e.9", d.BeginPull())
	require.False(t, d.begun.Settled, "another pull has begun")
}

// TestInvalidChunkChangesNothing: not even the valid chunk before it is applied.
func TestInvalidChunkChangesNothing(t *testing.T) {
	x := lineOf(fence, map[string]string{"title": "secret"}, 1)
	for _, lines := range []string{
		"x\n", x[:len(x)-3] + "\n", strings.Replace(x, `"fence"`, `""`, 1), strings.Replace(leftLine(fence), `"fence"`, `""`, 1),
		x + resetLine("epoch"), leftLine(fence) + resetLine("epoch"), resetLine(""), `{"reset":[""]}` + "\n", "{}\n",
		`{"seq":2,"table":"tasks","id":"a","left":false}` + "\n", `{"cursor":7,"level":1}` + "\n",
		`{"cursor":"e.7","fence":"2026","level":1}` + "\n", `{"cursor":"e.7","level":"1"}` + "\n",
	} {
		d := newWorld(t).device(ana)
		d.BeginPull()
		err := d.Pulled([]byte(x + plainTrailer + lines + plainTrailer))
		require.Error(t, err, lines)
		require.NotContains(t, err.Error(), "secret")
		require.Empty(t, d.Cursor(), lines)
		require.Zero(t, d.Shown(fence).Len())
		require.Empty(t, d.TakeSaves())
		require.Empty(t, d.TakeNotices())
	}
}

// TestFieldsMayHaveTheNamesOfMembers: a record is not taken for a trailer, a reset or a record that
// left.
func TestFieldsMayHaveTheNamesOfMembers(t *testing.T) {
	d := newWorld(t).device(ana)
	names := map[string]string{"cursor": "x", "left": "true", "reset": "y", "more": "z", "why": "epoch"}
	line := lineOf(fence, names, 1)
	require.False(t, replica.IsTrailer([]byte(line)))
	require.False(t, replica.IsTrailer([]byte(`{"table":"tasks","id":"a","cursor":"x"}`)))
	require.False(t, replica.IsTrailer([]byte("x")))
	require.True(t, replica.IsTrailer([]byte(` { "level":1, "cursor" : "" }`)))
	d.gets(line, plainTrailer)
	require.Len(t, fieldsOf(d.Shown(fence)), len(names))
}

// TestRecordThatLeftIsForgotten: it is removed from memory and from the storage, with its Whys. A
// record that the Replica does not have may leave too. A record that left may come back.
func TestRecordThatLeftIsForgotten(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"title": "x"}, 1), plainTrailer)
	d.gets(lineOf(fence, map[string]string{"title": "y"}, 2), plainTrailer)
	require.NotEmpty(t, d.sentence(fence, "title"))
	d.save()
	d.TakeChanged()
	d.gets(leftLine(fence), leftLine(gate), plainTrailer)
	require.Equal(t, []record.Key{fence}, d.TakeChanged())
	require.Zero(t, d.Shown(fence).Len())
	require.Empty(t, d.sentence(fence, "title"))
	d.save()
	require.Len(t, d.disk, 1)
	d.gets(lineOf(fence, map[string]string{"title": "z"}, 3), plainTrailer)
	require.Equal(t, `"z"`, d.title(fence))
	require.Empty(t, d.TakeNotices())
}
