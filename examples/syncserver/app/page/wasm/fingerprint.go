//go:build js && wasm

package main

import (
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// A fingerprint keeps the digests of everything that both sides show, one for each bucket. The rows of
// lost edits are left out, because each is for one device. The digests are updated with each change:
// computing them from all records after each edit would be slow.
type fingerprint struct {
	sums    map[string]merge.Digest
	parts   map[record.Key]part // nil until a digest is first requested
	changed []record.Key
}

// part is what a record adds to the digest of its bucket.
type part struct {
	bucket string
	digest merge.Digest
}

// change updates the digest for changed records.
func (f *fingerprint) change(keys []record.Key) {
	if f.parts != nil {
		f.changed = append(f.changed, keys...)
	}
}

// of returns the digest of a bucket as hexadecimal digits.
func (f *fingerprint) of(r *replica.Replica, bucket string) string {
	if f.parts == nil {
		f.parts, f.sums = make(map[record.Key]part), make(map[string]merge.Digest)
		for _, table := range append(board.Tables(), importsTable) {
			for shown := range r.Records(table) {
				f.replace(shown)
			}
		}
	}
	for _, key := range f.changed {
		f.replace(r.Shown(key))
	}
	f.changed = nil
	return f.sums[bucket].String()
}

func (f *fingerprint) replace(r record.Record) {
	before, now := f.parts[r.Key()], part{board.Buckets(r)[0], merge.DigestOf(r)}
	f.sums[before.bucket] = f.sums[before.bucket].Sub(before.digest)
	delete(f.parts, r.Key())
	if isLostEdit(r) {
		return
	}
	f.sums[now.bucket] = f.sums[now.bucket].Add(now.digest)
	f.parts[r.Key()] = now
}

// isLostEdit reports whether a record is the row of a lost edit.
func isLostEdit(r record.Record) bool {
	if r.Key().Table != violation.DefaultTable {
		return false
	}
	v, err := violation.Parse(r)
	return err == nil && isLost(v)
}
