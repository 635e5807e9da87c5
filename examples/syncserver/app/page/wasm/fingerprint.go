//go:build js && wasm

package main

import (
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// A fingerprint keeps the digest of everything that is shown. The digest is updated with each
// change, because computing it from all records after each edit would be slow.
type fingerprint struct {
	sum     merge.Digest
	parts   map[record.Key]merge.Digest // nil until it is first requested
	changed []record.Key
}

// change updates the digest for changed records.
func (f *fingerprint) change(keys []record.Key) {
	if f.parts != nil {
		f.changed = append(f.changed, keys...)
	}
}

// of returns the digest as hexadecimal digits.
func (f *fingerprint) of(r *replica.Replica) string {
	if f.parts == nil {
		f.parts = make(map[record.Key]merge.Digest)
		for _, table := range board.Tables() {
			for shown := range r.Records(table) {
				f.replace(shown)
			}
		}
	}
	for _, key := range f.changed {
		f.replace(r.Shown(key))
	}
	f.changed = nil
	return f.sum.String()
}

func (f *fingerprint) replace(r record.Record) {
	now := merge.DigestOf(r)
	f.sum = f.sum.Sub(f.parts[r.Key()]).Add(now)
	f.parts[r.Key()] = now
}
