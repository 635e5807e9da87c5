package mergetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestOtherCorrectBackendsPass checks that correct backends that differ from memory pass.
func TestOtherCorrectBackendsPass(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		make newBackend
		o    Options
	}{
		"marks of clients are kept":                 {with(quirks{marks: true}), Options{}},
		"answers without fields or notes":           {with(quirks{replies: terse}), Options{}},
		"no bound on stamps":                        {with(quirks{marks: true, engine: merge.Engine{MaxAhead: -1}}), Options{MaxAhead: -1}},
		"a bound of one hour":                       {with(quirks{marks: true, engine: merge.Engine{MaxAhead: time.Hour}}), Options{MaxAhead: time.Hour}},
		"pulls of everything, as an array":          {ownOf(own{pull: everything}), Options{}},
		"pulls of the fields that the client lacks": {ownOf(own{pull: deltas, kept: map[string]merge.Collection{}}), Options{}},
		"concurrent requests get an error":          {ownOf(own{push: busy}), Options{}},
		"eight devices, one field":                  {newMemory, Options{Devices: 8, IDs: []string{"x"}, Fields: map[string][]string{"f": {"1", "2"}}, OnlyFields: true}},
		"one device":                                {newMemory, Options{Devices: 1}},
		"each batch is applied twice":               {ownOf(own{push: twice}), Options{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, test.make, some(test.o))
		})
	}
}

// terse leaves out everything that an answer may leave out.
func terse(all []merge.Reply) []merge.Reply {
	for i, r := range all {
		all[i].Fields, all[i].Notes, all[i].Detail, all[i].Path = nil, nil, "", ""
		if slices.Contains(r.Notes, merge.StampCollision) {
			all[i].Notes = []merge.Code{merge.StampCollision}
		}
	}
	return all
}

// everything returns all records as an array whenever anything has changed.
func everything(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	next := fmt.Sprint(o.disk.life, ".", o.disk.seq)
	if next == cursor {
		return nil, cursor, nil
	}
	var all [][]byte
	for _, r := range o.disk.sorted() {
		all = append(all, record.Mutation{Data: r.Record}.AppendJSON(nil))
	}
	return slices.Concat([]byte(" [\n"), bytes.Join(all, []byte(" ,\n")), []byte("]\n")), next, nil
}

// deltas remembers the state for each cursor, and returns the fields that changed since.
func deltas(o *own, _ clock.ClientID, cursor string) ([]byte, string, error) {
	kept := o.kept.(map[string]merge.Collection)
	now := o.disk.all()
	delta := merge.Delta(kept[cursor], now)
	if delta.Len() == 0 {
		return nil, cursor, nil
	}
	next := now.Digest().String()
	kept[next] = now
	return delta.AppendLines(nil), next, nil
}

// busy answers a push with an error while another push is being served, as a lock with a timeout
// does.
func busy(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	if o.disk.locked {
		return nil, errBusy
	}
	o.disk.locked = true
	defer func() { o.disk.locked = false }()
	o.env.Pause()
	return o.memory.Push(client, batch)
}

// twice applies a batch twice, and returns the first answer.
func twice(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := o.memory.Push(client, batch)
	if err != nil {
		return nil, err
	}
	_, err = o.memory.Push(client, batch)
	return answer, err
}
