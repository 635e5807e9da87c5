package server

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

// journalEvent is a line of the journal that is not a push. It contains no names and no values of records.
//
//	{"event":"fence","wall":"2026-06-01T09:00:00Z","fence":"2026-03-03T09:00:00.000000000Z","level":1}
//	{"event":"epoch","wall":"2026-06-01T09:00:00Z"}
//	{"event":"reset","wall":"2026-06-01T09:00:00Z","client":"7f3c61f2-…","why":"fence"}
//
// A fence means that data that was deleted until then is purged. An epoch means that the workspace has a new one,
// so all clients pull everything again. A reset means that a client was told to pull everything again, because of a
// fence or an epoch.
type journalEvent struct {
	Event  string          `json:"event"` // the first member, by which a reader tells an event from a push
	Wall   time.Time       `json:"wall"`
	Fence  clock.Timestamp `json:"fence,omitzero"`
	Level  int             `json:"level,omitempty"`
	Client clock.ClientID  `json:"client,omitzero"`
	Why    string          `json:"why,omitempty"`
}

// writeEvent adds an event to the journal, unless the workspace has none. It must run in the transaction of the
// event.
func (s *session) writeEvent(ctx context.Context, e journalEvent) error {
	if s.lines == 0 {
		return nil
	}
	e.Wall = e.Wall.UTC()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.writeJournal(ctx, line, maxJournal)
}

// isEvent reports whether a line of the journal is an event.
func isEvent(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"event":`)) }

// patience is how long a pull waits for the journal.
const patience = 2 * time.Second

// journalReset journals that the next chunk of a pull tells a client to pull everything again. It does nothing if
// the client begins, if its buckets have changed, or if it was told the same before. A failure does not stop the pull,
// and the pull does not wait for long.
func (s *Server) journalReset(ctx context.Context, p *Page, now Snapshot) {
	if !s.options.Journal || p.Cursor.Epoch() == "" {
		return
	}
	at := p.Cursor
	all, _ := at.Begin(now.Snapshot)
	i := slices.IndexFunc(all, func(r buckets.Reset) bool { return r.Why == buckets.WhyFence || r.Why == buckets.WhyEpoch })
	if i < 0 || !s.resets.isNew(reset{p.Workspace, p.Client, now.Epoch, now.Purged}) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.maintain(ctx, p.Workspace, func(tx *session) error {
		return tx.writeEvent(ctx, journalEvent{Event: "reset", Wall: s.options.Now(), Client: p.Client, Why: all[i].Why})
	})
	if err != nil {
		s.options.Log.WarnContext(ctx, "cannot journal a reset", "workspace", p.Workspace, "err", err)
	}
}

// reset is a reset that a client was told: because of this epoch or fence, which it did not know.
type reset struct {
	workspace string
	client    clock.ClientID
	epoch     string
	fence     clock.Timestamp
}

// mostResets is how many resets a server remembers.
const mostResets = 10_000

// resets are the resets that this process has journaled. A client can ask again with an old cursor as often as it
// likes, and each line takes a transaction and displaces older lines. The zero resets are empty.
type resets struct {
	mu  sync.Mutex
	all map[reset]bool
}

// isNew remembers a reset, and reports whether it was not remembered before.
func (m *resets) isNew(r reset) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[r] {
		return false
	}
	if m.all == nil || len(m.all) >= mostResets {
		m.all = make(map[reset]bool)
	}
	m.all[r] = true
	return true
}
