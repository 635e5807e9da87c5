package server

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

var keptSeeds = flag.Int("kept-seeds", 12, "the number of runs of servers that keep titles")

// keeper is a pair with buckets that keeps titles, in rows of lost edits.
type keeper struct{ granting }

// newKeeper returns a function that creates pairs that keep titles.
func newKeeper(t *testing.T, name func(*testing.T) string) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		o := grantingOptions(t, 2)
		o.LostEdits = true
		o.Keep = func(table, field string) bool { return table == board.Tasks && field == board.Title }
		k := keeper{granting{purging{&pair{name: name(t), env: env}, t, o}}}
		return k, k.open(o)
	}
}

func (k keeper) Restart() (mergetest.Backend, error) {
	_, err := k.granting.Restart()
	return k, err
}

func (k keeper) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := k.granting.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return k, err
	}, err
}

// Pull leaves out the rows and their buckets: a row tells the author of the losing write of a value that no longer
// stands, and the kit grants no bucket of rows.
func (k keeper) Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error) {
	all, next, err := k.granting.Pull(client, cursor)
	for line := range bytes.Lines(all) {
		var members map[string]any
		if err := json.Unmarshal(line, &members); err != nil {
			return nil, "", err
		}
		if members["table"] == violation.DefaultTable {
			continue
		}
		for _, name := range []string{"buckets", "reset"} {
			names, ok := members[name].([]any)
			if !ok {
				continue
			}
			members[name] = slices.DeleteFunc(names, func(n any) bool { return isLoserBucket(n.(string)) })
			if line, err = json.Marshal(members); err != nil {
				return nil, "", err
			}
			line = append(line, '\n')
		}
		lines = append(lines, line...)
	}
	return lines, next, err
}

func (k keeper) Keeps(table, field string) bool { return k.o.Keep(table, field) }

// Held reads the losing writes from the rows of kept fields.
func (k keeper) Held() (all []record.Record, err error) {
	err = k.next().maintain(context.Background(), "demo", func(tx *session) error {
		found, err := tx.swept(context.Background(), `SELECT seq, tbl, id, data, bucket FROM records WHERE workspace = 'demo' AND tbl = $1`, violation.DefaultTable)
		for _, f := range found {
			if isKept(f.Record) {
				r, err := losing(f.Record)
				if err != nil {
					return err
				}
				all = append(all, r)
			}
		}
		return err
	})
	return all, err
}

// losing returns the losing write of the row of a lost edit, as a record with one field.
func losing(row record.Record) (r record.Record, err error) {
	about, err := violation.Parse(row)
	if err != nil {
		return r, err
	}
	var field string
	var stamp stampJSON
	for name, into := range map[string]any{lostField: &field, lostLoser: &stamp} {
		w, _ := row.Get(name)
		if err := w.Value.Decode(into); err != nil {
			return r, err
		}
	}
	w, _ := row.Get(violation.FieldLostValue)
	w.Stamp = clock.Stamp{Time: stamp.UpdatedAt, Client: stamp.ClientID}
	var b record.Builder
	return b.Record(record.Key{Table: about.Table, ID: about.RecordID}, maps.All(map[string]record.FieldValue{field: w}))
}

// TestServersThatKeepTitlesPassTheConvergenceKit checks under all faults of the kit that no accepted title vanishes
// unseen.
func TestServersThatKeepTitlesPassTheConvergenceKit(t *testing.T) {
	o := purgingOptions(t)
	o.NewClient = nil // the devices of the kit make more collisions
	o.Fields[board.Title] = []string{`""`, "null", `"x"`, `"y"`, `"z"`, `"an entirely different title"`}
	if o.Seeds = *keptSeeds; testing.Short() {
		o.Seeds = min(o.Seeds, 4)
	}
	mergetest.Run(t, newKeeper(t, databasetest.SQLite), o)
}
