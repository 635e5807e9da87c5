package server

import (
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// The row of a lost edit is for the client that wrote the edit. So for each bucket b of the record, the row is in
// the bucket "client/ID+b". Such a bucket has no members: the client with this ID has it as long as its user
// has b, since the grant of b. So the row reaches one client, and that client only while it may read the record.
// For a pull, the bucket is like all others, and the row moves, leaves and returns with its record.

// loserPrefix begins the names of the buckets of rows of lost edits.
const loserPrefix = "client/"

// loserBucket returns the bucket of the rows for a client about the records of a bucket.
func loserBucket(client clock.ClientID, of string) string {
	return loserPrefix + client.String() + "+" + of
}

// cutLoserBucket is the inverse of loserBucket.
func cutLoserBucket(name string) (client clock.ClientID, of string, ok bool) {
	rest, ok := strings.CutPrefix(name, loserPrefix)
	if !ok {
		return client, "", false
	}
	id, of, ok := strings.Cut(rest, "+")
	if !ok {
		return client, "", false
	}
	client, err := clock.ParseClientID(id)
	return client, of, err == nil
}

// isLoserBucket reports whether a name has the form of loserBucket. No record of the app is in such a bucket, and
// no membership of one counts.
func isLoserBucket(name string) bool {
	_, _, ok := cutLoserBucket(name)
	return ok
}

// withLosers adds the buckets of a client's rows to the buckets of its user, with the sequences of their grants.
func withLosers(granted map[string]int64, client clock.ClientID) map[string]int64 {
	all := make(map[string]int64, 2*len(granted))
	for name, at := range granted {
		if isLoserBucket(name) {
			continue
		}
		all[name] = at
		if own := loserBucket(client, name); buckets.Valid(own) {
			all[own] = at
		}
	}
	return all
}

// filingOf returns the Func of all records of a server with these options, or nil if there is only the bucket "".
func filingOf(o Options) buckets.Func {
	if o.Buckets == nil {
		return nil
	}
	of := o.Buckets
	if o.LostEdits {
		of = func(r record.Record) (names []string) {
			for _, name := range o.Buckets(r) {
				if !isLoserBucket(name) {
					names = append(names, name)
				}
			}
			return names
		}
	}
	return WithRows(of)
}

// everyone is the Options.Buckets of a server that has none and stores rows of lost edits.
func everyone(record.Record) []string { return []string{""} }

// rowBuckets returns the buckets of a violation row.
func rowBuckets(row record.Record) []string {
	v, _ := violation.Parse(row) // a row without derived fields is in no bucket
	clients := clientsOf(row)
	if clients == nil {
		return v.Buckets
	}
	var names []string
	for _, client := range clients {
		for _, of := range v.Buckets {
			names = append(names, loserBucket(client, of))
		}
	}
	return names
}
