package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Entry is a part of the saved state. It replaces the saved entry with the same key.
type Entry struct{ Key, Value string }

// The keys of entries begin with their kind and a slash.
const (
	stateKey   = "state/"
	recordKind = "record/" // then the table, a slash and the ID
	markKind   = "mark/"   // then the client ID
	deviceKind = "device/" // then the client ID
	memberKind = "member/" // then the user
)

type savedState struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

type savedRow struct {
	At     map[string]int64 `json:"at"`
	Record json.RawMessage  `json:"record"` // a mutation with all writes
}

type savedDevice struct {
	User  string `json:"user"`
	Token string `json:"token"`
}

func (s *Server) save(key string, value any) {
	text, _ := json.Marshal(value) // all saved types have a JSON form
	s.saves[key] = string(text)
}

func (s *Server) saveState() { s.save(stateKey, savedState{s.epoch, s.seq}) }

func (s *Server) saveRow(key record.Key) {
	r := s.rows[key]
	m := record.Mutation{Data: r.Record}
	// A table may contain a slash, so two records could share a key without the length.
	s.save(fmt.Sprintf("%s%d/%s/%s", recordKind, len(key.Table), key.Table, key.ID), savedRow{r.at, m.AppendJSON(nil)})
}

// mark raises the mark of a client: the greatest stamp that was accepted from it.
func (s *Server) mark(to clock.Stamp) {
	if to.Time > s.marks[to.Client] {
		s.marks[to.Client] = to.Time
		s.save(markKind+to.Client.String(), to.Time)
	}
}

func (s *Server) saveDevice(token string) {
	d := s.devices[token]
	s.save(deviceKind+d.client.String(), savedDevice{d.user, token})
}

func (s *Server) saveMembers(user string) { s.save(memberKind+user, s.members[user]) }

// takeSaves returns the entries to save, sorted by key, and forgets them.
func (s *Server) takeSaves() []Entry {
	var all []Entry
	for _, key := range slices.Sorted(maps.Keys(s.saves)) {
		all = append(all, Entry{key, s.saves[key]})
	}
	clear(s.saves)
	return all
}

// load takes a saved entry. The error names its key, never its value.
func (s *Server) load(e Entry) (err error) {
	kind, name, _ := strings.Cut(e.Key, "/")
	switch text := []byte(e.Value); kind + "/" {
	case stateKey:
		var state savedState
		err = json.Unmarshal(text, &state)
		s.epoch, s.seq = state.Epoch, state.Seq
	case recordKind:
		err = s.loadRow(text)
	case markKind:
		var client clock.ClientID
		var at clock.Timestamp
		if client, err = clock.ParseClientID(name); err == nil {
			err = json.Unmarshal(text, &at)
		}
		s.marks[client] = at
	case deviceKind:
		var d savedDevice
		var client clock.ClientID
		if client, err = clock.ParseClientID(name); err == nil {
			err = json.Unmarshal(text, &d)
		}
		s.devices[d.Token] = device{client, d.User}
	case memberKind:
		all := make(map[string]right)
		err = json.Unmarshal(text, &all)
		s.members[name] = all
	default:
		err = errors.New("unknown kind")
	}
	if err != nil {
		return fmt.Errorf("local: saved entry %q: %w", e.Key, err)
	}
	return nil
}

func (s *Server) loadRow(text []byte) error {
	var saved savedRow
	if err := json.Unmarshal(text, &saved); err != nil {
		return err
	}
	d := record.Decoder{Trusted: true}
	m, err := d.Mutation(saved.Record)
	if err != nil {
		return err
	}
	s.put(row{Record: m.Data, at: saved.At})
	return nil
}
