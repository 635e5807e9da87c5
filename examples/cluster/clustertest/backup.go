package clustertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Backup is a copy of a stream, made as operators make it, through the API of JetStream.
type Backup struct {
	stream string
	config json.RawMessage
	state  json.RawMessage
	chunks [][]byte
}

// reply is an answer of the API of JetStream.
type reply struct {
	Error   *jetstream.APIError `json:"error"`
	Config  json.RawMessage     `json:"config"`
	State   json.RawMessage     `json:"state"`
	Deliver string              `json:"deliver_subject"`
}

// call sends a request to the API of JetStream.
func call(conn *nats.Conn, subject string, request any) (reply, error) {
	var r reply
	data, err := json.Marshal(request)
	if err != nil {
		return r, err
	}
	m, err := conn.Request("$JS.API."+subject, data, 10*time.Second)
	if err != nil {
		return r, fmt.Errorf("%s: %w", subject, err)
	}
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return r, err
	}
	if r.Error != nil {
		return r, fmt.Errorf("%s: %w", subject, r.Error)
	}
	return r, nil
}

// Save copies a stream.
func Save(conn *nats.Conn, stream string) (*Backup, error) {
	inbox := conn.NewInbox()
	sub, err := conn.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	r, err := call(conn, "STREAM.SNAPSHOT."+stream, map[string]any{"deliver_subject": inbox, "no_consumers": true})
	if err != nil {
		return nil, err
	}
	b := &Backup{stream: stream, config: r.Config, state: r.State}
	for {
		m, err := sub.NextMsg(10 * time.Second)
		if err != nil {
			return nil, err
		}
		if len(m.Data) == 0 {
			return b, nil
		}
		b.chunks = append(b.chunks, m.Data)
		if m.Reply == "" {
			continue
		}
		if err := m.Respond(nil); err != nil {
			return nil, err
		}
	}
}

// Restore replaces the stream by the copy.
func (b *Backup) Restore(conn *nats.Conn) error {
	if _, err := call(conn, "STREAM.DELETE."+b.stream, struct{}{}); err != nil {
		return err
	}
	r, err := call(conn, "STREAM.RESTORE."+b.stream, map[string]any{"config": b.config, "state": b.state})
	if err != nil {
		return err
	}
	for _, chunk := range append(b.chunks, nil) {
		m, err := conn.Request(r.Deliver, chunk, 10*time.Second)
		if err != nil {
			return err
		}
		var done reply
		if len(m.Data) > 0 && json.Unmarshal(m.Data, &done) == nil && done.Error != nil {
			return done.Error
		}
	}
	return nil
}

// StepDown makes the leader of a stream give its place to another node, once all nodes have caught
// up, because an election takes long otherwise. It returns when a leader answers.
func StepDown(conn *nats.Conn, stream string) error {
	steppedDown := func() bool { // no node answers if the leader has just changed
		_, err := call(conn, "STREAM.LEADER.STEPDOWN."+stream, struct{}{})
		return err == nil
	}
	if err := poll(func() bool { return caughtUp(conn, stream) && steppedDown() }); err != nil {
		return err
	}
	return poll(func() bool {
		m, err := conn.Request("$JS.API.STREAM.MSG.GET."+stream, []byte(`{"last_by_subj":"none"}`), 20*time.Millisecond)
		return err == nil && !bytes.Contains(m.Data, []byte(`"err_code":10008`))
	})
}

// caughtUp reports whether all nodes have what the leader has.
func caughtUp(conn *nats.Conn, stream string) bool {
	m, err := conn.Request("$JS.API.STREAM.INFO."+stream, nil, 200*time.Millisecond)
	if err != nil {
		return false
	}
	var info struct {
		Cluster struct {
			Leader   string
			Replicas []struct {
				Current bool
				Lag     int
			}
		}
	}
	if json.Unmarshal(m.Data, &info) != nil || info.Cluster.Leader == "" {
		return false
	}
	for _, r := range info.Cluster.Replicas {
		if !r.Current || r.Lag > 0 {
			return false
		}
	}
	return true
}

// poll waits up to a minute until a condition holds.
func poll(holds func() bool) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if holds() {
			return nil
		}
	}
	return errors.New("the cluster has no leader, or a node does not catch up")
}
