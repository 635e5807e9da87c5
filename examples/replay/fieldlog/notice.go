package fieldlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// The kinds of a Notice.
const (
	Fence = "fence" // data that was deleted until a time is purged
	Epoch = "epoch" // the history has a new epoch, as after a restore from a backup
	Reset = "reset" // a client was told to pull everything again
)

// Notice is a line of a journal that is not a push: something that happened at the server. See the
// server of examples/syncserver for the form.
type Notice struct {
	Line   int             `json:"-"`     // its line number in the journal, from 1
	Kind   string          `json:"event"` // later versions of a server may have further kinds
	Wall   time.Time       `json:"wall"`  // by the server's clock
	Fence  clock.Timestamp `json:"fence"` // of a Fence
	Client clock.ClientID  `json:"client"`
	Why    string          `json:"why"` // why a client was reset: "fence" or "epoch"
}

// errNotice reports a damaged notice. It does not quote the line.
var errNotice = errors.New("invalid event of the server")

// ParseNotice reads a line of a journal. The result is false if the line is not a Notice but a push,
// which merge.ParseJournalLine reads.
func ParseNotice(line []byte) (n Notice, ok bool, err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(line), []byte(`{"event":`)) {
		return Notice{}, false, nil
	}
	if err := json.Unmarshal(line, &n); err != nil || n.Wall.IsZero() || n.Kind == Reset && n.Client.IsZero() || n.Kind == Fence && n.Fence <= 0 {
		return Notice{}, true, errNotice
	}
	return n, true, nil
}

// Sentence says what happened. The function name returns the name of a client. The sentence is safe to print,
// and empty if the kind is unknown.
func (n Notice) Sentence(name func(clock.ClientID) string) string {
	switch n.Kind {
	case Fence:
		return fmt.Sprintf("The fence rose: the server purges what was deleted until %s UTC.", n.Fence.Time().UTC().Format("2 Jan 2006, 15:04"))
	case Epoch:
		return "The server began a new epoch, as after a restore from a backup: all clients pull everything again."
	case Reset:
		reason := "because the server has a new epoch"
		if n.Why == Fence {
			reason = "because it was away for longer than the retention"
		}
		return fmt.Sprintf("%s was told to pull everything again, %s.", Printable(name(n.Client)), reason)
	}
	return ""
}

// AddNotice adds a notice. Add all notices and pushes in the order of the journal.
func (c *Collector) AddNotice(n Notice) {
	for _, l := range c.all {
		l.addNotice(n)
	}
}

// Notices returns the notices that concern the field, since the first line that names the record: epochs, fences
// that let the server purge what was stored, and resets of clients that wrote the field or pushed it. They are in the
// order of the journal.
func (l *Log) Notices() []Notice {
	clients := make(map[clock.ClientID]bool)
	for _, e := range l.Events {
		clients[e.Actor], clients[e.Incoming.Stamp.Client] = true, true
	}
	return slices.DeleteFunc(slices.Clone(l.notices), func(n Notice) bool { return n.Kind == Reset && !clients[n.Client] })
}

// addNotice adds a notice that concerns the field: an epoch, a reset, or the first fence that lets the server
// purge what is stored.
func (l *Log) addNotice(n Notice) {
	switch n.Kind {
	case Epoch, Reset:
		l.notices = append(l.notices, n)
	case Fence:
		deleted, _ := l.Mark().Value.Bool()
		for _, field := range l.fields() {
			w := l.stands[field]
			if (deleted || w.Deleted()) && w.Stamp.Time > l.fence && w.Stamp.Time <= n.Fence {
				l.notices = append(l.notices, n)
				break
			}
		}
		l.fence = max(l.fence, n.Fence)
	}
}
