package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// mostKnown is the number of workspaces whose last head a watch remembers.
const mostKnown = 100_000

// Watch calls f with each change until the context ends, and returns its error. It survives the
// loss of nodes. A Change without a workspace concerns all: it is the first one, and comes again
// when changes may have been missed. f is called from one goroutine. While it runs, no more than
// some hundred changes are kept, and a workspace has only its last one among them.
func (s *Store) Watch(ctx context.Context, f func(Change)) error {
	for {
		heads, err := s.consume(ctx)
		if err == nil {
			stop := context.AfterFunc(ctx, heads.Stop)
			f(Change{Any: true})
			s.follow(heads, f)
			stop()
			heads.Stop()
		}
		if err := sleep(ctx, longest); err != nil {
			return err
		}
	}
}

// consume starts a consumer of the heads of all workspaces. It begins with heads that are stored
// from now on. An ordered consumer of package jetstream is not used, because it replaces a consumer that
// was lost and does not say so. If no head came before, or the stream was restored, it misses heads then.
func (s *Store) consume(ctx context.Context) (jetstream.MessagesContext, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	consumer, err := s.js.CreateConsumer(ctx, s.name, jetstream.ConsumerConfig{
		FilterSubjects:    []string{s.heads(), s.head("")},
		DeliverPolicy:     jetstream.DeliverNewPolicy,
		AckPolicy:         jetstream.AckExplicitPolicy, // a head that is lost on its way comes again
		AckWait:           10 * time.Second,
		HeadersOnly:       true,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: time.Minute, // the nodes remove it then
	})
	if err != nil {
		return nil, err
	}
	return consumer.Messages(jetstream.PullMaxMessages(256), jetstream.PullHeartbeat(time.Second), jetstream.PullExpiry(5*time.Second))
}

// follow calls f with the changes until the consumer fails, or delivers a head that is not the next one.
func (s *Store) follow(heads jetstream.MessagesContext, f func(Change)) {
	var g gaps
	for n := uint64(1); ; n++ {
		m, err := heads.Next()
		if err != nil {
			return
		}
		meta, err := m.Metadata()
		if err != nil || meta.Sequence.Consumer != n || m.Ack() != nil {
			return
		}
		change := Change{Workspace: s.workspaceOf(m.Subject()), Seq: int64(meta.Sequence.Stream)}
		count, _ := strconv.ParseInt(m.Headers().Get(headerCount), 10, 64)
		sure := g.see(change.Workspace, change.Seq, count)
		text := m.Headers().Get(headerBuckets)
		if !sure || json.Unmarshal([]byte(text), &change.Buckets) != nil {
			change.Any = true
		}
		if change.Workspace != "" {
			f(change)
		}
	}
}

// gaps finds out whether a head was replaced before the watch saw it. Then the buckets of the head that
// replaced it are not all. Every message belongs to a batch, and every batch ends with a head
// that counts its messages, so the heads that were seen cover the stream without gaps unless one
// was replaced. The zero gaps has seen nothing.
type gaps struct {
	covered int64            // the last sequence that was seen
	gap     int64            // the end of the last gap
	known   map[string]int64 // the last head that was seen of a workspace
}

// see adds a head with the sequence seq, the last of count messages. It reports whether no other
// head of the workspace can have been missed since the last one that was seen.
func (g *gaps) see(workspace string, seq, count int64) bool {
	if seq-count != g.covered {
		g.gap = seq - count
	}
	g.covered = seq
	if len(g.known) >= mostKnown || g.known == nil {
		g.known = map[string]int64{}
	}
	last, ok := g.known[workspace]
	g.known[workspace] = seq
	return ok && last >= g.gap
}
