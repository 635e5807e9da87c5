package server

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/record"
)

// own stands, within a message, for the sequence of that message, which is not known when the message is
// written.
const own = -1

// stored is a record as its message holds it, perhaps not in its normal form. It has no fields if there is no
// message.
type stored struct {
	record.Record
	seq  int64            // 0 if there is no message
	size int              // of the message, in bytes
	left map[string]int64 // the buckets that the record has left, with the sequences at which it left
}

// leftMember begins the message of a record that has left buckets. Other messages are plain mutations.
var leftMember = []byte(`{"left":`)

// decodeRecord reads the message of a record. A missing message is a record without fields.
func decodeRecord(d *record.Decoder, e store.Entry) (r stored, err error) {
	if e.Seq == 0 {
		return r, nil
	}
	m, err := d.Mutation(e.Data)
	if err != nil {
		return r, fmt.Errorf("read the record %s: %w", e.Key, err)
	}
	r = stored{Record: m.Data, seq: e.Seq, size: len(e.Data)}
	if !bytes.HasPrefix(e.Data, leftMember) {
		return r, nil
	}
	var members struct{ Left map[string]int64 }
	if err := json.Unmarshal(e.Data, &members); err != nil {
		return r, fmt.Errorf("read the record %s: %w", e.Key, err)
	}
	for name, seq := range members.Left {
		if seq == own {
			members.Left[name] = e.Seq
		}
	}
	r.left = members.Left
	return r, nil
}

// encodeRecord returns the message of a record.
func encodeRecord(r record.Record, left map[string]int64) []byte {
	mutation := record.Mutation{Data: r}.AppendJSON(nil)
	if len(left) == 0 {
		return mutation
	}
	text, _ := json.Marshal(left) // numbers have a JSON form, and the names are sorted
	return append(append(append(leftMember[:len(leftMember):len(leftMember)], text...), ','), mutation[1:]...)
}

// mark is what the server knows about a client. Each batch of a push has one.
type mark struct {
	Batch string          `json:"batch"` // the ID of the batch that wrote it
	At    clock.Timestamp `json:"at,omitzero"`
	// Earlier has the IDs of some batches before, the latest first, if the mark is a server's. A server has
	// several operations under way, so another one may write the mark before an operation whose answer was lost reads
	// it.
	Earlier []string `json:"earlier,omitempty"`
}

// mostEarlier is how many batches a server's mark remembers.
const mostEarlier = 31

// decode reads a message in JSON. A missing message leaves v as it is.
func decode(e store.Entry, v any) error {
	if e.Seq == 0 {
		return nil
	}
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("read the message %s: %w", e.Key, err)
	}
	return nil
}

// batchesOf returns the IDs that a message holds of the last batches that wrote it.
func batchesOf(e store.Entry) []string {
	var members struct {
		Batch   string
		Earlier []string
	}
	_ = decode(e, &members)
	return append(members.Earlier, members.Batch)
}

func markKey(workspace string, client clock.ClientID) store.Key {
	return store.Key{Workspace: workspace, Kind: store.KindMark, Name: client.String()}
}

func stateKey(workspace string) store.Key {
	return store.Key{Workspace: workspace, Kind: store.KindState}
}

func userKey(workspace, user string) store.Key {
	return store.Key{Workspace: workspace, Kind: store.KindUser, Name: store.HashName(user)}
}

func clientKey(client clock.ClientID) store.Key {
	return store.Key{Kind: store.KindClient, Name: client.String()}
}

func scopeKey(workspace, rule, name string) store.Key {
	return store.Key{Workspace: workspace, Kind: store.KindScope, Name: store.HashName(rule, name)}
}
