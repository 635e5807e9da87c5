package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
)

// replies receives the answers to requests that have several, over one subscription: to subscribe
// for each request would tell all nodes of it.
type replies struct {
	prefix string
	sub    *nats.Subscription

	mu    sync.Mutex
	calls map[string]chan *nats.Msg // by the last token of the subject
}

func newReplies(conn *nats.Conn) (*replies, error) {
	r := &replies{prefix: conn.NewInbox() + ".", calls: map[string]chan *nats.Msg{}}
	var err error
	r.sub, err = conn.Subscribe(r.prefix+"*", r.receive)
	return r, err
}

func (r *replies) close() error { return r.sub.Unsubscribe() }

// receive passes an answer to the call that waits for it. It drops late answers, and those above the
// number that the call has asked for.
func (r *replies) receive(m *nats.Msg) {
	r.mu.Lock()
	call := r.calls[m.Subject[len(r.prefix):]]
	r.mu.Unlock()
	select {
	case call <- m:
	default:
	}
}

// errSilence is the reason to ask again. It happens in healthy clusters too, under load.
var errSilence = errors.New("no node has answered in time")

// request sends data and calls more with each answer until it returns false.
func (r *replies) request(ctx context.Context, conn *nats.Conn, q query, more func(*nats.Msg) (bool, error)) error {
	token := nuid.Next()
	call := make(chan *nats.Msg, q.limit)
	r.mu.Lock()
	r.calls[token] = call
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.calls, token)
		r.mu.Unlock()
	}()
	if err := conn.PublishRequest(q.subject, r.prefix+token, q.data); err != nil {
		return err
	}
	late := time.NewTimer(silence)
	defer late.Stop()
	for {
		select {
		case m := <-call:
			if again, err := more(m); err != nil || !again {
				return err
			}
			late.Reset(silence)
		case <-late.C:
			return errSilence
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A query is a request with several answers.
type query struct {
	subject string
	data    []byte
	limit   int // of answers
}
