package local

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// saved is a backend for the convergence kit: a server and what its caller has saved. The caller opens the server again if
// it cannot save.
type saved struct {
	*Server
	o       Options
	env     *mergetest.Env
	entries map[string]string
}

func newSaved(o Options) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		o.Now, o.PageSize = env.Now, 1
		b := &saved{o: o, env: env, entries: make(map[string]string)}
		return b, b.reopen()
	}
}

// reopen opens the server from what is saved.
func (b *saved) reopen() (err error) {
	var all []Entry
	for key, value := range b.entries { // in any order
		all = append(all, Entry{key, value})
	}
	b.Server, err = Open(b.o, all)
	return err
}

// save saves the entries of a request, or fails as a browser does whose storage is full.
func (b *saved) save() error {
	all := b.takeSaves()
	if err := b.env.Crash(); err != nil {
		return errors.Join(err, b.reopen())
	}
	for _, e := range all {
		b.entries[e.Key] = e.Value
	}
	return nil
}

func (b *saved) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	b.env.Pause()
	body, err := b.push(deviceOf(client), Request{Body: batch, Query: map[string]string{"v": "2"}})
	if err != nil {
		return nil, err
	}
	if err := b.save(); err != nil {
		return nil, err
	}
	b.env.Pause()
	var answer pushAnswer
	err = json.Unmarshal(body, &answer)
	return answer.Results, err
}

func (b *saved) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	lines, err := b.pull(deviceOf(client), Request{Query: map[string]string{"cursor": cursor}})
	if err != nil {
		return nil, cursor, err
	}
	b.env.Pause()
	var last trailer
	end := strings.TrimSuffix(string(lines), "\n")
	err = json.Unmarshal([]byte(end[strings.LastIndexByte(end, '\n')+1:]), &last)
	return lines, last.Cursor, err
}

// Restart opens the server again, and compares it with the one before.
func (b *saved) Restart() (mergetest.Backend, error) {
	before := *b.Server
	if err := b.reopen(); err != nil {
		return nil, err
	}
	for name, same := range map[string]bool{
		"rows": reflect.DeepEqual(before.rows, b.rows), "marks": reflect.DeepEqual(before.marks, b.marks),
		"members": reflect.DeepEqual(before.members, b.members), "size": before.size == b.size, "epoch": before.epoch == b.epoch,
		"sequence": before.seq == b.seq, "greatest": before.greatest == b.greatest,
	} {
		if !same {
			return nil, errors.New("not saved: " + name)
		}
	}
	return b, nil
}

func (b *saved) Grant(client clock.ClientID, bucket string) error {
	b.setMember(Member{client.String(), bucket, board.Writer})
	return b.keep()
}

func (b *saved) Revoke(client clock.ClientID, bucket string) error {
	b.setMember(Member{client.String(), bucket, ""})
	return b.keep()
}

// keep saves without a fault.
func (b *saved) keep() error {
	for _, e := range b.takeSaves() {
		b.entries[e.Key] = e.Value
	}
	return nil
}

func deviceOf(client clock.ClientID) device { return device{client, client.String()} }

// TestServerConverges: clients with different rights hold what they may read, with saves that fail and restarts.
func TestServerConverges(t *testing.T) {
	o := mergetest.Options{Seeds: 60, OnlyFields: true, Fields: map[string][]string{"title": {`"x"`, "null", `""`}, "points": {"9", "9007199254740993"}}}
	if testing.Short() {
		o.Seeds = 12
	}
	mergetest.Run(t, newSaved(Options{Buckets: mergetest.Buckets}), o)
}

// TestBoardConverges: the same with the guard and the rules of the board.
func TestBoardConverges(t *testing.T) {
	o := mergetest.Options{
		Seeds: 40, Table: board.Tasks, IDs: []string{"a", "A", "a/b", "b", "é"},
		Fields:     map[string][]string{board.Title: {`""`, "null", `"x"`}, board.Status: {`"todo"`, `"done"`}},
		OnlyFields: true,
		Refused:    map[merge.Code]map[string]string{board.TitleTooLong: {board.Title: `"` + strings.Repeat("x", board.MaxTitle+1) + `"`}},
	}
	if testing.Short() {
		o.Seeds = 8
	}
	with := Board()
	with.Buckets = mergetest.Buckets
	with.MayWrite = func(map[string]string, record.Record, record.Record, record.Mutation) error { return nil }
	mergetest.Run(t, newSaved(with), o)
}
