package mergetest

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
	"github.com/fieldlww/fieldlww/record"
)

// textCase is a mistake, steps that find it, and texts that the failure must contain.
type textCase struct {
	make  newBackend
	steps []string
	says  []string
}

func (c textCase) check(t *testing.T) {
	t.Helper()
	err := replay(c.make, Schedule{Steps: c.steps})
	if err == nil {
		t.Fatal("the steps broke no law")
	}
	for _, part := range c.says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the failure lacks %q:\n%v", part, err)
		}
	}
}

// storing returns a backend with another rule for the write that wins.
func storing(wins func(old, in record.FieldValue) bool) newBackend { return with(quirks{wins: wins}) }

// TestFailureNotesWhatIsSpecialAboutTheField checks that a failure has a note about the field besides the law.
func TestFailureNotesWhatIsSpecialAboutTheField(t *testing.T) {
	for name, test := range map[string]textCase{
		"an equal value with a newer stamp": {storing(func(old, in record.FieldValue) bool { return old.Value != in.Value && rightly(old, in) }),
			[]string{"ana edits a x=1", "ana pushes", "wait 1s", "ana edits a x=1", "ana pushes"},
			[]string{law.Later.Text().Name, "note      the two writes differ only in their stamps: an equal value with a newer stamp is a newer write"}},
		"a null": {storing(func(old, in record.FieldValue) bool { return in.Value.JSON() != "null" && rightly(old, in) }),
			[]string{"ana edits a x=1", "ana pushes", "wait 1s", "ana edits a x=null", "ana pushes"},
			[]string{law.Later.Text().Name, "note      null is a value like any other"}},
		"a deleted record": {with(quirks{stores: deadRecords}),
			[]string{"ana deletes a", "ana pushes", "ana edits a x=1", "ana pushes"},
			[]string{law.Vanish.Text().Name, "note      the record is deleted"}},
		"a restored record": {with(quirks{stores: restoreWipes}),
			[]string{"ana edits a x=1", "ana deletes a", "ana pushes", "ana restores a", "ana pushes"},
			[]string{law.Stays.Text().Name, "note      the record was deleted and restored"}},
		"a delete after a restore": {storing(func(old, in record.FieldValue) bool { return in.Value != record.Bool(true) && rightly(old, in) }),
			[]string{"ana restores a", "ana pushes", "wait 1s", "ana deletes a", "ana pushes"},
			[]string{law.Later.Text().Name, "note      $deleted is a field like any other"}},
		"a delete of a record that does not exist": {with(quirks{stores: storesWithout(func(name string, v record.FieldValue) bool { return name == record.DeletedField })}),
			[]string{"ana deletes a", "ana pushes"}, []string{law.Tombstone.Text().Name, "a delete that is ignored because the record or the field does not exist"}},
	} {
		t.Run(name, test.check)
	}
}

// restoreWipes drops the fields of a record that is restored.
func restoreWipes(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if name == record.DeletedField && v.Value == record.Bool(false) {
		clear(fields)
	}
	fields[name] = v
}

// TestFailureTexts checks the hints and details that explain mistakes which are hard to understand.
func TestFailureTexts(t *testing.T) {
	for name, test := range map[string]textCase{
		"text stored in the spelling in which it arrived": {with(quirks{batch: func(text []byte) []byte {
			return []byte(strings.ReplaceAll(string(text), `\u0078`, `z`))
		}}), []string{"ana edits a x=1", "ana pushes, spelled otherwise"}, []string{`  it arrived as { "data" : { "\u0078" :\t{`, "One of the pushes is spelled otherwise"}},
		"a cursor that moves": {ownOf(own{pull: moving}), []string{"ana edits a x=1", "ana pushes"},
			[]string{`the cursor changed 1,000 times: from "" to "x", "xx", "xxx" and so on`}},
		"a server whose clock does not observe": {over(func(m *memory) Backend { return writing{m, longAgo} }), []string{"ana edits a x=1", "ana pushes", "server writes a x=2"},
			[]string{"expected  2, which the server wrote, with a later stamp than the found write"}},
		"a counter that is dropped": {with(quirks{stores: storesAs(toMilliseconds)}), []string{"ana edits a x=1", "ana edits a x=2", "ana pushes"},
			[]string{law.Counter.Text().Name, "a JavaScript Date"}},
	} {
		t.Run(name, test.check)
	}
}

// moving returns a different cursor each time.
func moving(_ *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	return nil, cursor + "x", nil
}

// TestUnreadableAnswerIsShown checks that a failure shows an unreadable answer, and names the invalid member.
func TestUnreadableAnswerIsShown(t *testing.T) {
	for answer, says := range map[string]string{
		`[{"index":0},{"index":1,"serverTime":"2024-03-04T14:00:00+02:00"}]`: "serverTime of reply 1: ",
		`[{"index":"0"}]`: "index of reply 0: ",
		`{"results":[]}`:  "the answer begins  {\"results\":[]}",
		`<html>`:          "the answer begins  <html>",
	} {
		err := replay(over(func(m *memory) Backend { return answering{m, answer} }), Schedule{Steps: []string{"ana edits a x=1", "ana pushes"}})
		if err == nil || !strings.Contains(err.Error(), law.WellFormed.Text().Name) || !strings.Contains(err.Error(), says) {
			t.Errorf("wrong failure for the answer %s: %v", answer, err)
		}
	}
}

// answering is a backend that gives the same answer to every push.
type answering struct {
	Backend
	answer string
}

func (a answering) Push(clock.ClientID, []byte) ([]byte, error) { return []byte(a.answer), nil }

// TestServerTimeInWholeSecondsIsEnough checks that a server time rounded to seconds passes, and one that is two
// seconds off does not.
func TestServerTimeInWholeSecondsIsEnough(t *testing.T) {
	at := func(off time.Duration) newBackend {
		return replying(func(r *merge.Reply) {
			if !r.ServerTime.IsZero() {
				r.ServerTime = clock.TimestampOf(r.ServerTime.Time().Truncate(time.Second).Add(off))
			}
		})
	}
	s := Schedule{Steps: []string{"wait 1.5s", "ana clock +1h", "ana edits a x=1", "ana pushes"}}
	Replay(t, at(0), s)
	if err := replay(at(-2*time.Second), s); err == nil || !strings.Contains(err.Error(), law.Ahead.Text().Name) {
		t.Error(err)
	}
}

// TestTimelineColumnsStayAligned checks that a long time before a step does not shift the other columns.
func TestTimelineColumnsStayAligned(t *testing.T) {
	got := report.Timeline([]sim.Event{{At: 0, Does: "ana pushes", Sees: "x\ny"}, {At: 168*time.Hour + time.Millisecond, Does: "ben pulls", Sees: "z"}})
	want := `  after         what happens; times are since 2024-03-04T12:00:00Z
  0s            ana pushes   x
                             y
  168h0m0.001s  ben pulls    z
`
	if got != want {
		t.Errorf("the columns are not aligned:\n%s", got)
	}
}

// TestDurationsPrintAsGoSource checks that a bound is printed as a person would write it in Go.
func TestDurationsPrintAsGoSource(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "MaxAhead: 1 * time.Hour", 90 * time.Minute: "MaxAhead: 90 * time.Minute", 1500 * time.Millisecond: "MaxAhead: 1500 * time.Millisecond", -1: "MaxAhead: -1", 7: "MaxAhead: 7",
	} {
		if got := (Options{MaxAhead: d}).literal(); got != want {
			t.Error(got)
		}
	}
}

// TestStormEditsNameTheirDevice checks that the story names the device that makes the edits of a storm.
func TestStormEditsNameTheirDevice(t *testing.T) {
	textCase{with(quirks{paused: true}), []string{"ana edits a x=1", "ana pushes, ben storms"}, []string{law.Meet.Text().Name, "    ben edits a x=deleted\n"}}.check(t)
}
