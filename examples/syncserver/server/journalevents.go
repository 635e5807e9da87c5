package server

import (
	"bytes"
	"context"
	"encoding/json"
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
// the client begins, or if its buckets have changed. A failure does not stop the pull, and the pull does not wait for
// long.
func (s *Server) journalReset(ctx context.Context, p *Page, now Snapshot) {
	if !s.options.Journal || p.Cursor.Epoch() == "" {
		return
	}
	at := p.Cursor
	resets, _ := at.Begin(now.Snapshot)
	for _, r := range resets {
		if r.Why != buckets.WhyFence && r.Why != buckets.WhyEpoch {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := s.maintain(ctx, p.Workspace, func(tx *session) error {
			return tx.writeEvent(ctx, journalEvent{Event: "reset", Wall: s.options.Now(), Client: p.Client, Why: r.Why})
		})
		if err != nil {
			s.options.Log.WarnContext(ctx, "cannot journal a reset", "workspace", p.Workspace, "err", err)
		}
		return
	}
}
