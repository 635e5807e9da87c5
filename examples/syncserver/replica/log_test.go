package replica_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// recorded opens the device again with a log.
func (d *device) recorded(l *clientlog.Log) {
	d.save()
	r, err := replica.Open(replica.Options{ID: d.id, Wall: func() time.Time { return d.w.now.Add(d.skew) }, Saved: entries(d.disk), Log: l})
	require.NoError(d.w.t, err)
	d.Replica = r
}

// logOf returns the text of a log, and its events in short: the seconds after the start, the kind, and
// the records with their fields.
func logOf(t *testing.T, w *world, l *clientlog.Log) (text string, events []string) {
	t.Helper()
	var b bytes.Buffer
	_, err := l.WriteTo(&b)
	require.NoError(t, err)
	f, err := clientlog.Read(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	start := time.Date(2026, 3, 2, 14, 2, 0, 0, time.UTC)
	for _, e := range f.Events {
		s := fmt.Sprintf("%d %s", int(e.At.Sub(start).Seconds()), e.Kind)
		for _, part := range []string{e.Why, string(e.Code)} {
			if part != "" {
				s += " " + part
			}
		}
		if e.Seen.Seq > 0 {
			s += fmt.Sprintf(" #%d", e.Seen.Seq)
		}
		for _, r := range e.Records {
			s += " " + r.ID
			if r.Stamp.Time > 0 {
				s += fmt.Sprintf("@%d", int(r.Stamp.Time.Time().Sub(start).Seconds()))
			}
			if r.Was.Time > 0 {
				s += fmt.Sprintf(" was @%d", int(r.Was.Time.Time().Sub(start).Seconds()))
			}
			for _, f := range r.Fields {
				s += " " + f.Name
				if f.Outcome != "" {
					s += "=" + f.Outcome
				}
			}
		}
		events = append(events, s)
	}
	return b.String(), events
}

// TestLogHoldsWhatAReplicaDid follows one edit and a refused one, a pull, a reset, and a correction of the
// clock.
func TestLogHoldsWhatAReplicaDid(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	var l clientlog.Log
	d.recorded(&l)
	d.gets(seenAt("7"))
	d.edit(fence, "title", str("private"))
	d.TakeChanged()
	d.edit(fence, "title", str("private too"))
	d.TakeChanged()
	d.edit(gate, "title", str("forbidden"))
	d.push()
	d.TakeChanged()
	d.gets(lineOf(fence, map[string]string{"title": "by Ben"}, 10), seenAt("9"))
	d.TakeChanged()
	d.skew = time.Hour
	d.edit(gate, "due", str("x"))
	d.told(0, 0)
	d.gets(resetLine("fence"), seenAt("12"))
	text, events := logOf(t, w, &l)
	require.Equal(t, []string{
		"0 opened",
		"0 received #7",
		"1 edited #7 fence@1 title",
		"1 shown fence title",
		"2 dropped replaced fence@1 title",
		"2 edited #7 fence@2 title",
		"2 shown fence title",
		"3 edited #7 gate@3 title",
		"3 sent fence@2 title gate@3 title",
		"3 answered fence@2 title=applied gate@3 title",
		"3 dropped title_forbidden gate@3 title",
		"3 told refused title_forbidden gate title",
		"3 received #9 fence title",
		"3 shown fence title",
		"3604 edited #9 gate@3604 due",
		"4 restamped gate@4 was @3604",
		"4 told clock_corrected",
		"4 received fence #12",
		"4 told resync",
	}, events)
	require.Contains(t, text, `"offset":-3600000000000`)
	require.True(t, strings.HasPrefix(text, `{"clientLog":1,"client":"`+ana.String()+`"}`), "the head names the client")
	for _, private := range []string{"private", "forbidden\"}", "by Ben"} {
		require.NotContains(t, text, private)
	}
}

// TestLogDoesNotChangeWhatAReplicaDoes compares batches and saves with and without a log.
func TestLogDoesNotChangeWhatAReplicaDoes(t *testing.T) {
	run := func(l *clientlog.Log) (all []string) {
		w := newWorld(t)
		d := w.device(ana)
		d.recorded(l)
		for i := range 20 {
			d.edit(record.Key{Table: "tasks", ID: fmt.Sprint(i % 7)}, "title", str(fmt.Sprint(i)))
			if i%3 == 0 {
				all = append(all, string(d.outbox()))
				d.push()
			}
			d.pull()
			all = append(all, fmt.Sprint(d.TakeSaves(), d.TakeChanged(), d.TakeNotices()))
		}
		return all
	}
	require.Equal(t, run(nil), run(&clientlog.Log{Values: func(string, string) bool { return true }}))
}
