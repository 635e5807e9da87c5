package server

import (
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

var versionSeeds = flag.Int("version-seeds", 6, "the number of runs in which half of the devices have an old version")

// versionedPair is a purging pair that serves clients of an old version too.
type versionedPair struct {
	purging
	lens *lens.Lens
}

func (p versionedPair) Restart() (mergetest.Backend, error) {
	_, err := p.purging.Restart()
	return p, err
}

func (p versionedPair) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := p.purging.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return p, err
	}, err
}

// Old returns the server as clients of the old version see it.
func (p versionedPair) Old() mergetest.Backend { return oldSide{p} }

type oldSide struct{ versionedPair }

func (p oldSide) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	return p.pushBy(client, batch, p.lens)
}

func (p oldSide) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	return p.pullBy(client, cursor, p.lens)
}

// plainPair is a pair whose clients pull by sequence, and that serves clients of an old version too.
type plainPair struct {
	*pair
	lens *lens.Lens
}

func (p plainPair) Restart() (mergetest.Backend, error) {
	p.Close()
	again, err := openPair(p.name, p.env)
	return plainPair{again, p.lens}, err
}

func (p plainPair) Old() mergetest.Backend { return oldPlainSide{p} }

type oldPlainSide struct{ plainPair }

func (p oldPlainSide) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	return p.pushBy(client, batch, p.lens)
}

func (p oldPlainSide) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	return p.pullBy(client, cursor, p.lens)
}

// cutPerson cuts a text at its first space. Any other value is the first part alone.
func cutPerson(v record.Value) ([]record.Value, error) {
	text, _ := v.Text()
	first, last, ok := strings.Cut(text, " ")
	if !ok {
		return []record.Value{v, {}}, nil
	}
	return []record.Value{record.MustOf(first), record.MustOf(last)}, nil
}

func wholePerson(v []record.Value) (record.Value, error) {
	last, ok := v[1].Text()
	if !ok {
		return v[0], nil
	}
	first, _ := v[0].Text()
	return record.MustOf(first + " " + last), nil
}

// TestOldAndNewDevicesPassTheConvergenceKit lets devices of two versions work with two servers.
func TestOldAndNewDevicesPassTheConvergenceKit(t *testing.T) {
	t.Run("renamed", func(t *testing.T) {
		l, err := lens.New(lens.Table{Name: board.Tasks, Fields: []lens.Field{
			{Old: "caption", New: board.Title}, {Old: "label", New: board.Tag}, {Old: board.Status, New: "points"}, {Old: "points", New: board.Status},
		}})
		require.NoError(t, err)
		o := purgingOptions(t)
		o.Seeds, o.NewClient = *versionSeeds, nil
		o.Fields["tag/a"] = []string{"true"}
		o.Old = []mergetest.OldField{
			{Old: "caption", New: []string{board.Title}}, {Old: "label", New: []string{board.Tag}},
			{Old: board.Status, New: []string{"points"}}, {Old: "points", New: []string{board.Status}},
		}
		mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
			b, err := newPurging(t, databasetest.SQLite, 2)(env)
			return versionedPair{b.(purging), &l}, err
		}, o)
	})
	t.Run("split", func(t *testing.T) {
		split := lens.Split{Old: "person", New: []string{"first", "last"}, Up: cutPerson, Down: wholePerson}
		l, err := lens.New(lens.Table{Name: board.Tasks, Splits: []lens.Split{split}})
		require.NoError(t, err)
		mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
			p, err := openPair(databasetest.SQLite(t), env)
			return plainPair{p, &l}, err
		}, mergetest.Options{
			Seeds: *versionSeeds, Table: board.Tasks, IDs: []string{"a", "b", "c"}, OnlyFields: true,
			Fields: map[string][]string{"first": {`"Ana"`, `"Ben"`}, "last": {`"Lee"`, `"Ray"`}, board.Title: {`"x"`}},
			Old:    []mergetest.OldField{{Old: "person", New: split.New, Up: split.Up, Down: split.Down}},
		})
	})
}
