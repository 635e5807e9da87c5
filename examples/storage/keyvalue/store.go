package keyvalue

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The buckets. A store without buckets would put a prefix before each key instead.
var (
	recordsBucket    = []byte("records")    // table and ID → sequence, then the record as a mutation
	changesBucket    = []byte("changes")    // sequence → table and ID, one entry for each record
	watermarksBucket = []byte("watermarks") // client → time
)

func createBuckets(tx *bbolt.Tx) error {
	for _, name := range [][]byte{recordsBucket, changesBucket, watermarksBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

// load returns the state to which a push is applied: the records of its keys, in the order of
// the keys, and the watermark of its client. For a client without a watermark, the watermark
// is zero: leaving it out would mean that the watermark is not known.
func load(tx *bbolt.Tx, client clock.ClientID, keys []record.Key) (merge.Stored, error) {
	records := make([]record.Record, len(keys))
	for i, key := range keys {
		var err error
		if records[i], err = get(tx, key); err != nil {
			return merge.Stored{}, err
		}
	}
	mark := clock.Stamp{Client: client}
	if at := tx.Bucket(watermarksBucket).Get(client[:]); at != nil {
		mark.Time = clock.Timestamp(binary.BigEndian.Uint64(at))
	}
	return merge.Stored{Records: records, Watermarks: []clock.Stamp{mark}}, nil
}

// save stores the updates and the watermarks of an answer.
func save(tx *bbolt.Tx, answer merge.Answer) error {
	for _, u := range answer.Updates {
		if err := put(tx, u.After); err != nil {
			return err
		}
	}
	for _, mark := range answer.Watermarks {
		at := binary.BigEndian.AppendUint64(nil, uint64(mark.Time))
		if err := tx.Bucket(watermarksBucket).Put(mark.Client[:], at); err != nil {
			return err
		}
	}
	return nil
}

// get returns the record of a key, without fields if there is none. It trusts the stored
// bytes: with a limit, a record that has outgrown it could not be read.
func get(tx *bbolt.Tx, key record.Key) (record.Record, error) {
	value := tx.Bucket(recordsBucket).Get(recordKey(key))
	if value == nil {
		return record.New(key), nil
	}
	d := record.Decoder{Trusted: true}
	m, err := d.Mutation(value[sequenceSize:])
	if err != nil {
		return record.Record{}, fmt.Errorf("stored record %s: %w", key, err)
	}
	return m.Data, nil
}

// put stores a record with the next sequence, and removes its previous entry from the changes.
func put(tx *bbolt.Tx, r record.Record) error {
	records, changes := tx.Bucket(recordsBucket), tx.Bucket(changesBucket)
	key := recordKey(r.Key())
	if previous := records.Get(key); previous != nil {
		if err := changes.Delete(previous[:sequenceSize]); err != nil {
			return err
		}
	}
	next, err := changes.NextSequence() // rolled back with the transaction
	if err != nil {
		return err
	}
	seq := sequenceKey(next)
	value := record.Mutation{Data: r}.AppendJSON(sequenceKey(next))
	return errors.Join(changes.Put(seq, key), records.Put(key, value))
}

// recordKey returns the key of a record. Neither tables nor IDs contain U+0000, so it separates
// them: with a slash, ("a/b", "c") and ("a", "b/c") would have the same key.
func recordKey(key record.Key) []byte { return []byte(key.Table + "\x00" + key.ID) }

const sequenceSize = 8

// sequenceKey returns a sequence as a key. Big-endian keys sort as their numbers do.
func sequenceKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
