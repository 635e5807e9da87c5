package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// mostRead is the size of the answers to one request after which a node stops, in bytes.
const mostRead = 4 << 20

// A get asks one node for messages. NATS has it answered by any node that has the stream, perhaps
// with an old state, but always with one that existed: a batch is visible as a whole or not at all.
type get struct {
	Seq      int64    `json:"seq,omitempty"`
	Batch    int      `json:"batch,omitempty"`
	MaxBytes int      `json:"max_bytes,omitempty"`
	Last     []string `json:"multi_last,omitempty"`
	Next     string   `json:"next_by_subj,omitempty"`
}

// A message is one answer.
type message struct {
	subject string
	seq     int64
	data    []byte
}

// A part is what a node has sent.
type part struct {
	messages []message // in the order of their sequences
	pending  int       // how many more match
	position int64     // for multi_last: the last sequence that the node has
}

// get asks for messages. The part is empty if the answer is 404.
func (s *Store) get(ctx context.Context, g get) (part, error) {
	g.MaxBytes = mostRead
	data, err := json.Marshal(g)
	if err != nil {
		return part{}, err
	}
	var p part
	q := query{s.direct, data, max(len(g.Last), g.Batch) + 2}
	err = s.replies.request(ctx, s.conn, q, func(m *nats.Msg) (bool, error) {
		switch status := m.Header.Get("Status"); status {
		case "":
			return true, p.add(m)
		case "204":
			return false, p.end(m)
		case "404":
			return false, nil
		default:
			return false, fmt.Errorf("the answer is %s %s", status, m.Header.Get("Description"))
		}
	})
	return p, err
}

// add adds an answer with a message.
func (p *part) add(m *nats.Msg) error {
	if err := p.follows(m); err != nil {
		return err
	}
	seq, err := parse(m, "Nats-Sequence")
	p.messages = append(p.messages, message{m.Header.Get("Nats-Subject"), seq, m.Data})
	return err
}

// end handles the last answer.
func (p *part) end(m *nats.Msg) error {
	if err := p.follows(m); err != nil {
		return err
	}
	pending, err := parse(m, "Nats-Num-Pending")
	p.pending = int(pending)
	if err == nil && m.Header.Get("Nats-UpTo-Sequence") != "" {
		p.position, err = parse(m, "Nats-UpTo-Sequence")
	}
	return err
}

// follows checks that no answer is missing before m, which carries the sequence of the one before.
func (p *part) follows(m *nats.Msg) error {
	last := int64(0)
	if n := len(p.messages); n > 0 {
		last = p.messages[n-1].seq
	}
	if m.Header.Get("Nats-Last-Sequence") != number(last) {
		return errors.New("an answer was lost on the way")
	}
	return nil
}

// parse returns the number in a header.
func parse(m *nats.Msg, header string) (int64, error) {
	n, err := strconv.ParseInt(m.Header.Get(header), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the header %s: %w", header, err)
	}
	return n, nil
}

// floor asks the leader for the sequence of the head of a workspace. It is 0 before the first batch.
func (s *Store) floor(ctx context.Context, workspace string) (int64, error) {
	return s.ask(ctx, map[string]any{"last_by_subj": s.head(workspace)})
}

// ask asks the leader for a message, and returns its sequence, or 0 if there is none.
func (s *Store) ask(ctx context.Context, what map[string]any) (int64, error) {
	var found struct {
		Message struct {
			Seq int64 `json:"seq"`
		} `json:"message"`
	}
	err := s.api(ctx, "STREAM.MSG.GET", what, &found)
	if e := new(jetstream.APIError); errors.As(err, &e) && e.ErrorCode == codeNotFound {
		return 0, nil
	}
	return found.Message.Seq, err
}

// api sends a request to the leader, which is the only node that answers. It returns a
// *jetstream.APIError if the leader refuses, or if there is none.
func (s *Store) api(ctx context.Context, name string, what, answer any) error {
	request, err := json.Marshal(what)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	m, err := s.conn.RequestWithContext(ctx, "$JS.API."+name+"."+s.name, request)
	if err != nil {
		return err
	}
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &failed); err != nil {
		return err
	}
	if failed.Error != nil {
		return failed.Error
	}
	return json.Unmarshal(m.Data, answer)
}
