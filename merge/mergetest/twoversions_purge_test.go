package mergetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// gateway serves old clients of any backend, by translating requests and answers. No field is split.
type gateway struct {
	Backend
	lens lens.Lens
}

func (g gateway) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	var raws []json.RawMessage
	if err := json.Unmarshal(batch, &raws); err != nil {
		return nil, err
	}
	pushed, err := new(merge.Engine).Decode(batch)
	if err != nil {
		return nil, err
	}
	var sent [][]byte
	var at []int
	replies := make([]merge.Reply, len(pushed))
	for i, it := range g.lens.Items(pushed) {
		key := it.Mutation.Data.Key()
		switch {
		case errors.Is(it.Err, record.ErrNewerName):
			replies[i] = merge.Reply{Index: i, Table: key.Table, ID: key.ID, Verdict: "refused", Code: merge.NewerName}
			continue
		case it.Err != nil:
			sent = append(sent, raws[i])
		default:
			sent = append(sent, it.Mutation.AppendJSON(nil))
		}
		at = append(at, i)
	}
	answer, err := g.Backend.Push(client, append(append([]byte("["), bytes.Join(sent, []byte(","))...), ']'))
	if err != nil {
		return nil, err
	}
	var given []merge.Reply
	if err := json.Unmarshal(answer, &given); err != nil {
		return nil, err
	}
	for n, r := range given {
		fields := map[string]merge.FieldReply{}
		for name, f := range r.Fields {
			old, _ := g.lens.OldName(r.Table, name)
			fields[old] = f
		}
		if r.Index, r.Path = at[n], ""; len(fields) > 0 {
			r.Fields = fields
		}
		replies[at[n]] = r
	}
	return json.Marshal(replies)
}

func (g gateway) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	text, next, err := g.Backend.Pull(client, cursor)
	var lowered []byte
	for one := range bytes.Lines(text) {
		var members map[string]json.RawMessage
		var key record.Key
		if json.Unmarshal(one, &members) != nil || members["data"] == nil || json.Unmarshal(members["table"], &key.Table) != nil || json.Unmarshal(members["id"], &key.ID) != nil {
			lowered = append(lowered, one...)
			continue
		}
		d := record.Decoder{Trusted: true}
		r, err := d.Record(key, members["data"])
		if err != nil {
			return nil, "", err
		}
		if r, err = g.lens.Down(r); err != nil {
			return nil, "", err
		}
		members["data"] = r.AppendJSON(nil)
		again, _ := json.Marshal(members)
		lowered = append(append(lowered, again...), '\n')
	}
	return lowered, next, err
}

type oldPurger struct {
	*purger
	lens lens.Lens
}

func (s oldPurger) Old() Backend { return gateway{s.purger, s.lens} }

func (s oldPurger) Restart() (Backend, error) {
	b, err := s.purger.Restart()
	return oldPurger{b.(*purger), s.lens}, err
}

func (s oldPurger) Backup() (func() (Backend, error), error) {
	restore, err := s.purger.Backup()
	return func() (Backend, error) {
		b, err := restore()
		return oldPurger{b.(*purger), s.lens}, err
	}, err
}

type oldSharer struct {
	*sharer
	lens lens.Lens
}

func (s oldSharer) Old() Backend { return gateway{s.sharer, s.lens} }

func (s oldSharer) Restart() (Backend, error) {
	b, err := s.sharer.Restart()
	return oldSharer{b.(*sharer), s.lens}, err
}

func (s oldSharer) Backup() (func() (Backend, error), error) {
	restore, err := s.sharer.Backup()
	return func() (Backend, error) {
		b, err := restore()
		return oldSharer{b.(*sharer), s.lens}, err
	}, err
}

// TestOldDevicesOfServersThatPurge checks that correct backends pass that purge, or that let each client read only some
// buckets, while half of the devices have an old version.
func TestOldDevicesOfServersThatPurge(t *testing.T) {
	t.Parallel()
	table, o := renamed()
	l, err := lens.New(table)
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]newBackend{
		"purger": func(env *Env) (Backend, error) {
			b, err := purging(purgeRule{})(env)
			return oldPurger{b.(*purger), l}, err
		},
		"sharer": func(env *Env) (Backend, error) {
			b, err := sharing(shareRule{})(env)
			return oldSharer{b.(*sharer), l}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.Seeds = 12
			Run(t, make, some(o))
		})
	}
}
