package server

import (
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// recordKeys returns the keys of the messages of records.
func recordKeys(workspace string, keys []record.Key) []store.Key {
	all := make([]store.Key, len(keys))
	for i, key := range keys {
		all[i] = store.RecordKey(workspace, key)
	}
	return all
}

// keysOf returns the keys of the messages of updated records.
func keysOf(workspace string, updates []merge.Update) []store.Key {
	all := make([]store.Key, len(updates))
	for i, u := range updates {
		all[i] = store.RecordKey(workspace, u.After.Key())
	}
	return all
}

// readable returns those updates after which an actor may read the record. A nil function permits all.
func readable(updates []merge.Update, mayRead func(record.Record) bool) (all []merge.Update) {
	for _, u := range updates {
		if mayRead == nil || mayRead(u.After) {
			all = append(all, u)
		}
	}
	return all
}
