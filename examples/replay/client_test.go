package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// diary writes the log of a device as its client would.
type diary struct {
	clientlog.Log
	t *testing.T
}

func newDiary(t *testing.T, d *device) *diary {
	l := &diary{t: t}
	l.Add(clientlog.Event{At: clockAt("02 08:00:00.000"), Kind: clientlog.Opened, Client: d.id})
	return l
}

// item adds an event about an item.
func (l *diary) item(at string, kind clientlog.Kind, item string, change func(*clientlog.Event)) {
	m, err := new(record.Decoder).Mutation([]byte(item))
	require.NoError(l.t, err)
	r := clientlog.Record{Table: m.Data.Key().Table, ID: m.Data.Key().ID}
	for name, w := range m.Data.All() {
		r.Stamp = clientlog.Stamp(w.Stamp)
		f := clientlog.FieldOf(name, w)
		f.Stamp = clientlog.Stamp{}
		if base, ok := m.Base[name]; ok {
			saw := clientlog.Stamp(base)
			f.Base = &saw
		}
		r.Fields = append(r.Fields, f)
	}
	e := clientlog.Event{At: clockAt(at), Kind: kind, Seen: m.Seen, Records: []clientlog.Record{r}}
	if change != nil {
		change(&e)
	}
	l.Add(e)
}

// writes adds that writes of items were received or shown.
func (l *diary) writes(at string, kind clientlog.Kind, items ...string) {
	e := clientlog.Event{At: clockAt(at), Kind: kind}
	for _, item := range items {
		m, err := new(record.Decoder).Mutation([]byte(item))
		require.NoError(l.t, err)
		r := clientlog.Record{Table: m.Data.Key().Table, ID: m.Data.Key().ID}
		for name, w := range m.Data.All() {
			r.Fields = append(r.Fields, clientlog.FieldOf(name, w))
		}
		e.Records = append(e.Records, r)
	}
	l.Add(e)
}

// answered returns a change that makes the answer of an item.
func answered(verdict, codeOrOutcome string) func(*clientlog.Event) {
	return func(e *clientlog.Event) {
		r := &e.Records[0]
		if r.Verdict = verdict; verdict == "refused" {
			r.Code = merge.Code(codeOrOutcome)
			return
		}
		r.Fields[0].Outcome = codeOrOutcome
	}
}

// compared runs the program with a journal and the log, and returns what it prints about the two.
func compared(t *testing.T, l *diary, s *server, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log.jsonl")
	var text bytes.Buffer
	_, err := l.WriteTo(&text)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text.Bytes(), 0o600))
	_, told, _ := strings.Cut(replayed(t, string(s.journal), append(args, "-client", file)...), "knew of its clock.\n")
	return strings.TrimSpace(told)
}

// TestEditIsToldWithWhatItsAuthorHadPulled: Ben edits the title at 14:02 on what was pulled at 13:40, and
// has not seen Ana's write of 13:54.
func TestEditIsToldWithWhatItsAuthorHadPulled(t *testing.T) {
	s, ana, ben := newServer(nil), newDevice("a1"), newDevice("b2")
	first := ana.set("1", "02 09:00:00.000", "title", "private")
	s.push(ana.at("02 09:00:01.000"), first)
	l := newDiary(t, ben)
	ben.pull(s)
	l.writes("02 13:40:00.000", clientlog.Received, first)
	second := ana.set("1", "02 13:54:00.000", "title", "private")
	s.push(ana.at("02 13:55:00.000"), second)
	mine := ben.set("1", "02 14:02:00.000", "title", "private")
	l.item("02 14:02:00.000", clientlog.Edited, mine, func(e *clientlog.Event) { e.Seen = record.Seen{Epoch: "e", Seq: 1234} })
	l.item("02 14:05:00.000", clientlog.Sent, mine, nil)
	s.push(ben.at("02 14:05:00.000"), mine)
	l.item("02 14:05:01.000", clientlog.Answered, mine, answered("accepted", "applied"))
	l.writes("02 14:06:00.000", clientlog.Received, second)
	want := `tasks/1/title
  The edit was made at 2026-03-02 14:02:00.000 on what was pulled at 2026-03-02 13:40:00.000 (up to sequence 1,234).
  Its author was shown the write of 2026-03-02 09:00:00.000 by a1000000.
  It reached the server at 2026-03-02 14:05:00.000 (line 3), and was accepted (applied).
  By then the server had stored the write of 2026-03-02 13:54:00.000 by a1000000, at 2026-03-02 13:55:00.000 (line 2), 15 min after that pull. The client received it at 2026-03-02 14:06:00.000, after the edit.`
	require.Equal(t, want, compared(t, l, s))
	require.Equal(t, want, compared(t, l, s, "-explain", "tasks/1/title"))
	require.NotContains(t, compared(t, l, s), "private")
}

// TestUnseenWriteIsToldWithItsReceipt: a chunk after which more follows is not a pull, the first receipt of a
// write counts, and a write that was pulled can still be hidden from the author, for example by a draft.
func TestUnseenWriteIsToldWithItsReceipt(t *testing.T) {
	s, ana, ben := newServer(nil), newDevice("a1"), newDevice("b2")
	first := ana.set("1", "02 09:00:00.000", "title", "x")
	s.push(ana.at("02 09:00:01.000"), first)
	ben.pull(s)
	l := newDiary(t, ben)
	l.writes("02 09:10:00.000", clientlog.Received, first)
	second := ana.set("1", "02 09:20:00.000", "title", "y")
	s.push(ana.at("02 09:20:01.000"), second)
	l.writes("02 09:30:00.000", clientlog.Received, second)
	l.writes("02 09:40:00.000", clientlog.Received, second)
	l.Add(clientlog.Event{At: clockAt("02 09:50:00.000"), Kind: clientlog.Received, More: true})
	mine := ben.set("1", "02 10:00:00.000", "title", "z")
	l.item("02 10:00:00.000", clientlog.Edited, mine, nil)
	s.push(ben.at("02 10:00:01.000"), mine)
	told := compared(t, l, s)
	require.Contains(t, told, "on what was pulled at 2026-03-02 09:40:00.000.")
	require.Contains(t, told, "at 2026-03-02 09:20:01.000 (line 2). The client received it at 2026-03-02 09:30:00.000, before the edit, but the author was still shown an earlier one.")
	require.NotContains(t, told, "after that pull")
}

// TestOwnWriteIsNotUnseen: another tab of the same client wrote the field.
func TestOwnWriteIsNotUnseen(t *testing.T) {
	s, ben, tab := newServer(nil), newDevice("b2"), newDevice("b2")
	s.push(ben.at("02 09:00:01.000"), ben.set("1", "02 09:00:00.000", "title", "x"))
	l, mine := newDiary(t, tab), tab.set("1", "02 10:00:00.000", "title", "z")
	l.item("02 10:00:00.000", clientlog.Edited, mine, nil)
	l.item("02 10:00:00.000", clientlog.Answered, mine, answered("accepted", "applied"))
	s.push(tab.at("02 10:00:01.000"), mine)
	require.Contains(t, compared(t, l, s), "They do not part")
}

// TestLogAndJournalThatAgreeDoNotPart: a client that has seen everything has nothing to tell, except if its
// field is asked for.
func TestLogAndJournalThatAgreeDoNotPart(t *testing.T) {
	s, ana, ben := newServer(nil), newDevice("a1"), newDevice("b2")
	l := newDiary(t, ben)
	s.push(ana.at("02 09:00:01.000"), ana.set("1", "02 09:00:00.000", "title", "x"))
	s.push(ana.at("02 09:00:02.000"), ana.set("1", "02 09:00:02.000", "due", "x"))
	ben.pull(s)
	l.Add(clientlog.Event{At: clockAt("02 09:30:00.000"), Kind: clientlog.Received})
	mine := ben.set("1", "02 10:00:00.000", "title", "y")
	l.item("02 10:00:00.000", clientlog.Edited, mine, nil)
	l.writes("02 10:00:00.000", clientlog.Shown, mine)
	l.item("02 10:00:01.000", clientlog.Sent, mine, nil)
	s.push(ben.at("02 10:00:01.000"), mine)
	s.push(ben.at("02 10:00:02.000"), mine) // a retry
	l.item("02 10:00:02.000", clientlog.Answered, mine, answered("accepted", "equal"))
	l.Add(clientlog.Event{At: clockAt("02 10:00:03.000"), Kind: clientlog.Received})
	require.Equal(t, "They do not part: 1 edit in the log, each as the journal has it.", compared(t, l, s))
	require.Contains(t, compared(t, l, s, "-explain", "tasks/1/title"), "The edit was made at")
	require.Equal(t, "The log says nothing about this field.", compared(t, l, s, "-explain", "tasks/1/due"))

	s.push(ana.at("02 11:00:00.000"), newDevice("a1").set("1", "02 10:59:00.000", "title", "z"))
	require.Equal(t, "They do not part: 1 edit in the log, each as the journal has it.", compared(t, l, s), "it came after the last pull")
	l.Add(clientlog.Event{At: clockAt("02 12:00:00.000"), Kind: clientlog.Received})
	require.Equal(t, `tasks/1/title
  Since 2026-03-02 10:00:00.000 the client showed the write of 2026-03-02 10:00:00.000 by b2000000.
  The journal ends with the write of 2026-03-02 10:59:00.000 by a1000000, stored at 2026-03-02 11:00:00.000 (line 5), before the last pull of the log, at 2026-03-02 12:00:00.000.`, compared(t, l, s))
}

// TestFateOfAnEditIsCompared: what became of an edit by the log, and by the journal.
func TestFateOfAnEditIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		log    func(l *diary, item string)
		pushed bool
		want   string
	}{
		"not sent":    {func(*diary, string) {}, false, "it was not sent before the log ends."},
		"not arrived": {func(l *diary, item string) { l.item("02 10:00:00.000", clientlog.Sent, item, nil) }, false, "it was sent at 2026-03-02 10:00:00.000 and never arrived, or only after the journal ends."},
		"no answer":   {func(l *diary, item string) { l.item("02 10:00:00.000", clientlog.Sent, item, nil) }, true, "The client did not get the answer before the log ends."},
		"not logged":  {func(*diary, string) {}, true, "The log does not show that it was sent."},
		"other answer": {func(l *diary, item string) {
			l.item("02 10:00:00.000", clientlog.Answered, item, answered("refused", "forbidden"))
		}, true, "The client was told at 2026-03-02 10:00:00.000: refused (forbidden). The journal says: accepted (applied)."},
		"lost by the server": {func(l *diary, item string) {
			l.item("02 10:00:00.000", clientlog.Answered, item, answered("accepted", "applied"))
		}, false,
			"The client was told at 2026-03-02 10:00:00.000 that it was accepted, but the journal does not have it"},
		"refused": {func(l *diary, item string) {
			l.item("02 10:00:00.000", clientlog.Dropped, item, func(e *clientlog.Event) { e.Why = "forbidden" })
		}, false, "the client was told that it was refused (forbidden), and dropped it."},
		"agrees": {func(l *diary, item string) {
			l.item("02 10:00:00.000", clientlog.Answered, item, answered("accepted", "applied"))
		}, true, "They do not part"},
		"replaced": {func(l *diary, item string) {
			l.item("02 10:00:00.000", clientlog.Dropped, item, func(e *clientlog.Event) { e.Why = clientlog.Replaced })
		}, false, "They do not part"},
		"gone": {func(l *diary, item string) {
			l.item("02 10:00:00.000", clientlog.Dropped, item, func(e *clientlog.Event) { e.Why = "gone" })
		}, false, "They do not part"},
	} {
		s, ana, ben := newServer(nil), newDevice("a1"), newDevice("b2")
		s.push(ana.at("02 08:00:00.000"), ana.set("2", "02 08:00:00.000", "title", "x"))
		l, item := newDiary(t, ben), ben.set("1", "02 09:00:00.000", "title", "y")
		l.item("02 09:00:00.000", clientlog.Edited, item, nil)
		c.log(l, item)
		if c.pushed {
			s.push(ben.at("02 09:30:00.000"), item)
		}
		require.Contains(t, compared(t, l, s), c.want, name)
	}
}

// TestRestampedEditIsFoundByItsLastStamp: the clock was an hour ahead when the edit was made.
func TestRestampedEditIsFoundByItsLastStamp(t *testing.T) {
	s, ben := newServer(nil), newDevice("b2")
	l := newDiary(t, ben)
	ahead := ben.set("1", "02 10:00:00.000", "title", "y")
	right := newDevice("b2").set("1", "02 09:00:00.000", "title", "y")
	l.item("02 10:00:00.000", clientlog.Edited, ahead, nil)
	l.item("02 09:00:01.000", clientlog.Restamped, right, func(e *clientlog.Event) {
		e.Records[0].Was = clientlog.Stamp{Time: clock.TimestampOf(clockAt("02 10:00:00.000")), Client: ben.id}
	})
	s.push(ben.at("02 09:00:02.000"), right)
	require.Contains(t, compared(t, l, s), "It reached the server at 2026-03-02 09:00:02.000 (line 1)")
}

// TestLogNeedsAJournal: with a history, or with another way to show it, the program refuses the log.
func TestLogNeedsAJournal(t *testing.T) {
	for _, args := range [][]string{{"-client", "x"}, {"-client", "x", "-state"}, {"-client", "x", "-timeline", "a/b/c"}, {"-client", ""}} {
		var out, errs bytes.Buffer
		require.Equal(t, misused, run(args, nil, &out, &errs), args)
		require.Contains(t, errs.String(), "-client")
	}
	s, ana := newServer(nil), newDevice("a1")
	s.push(ana.at("02 09:00:01.000"), ana.set("1", "02 09:00:00.000", "title", "x"))
	var out, errs bytes.Buffer
	require.Equal(t, refused, run([]string{"-client", filepath.Join(t.TempDir(), "none"), "-"}, bytes.NewReader(s.journal), &out, &errs))
	require.Empty(t, out.String())
}
