package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// inLine returns the line for a record in some buckets, a JSON array.
func inLine(key record.Key, in string, seconds int) string {
	line := lineOf(key, map[string]string{"title": fmt.Sprint("of ", seconds)}, seconds)
	return strings.Replace(line, `"in":[""]`, `"in":`+in, 1)
}

func lostLine(why, names string) string {
	return fmt.Sprintf(`{"reset":%s,"why":%q}`+"\n", names, why)
}

// told returns a settled trailer that names the buckets of the client, a JSON array.
func told(names string) string {
	return fmt.Sprintf(`{"cursor":"e.9~1","buckets":%s,"level":1}`+"\n", names)
}

// untold is a settled trailer for a client whose buckets are the same as before.
const untold = `{"cursor":"e.9~1","level":1}` + "\n"

// holds returns which of the records fence and gate a device shows, also after it was opened again.
func (d *device) holds() (held string) {
	d.save()
	for range 2 {
		held = ""
		for _, key := range []record.Key{fence, gate} {
			if d.Shown(key).Len() > 0 {
				held += key.ID[:1]
			}
		}
		d.open()
	}
	return held
}

// TestRecordIsForgottenWhenItIsInNoBucket: a line replaces all buckets of a record, a trailer without
// buckets changes none, and a record stays until its last bucket is lost.
func TestRecordIsForgottenWhenItIsInNoBucket(t *testing.T) {
	both := []string{inLine(fence, `["a"]`, 1), inLine(gate, `["a","b"]`, 1), told(`["a","b"]`)}
	for _, c := range []struct {
		name  string
		lines []string
		holds string
	}{
		{"nothing", []string{untold}, "fg"},
		{"the same buckets", []string{told(`["a","b"]`)}, "fg"},
		{"null for buckets", []string{told("null")}, "fg"},
		{"more buckets", []string{told(`["a","b","c"]`)}, "fg"},
		{"one bucket", []string{told(`["b"]`)}, "g"},
		{"all buckets", []string{told(`[]`)}, ""},
		{"another bucket", []string{told(`["c"]`)}, ""},
		{"the bucket without a name", []string{told(`[""]`)}, ""},
		{"a reset", []string{lostLine("grant", `["a"]`), untold}, "g"},
		{"resets with two reasons", []string{lostLine("fence", `["a"]`), lostLine("grant", `["b"]`), untold}, ""},
		{"a reset after which the record comes back", []string{lostLine("grant", `["a","b"]`), inLine(fence, `["b"]`, 1), untold}, "f"},
		{"a new epoch, whatever buckets it names", []string{lostLine("epoch", `["c"]`), untold}, ""},
		{"a move, and then the loss of the old bucket", []string{inLine(fence, `["b"]`, 2), untold, told(`["b"]`)}, "fg"},
		{"a move, and then the loss of the new bucket", []string{inLine(gate, `["b"]`, 2), untold, told(`["a"]`)}, "f"},
		{"an unchanged record in another bucket", []string{inLine(fence, `["b"]`, 1), untold, told(`["b"]`)}, "fg"},
		{"two losses", []string{told(`["b"]`), told(`["a"]`)}, ""},
		{"a departure", []string{leftLine(gate), untold}, "f"},
		{"a record in no bucket", []string{inLine(gate, `[]`, 2), untold}, "f"},
	} {
		d := newWorld(t).device(ana)
		d.gets(both...)
		require.Equal(t, "fg", d.holds())
		d.gets(c.lines...)
		require.Equal(t, c.holds, d.holds(), c.name)
		require.Empty(t, d.Waiting(), c.name)
	}
}

// TestErasureOfAHeldRecordIsTold: if a record leaves because it was erased, and only then, a client that
// holds it is told.
func TestErasureOfAHeldRecordIsTold(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(inLine(fence, `["a"]`, 1), inLine(gate, `["a"]`, 1), told(`["a"]`))
	require.Empty(t, d.TakeNotices())
	erased := func(key record.Key) string { return strings.Replace(leftLine(key), "true", `true,"erased":true`, 1) }
	d.gets(leftLine(gate), erased(fence), erased(record.Key{Table: "tasks", ID: "unknown"}), untold)
	require.Equal(t, []replica.Notice{{Kind: replica.Erased, Key: fence}}, d.TakeNotices())
	require.Empty(t, d.holds())
	d.gets(erased(fence), untold)
	require.Empty(t, d.TakeNotices())
}

// TestBucketsAreReadInAnyForm: a record of an earlier version, or one whose line names no buckets, is in
// the bucket "".
func TestBucketsAreReadInAnyForm(t *testing.T) {
	plain := inLine(fence, `["a"]`, 1)
	members := strings.TrimPrefix(plain, `{"seq":1,"in":["a"],`)
	for _, c := range []struct{ line, after, holds string }{
		{plain, `["a"]`, "f"}, {plain, `[""]`, ""},
		{`{"in":["a"],` + members, `["a"]`, "f"},
		{`{ "seq" : 1, "in" : [ "a" ] ,` + members, `["a"]`, "f"},
		{strings.TrimSuffix(`{`+members, "}\n") + `,"in":["a"]}` + "\n", `["a"]`, "f"},
		{`{"seq":1,"in":["\u0061"],` + members, `["a"]`, "f"},
		{`{"seq":1,"in":["c]","a","a"],` + members, `["a"]`, "f"},
		{`{"seq":1,"in":["c]","a","a"],` + members, `["c]"]`, "f"},
		{`{"seq":1,"in":["\",\"record\":{"],` + members, `["\",\"record\":{"]`, "f"},
		{`{"seq":1,` + members, `[""]`, "f"}, {`{"seq":1,` + members, `["a"]`, ""},
		{strings.Replace(`{"seq":1,`+members, `"title"`, `"in"`, 1), `[""]`, "f"},
		{`{"seq":1,"in":["",""],` + members, `[""]`, "f"},
		{`{"seq":1,"in":["","a"],` + members, `[""]`, "f"},
	} {
		d := newWorld(t).device(ana)
		d.gets(c.line, told(`["x"]`))
		d.holds()
		d.gets(told(c.after))
		require.Equal(t, c.holds, d.holds(), c.line)
	}
	for _, in := range []string{`7`, `"a"`, `[7]`, `{}`, `["a"`, `[["a"]]`} {
		d := newWorld(t).device(ana)
		d.BeginPull()
		err := d.Pulled([]byte(plain + strings.Replace(plain, `["a"]`, in, 1) + untold))
		require.Error(t, err, in)
		require.Zero(t, d.Shown(fence).Len())
	}
	d := newWorld(t).device(ana)
	d.BeginPull()
	require.ErrorIs(t, d.Pulled([]byte("\n"+strings.Replace(plain, `,"data"`, ",\n"+`"data"`, 1)+untold)), replica.ErrAnswer)
}

// TestBucketsAreKnown: the Replica tells the buckets that the server named last.
func TestBucketsAreKnown(t *testing.T) {
	d := newWorld(t).device(ana)
	require.Equal(t, []string{""}, d.Buckets())
	for _, c := range []struct {
		trailer string
		want    []string
	}{
		{told(`["b","a"]`), []string{"a", "b"}}, {untold, []string{"a", "b"}}, {told(`[]`), []string{}}, {untold, []string{}}, {told(`[""]`), []string{""}},
	} {
		d.gets(c.trailer)
		require.Equal(t, c.want, d.Buckets())
		d.save()
		d.open()
		require.Equal(t, c.want, d.Buckets())
	}
}

// leave is what makes a record leave a client that has the buckets a and b.
var leave = map[string]string{
	"a departure":      leftLine(fence) + untold,
	"a revocation":     told(`["b"]`),
	"a reset":          lostLine("grant", `["a"]`) + untold,
	"a reset by fence": lostLine("fence", `["a"]`) + untold,
}

// TestEditsOfARecordThatLeftAreHidden: an edit that waits and one that was accepted, whether or not they
// create the record. They stay hidden until a line brings the record, and are sent even so.
func TestEditsOfARecordThatLeftAreHidden(t *testing.T) {
	for name, lines := range leave {
		for _, creates := range []bool{false, true} {
			for _, accepted := range []bool{false, true} {
				d := newWorld(t).device(ana)
				d.gets(told(`["a","b"]`))
				if !creates {
					d.gets(inLine(fence, `["a"]`, 0), untold)
				}
				d.edit(fence, "due", str("mine"))
				d.BeginPull()
				if accepted {
					d.accept()
				}
				require.NoError(t, d.Pulled([]byte(inLine(fence, `["a"]`, 0)+untold)))
				require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)))
				d.TakeChanged()
				d.BeginPull()
				if accepted { // answered after the pull began
					d.begun.Answered = 0
				}
				require.NoError(t, d.Pulled([]byte(lines)))
				require.Equal(t, []record.Key{fence}, d.TakeChanged(), name)
				require.Equal(t, "", d.holds(), name)
				require.Empty(t, d.WaitingFields(fence))
				d.begun.Answered = 0
				require.NoError(t, d.Pulled([]byte(inLine(gate, `["b"]`, 0)+untold)))
				require.Equal(t, "g", d.holds(), name)
				require.Equal(t, !accepted, d.NumWaiting() == 1)
				d.begun.Answered = 0
				require.NoError(t, d.Pulled([]byte(inLine(fence, `["b"]`, 0)+told(`["b"]`))))
				require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)), name)
				require.Equal(t, !accepted, len(d.WaitingFields(fence)) == 1)
			}
		}
	}
}

// TestDepartureHidesEditsOfARecordThatIsNotHeld: the creation was stored, its answer was lost, and the
// record moved elsewhere before the client pulled it.
func TestDepartureHidesEditsOfARecordThatIsNotHeld(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(told(`["a"]`))
	d.edit(fence, "title", str("mine"))
	d.outbox()
	d.gets(inLine(gate, `["a"]`, 0), untold)
	require.Equal(t, "fg", d.holds())
	d.gets(leftLine(fence), untold)
	require.Equal(t, "g", d.holds())
	d.edit(fence, "title", str("again"))
	require.Equal(t, []string{"fence title @1 new base", "fence title @2 new base"}, d.sent(), "its author saw no record")
	require.Equal(t, `"again"`, d.title(fence))
}

// TestRefusedEditOfARecordThatLeft: the user is told why, with the values that the edit wrote.
func TestRefusedEditOfARecordThatLeft(t *testing.T) {
	for _, left := range []bool{false, true} {
		d := newWorld(t).device(ana)
		d.gets(inLine(fence, `["a"]`, 0), told(`["a"]`))
		d.edit(fence, "title", str("mine"))
		if left {
			d.gets(told(`[]`))
		}
		d.save()
		d.open()
		d.outbox()
		require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"forbidden"}]`)))
		want := replica.Notice{Kind: replica.Refused, Key: fence, Fields: []string{"title"}, Code: merge.Forbidden}
		if left {
			want.Why = replica.WhyLeft
		}
		told := d.TakeNotices()
		require.Len(t, told, 1)
		require.Equal(t, []string{"title"}, fieldsOf(told[0].RolledBack))
		told[0].RolledBack = record.Record{}
		require.Equal(t, want, told[0])
		require.Zero(t, d.NumWaiting())
	}
}

// TestAcceptedEditIsNotConfirmedByItself: a record that no pull has brought is forgotten when its overlay
// ends, also if the fence has risen meanwhile. It may have left with a bucket that was lost.
func TestAcceptedEditIsNotConfirmedByItself(t *testing.T) {
	for _, rises := range []bool{false, true} {
		d := newWorld(t).device(ana)
		d.gets(told(`["a","b"]`))
		d.edit(fence, "title", str("mine"))
		d.BeginPull()
		d.accept()
		between := untold
		if rises {
			between = strings.Replace(untold, `"level"`, fmt.Sprintf(`"fence":%q,"level"`, at(5)), 1)
		}
		require.NoError(t, d.Pulled([]byte(between)))
		require.Equal(t, "f", d.holds())
		d.gets(unsettled(strings.Replace(between, "9~1", "9~2", 1)))
		require.Equal(t, "f", d.holds())
		d.gets(strings.Replace(between, `"level"`, `"buckets":["b"],"level"`, 1))
		require.Equal(t, "", d.holds())
		require.Len(t, d.disk, 1)
	}
}

// TestNewBucketsAreNotReported: neither are they counted as resets by a server that resets again and
// again.
func TestNewBucketsAreNotReported(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(inLine(fence, `["a"]`, 1), told(`["a"]`))
	for range 20 {
		d.gets(lostLine("grant", `["a"]`), unsettled(untold))
	}
	require.Empty(t, d.TakeNotices())
	d.gets(lostLine("grant", `["a"]`), lostLine("fence", `["b"]`), untold)
	require.Equal(t, []replica.Notice{{Kind: replica.Resync, Why: replica.WhyFence}}, d.TakeNotices())
}

// TestLostBucketsAreSaved: a bucket that was lost does not come back when the store is opened again.
func TestLostBucketsAreSaved(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(inLine(gate, `["a","b"]`, 1), told(`["a","b"]`))
	require.Equal(t, "g", d.holds())
	for _, c := range []struct{ names, holds string }{{`["b"]`, "g"}, {`["a"]`, ""}} {
		d.gets(told(c.names))
		require.Equal(t, c.holds, d.holds())
	}
}

// TestDeathHidesEditsOfTheRecord: a fence that passes a deleted record makes it leave, and so does a
// reset after the server was restored. In a workspace with the one bucket "", the fence decides.
func TestDeathHidesEditsOfTheRecord(t *testing.T) {
	for _, names := range []string{`["a"]`, `[""]`} {
		d := newWorld(t).device(ana)
		d.edit(fence, "title", str("mine")) // at 1 s
		deleted := strings.Replace(lineOf(fence, map[string]string{record.DeletedField: "true"}, 0), `[""]`, names, 1)
		d.gets(deleted, told(names))
		require.Equal(t, "f", d.holds())
		d.gets(strings.Replace(untold, `"level":1`, fmt.Sprintf(`"fence":%q,"level":2`, at(0)), 1))
		require.Equal(t, map[string]string{`["a"]`: "", `[""]`: "f"}[names], d.holds())
		require.Equal(t, 1, d.NumWaiting())

		d = newWorld(t).device(ana)
		d.gets(strings.Replace(lineOf(fence, map[string]string{"title": "x"}, 0), `[""]`, names, 1), told(names))
		d.edit(fence, "title", str("mine"))
		d.gets(lostLine("epoch", names), untold)
		require.Equal(t, map[string]string{`["a"]`: "", `[""]`: "f"}[names], d.holds())
		require.Equal(t, 1, d.NumWaiting())
	}
}

// TestHiddenEditIsNotReplaced: a later edit begins a record that the user does not see, so it does not
// stand for the hidden one.
func TestHiddenEditIsNotReplaced(t *testing.T) {
	for name, lines := range leave {
		d := newWorld(t).device(ana)
		d.gets(told(`["a","b"]`))
		d.gets(inLine(fence, `["a"]`, 0), untold)
		d.edit(fence, "due", str("hidden"))
		d.gets(lines)
		d.edit(fence, "due", str("later"))
		require.Equal(t, 2, d.NumWaiting(), name)
	}
}
