package replica_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
)

// story is a story of the conformance vectors. The README of their folder documents the steps.
type story struct {
	Name  string
	Steps []json.RawMessage
}

// step has the members of all steps.
type step struct {
	Open                      *string
	Wall                      time.Time
	Edit, Shown, Why          []string
	Set                       string
	Delete                    []string
	Seen                      map[string]*stampText
	Batch                     *struct{ Items, Bytes int }
	Lines, Outbox, Pull       []string
	Answer, Begin, Of, Cursor *string
	Settled                   bool
	Time                      clock.Timestamp
	Took, Offset              int64
	ClockSet                  bool
	Record                    *string
	Waiting                   []string
	Notices                   []json.RawMessage
	Is                        json.RawMessage
	Refused                   any
}

type stampText struct {
	UpdatedAt clock.Timestamp `json:"updatedAt"`
	ClientID  clock.ClientID  `json:"clientId"`
}

// storyDevice is a Replica with its storage, its clock and its pulls.
type storyDevice struct {
	*replica.Replica
	t     *testing.T
	disk  map[string]string
	wall  time.Time
	pulls map[string]*replica.Pull
}

// TestVectors runs the stories that clients in other languages run.
func TestVectors(t *testing.T) {
	for _, file := range []string{"answers.json", "clock.json", "outbox.json", "restamp.json"} {
		text, err := os.ReadFile("../../../merge/testdata/vectors/" + file)
		require.NoError(t, err)
		var content struct{ Stories []story }
		require.NoError(t, json.Unmarshal(text, &content))
		require.NotEmpty(t, content.Stories)
		for _, s := range content.Stories {
			t.Run(file+"/"+s.Name, func(t *testing.T) { runStory(t, s) })
		}
	}
}

func runStory(t *testing.T, s story) {
	d := &storyDevice{t: t, disk: map[string]string{}, pulls: map[string]*replica.Pull{}}
	for i, text := range s.Steps {
		var st step
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&st), "%s", text)
		d.run(&st)
		if d.Replica != nil {
			d.save()
		}
		require.False(t, t.Failed(), "step %d: %s", i, text)
	}
	require.Empty(t, d.TakeNotices(), "a notice that no step expects")
}

func (d *storyDevice) save() {
	d.TakeChanged()
	for _, e := range d.TakeSaves() {
		if d.disk[e.Key] = e.Value; e.Value == "" {
			delete(d.disk, e.Key)
		}
	}
}

func (d *storyDevice) saved(yield func(replica.Entry) bool) {
	for key, value := range d.disk {
		if !yield(replica.Entry{Key: key, Value: value}) {
			return
		}
	}
}

func (d *storyDevice) run(s *step) {
	switch {
	case s.Open != nil:
		d.open(s)
	case !s.Wall.IsZero():
		d.wall = s.Wall
	case s.Edit != nil:
		d.edit(s)
	case s.Batch != nil:
		d.batch(s)
	case s.Outbox != nil:
		d.same(s.Outbox, linesOf(d.Waiting()))
	case s.Answer != nil:
		d.outcome(d.Answer([]byte(*s.Answer)), s)
	case s.Begin != nil:
		p := d.BeginPull()
		d.pulls[*s.Begin] = &p
		d.same(*s.Cursor, p.Cursor)
	case s.Pull != nil:
		d.pull(s)
	case s.Time != 0:
		d.ServerTime(s.Time, time.Duration(s.Took)*time.Millisecond)
		d.same(s.Offset, d.Offset().Milliseconds())
	case s.ClockSet:
		d.ForgetOffset()
	case s.Shown != nil:
		d.shown(s)
	case s.Why != nil:
		d.why(s)
	case s.Notices != nil:
		d.notices(s)
	default:
		d.t.Error("unknown step")
	}
}
