package replica_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

func (d *storyDevice) same(want, is any) {
	d.t.Helper()
	if !equalJSON(want, is) {
		d.t.Errorf("want %s\ngot  %s", toJSON(want), toJSON(is))
	}
}

func equalJSON(a, b any) bool { return toJSON(a) == toJSON(b) }

// toJSON returns JSON with sorted members.
func toJSON(v any) string {
	text, _ := json.Marshal(v)
	var plain any
	_ = json.Unmarshal(text, &plain)
	text, _ = json.Marshal(plain)
	return string(text)
}

// outcome checks that something was refused if the step says so.
func (d *storyDevice) outcome(err error, s *step) {
	d.t.Helper()
	if (err != nil) != (s.Refused != nil) {
		d.t.Errorf("refused: want %v, got %v", s.Refused, err)
	}
}

func (d *storyDevice) open(s *step) {
	id := clock.ClientID{}
	if *s.Open != "" {
		id = clock.MustParseClientID(*s.Open)
	}
	if d.Replica != nil {
		d.same([]string{}, append([]replica.Notice{}, d.TakeNotices()...))
	}
	r, err := replica.Open(replica.Options{ID: id, Wall: func() time.Time { return d.wall }, Saved: d.saved})
	if d.outcome(err, s); err == nil {
		d.Replica = r
	}
}

func (d *storyDevice) edit(s *step) {
	var set map[string]json.RawMessage
	require.NoError(d.t, json.Unmarshal([]byte(cmp.Or(s.Set, "{}")), &set))
	fields := make(map[string]record.Value)
	for name, text := range set {
		v, err := record.ParseValue(text)
		require.NoError(d.t, err)
		fields[name] = v
	}
	for _, name := range s.Delete {
		fields[name] = record.Deletion()
	}
	seen := make(map[string]clock.Stamp)
	for name, stamp := range s.Seen {
		seen[name] = clock.Stamp{}
		if stamp != nil {
			seen[name] = clock.Stamp{Time: stamp.UpdatedAt, Client: stamp.ClientID}
		}
	}
	err := d.EditSeen(record.Key{Table: s.Edit[0], ID: s.Edit[1]}, fields, seen)
	d.outcome(err, s)
	if reason, ok := s.Refused.(string); ok && !isReason(err, reason) {
		d.t.Errorf("want the reason %s, got %v", reason, err)
	}
}

// isReason reports whether an edit was refused for a reason.
func isReason(err error, reason string) bool {
	switch reason {
	case "fields":
		return errors.Is(err, replica.ErrNoFields)
	case "client":
		return errors.Is(err, record.ErrStamp)
	case "name":
		return errors.Is(err, record.ErrName) || errors.Is(err, record.ErrLimit)
	case "type":
		return errors.Is(err, record.ErrName) // $deleted can be written only as a boolean
	}
	return false
}

func (d *storyDevice) batch(s *step) {
	batch := d.Batch(cmp.Or(s.Batch.Items, 1<<30), cmp.Or(s.Batch.Bytes, 1<<30))
	var want strings.Builder
	for _, line := range s.Lines {
		want.WriteString(line + "\n")
	}
	d.same(want.String(), string(batch))
	d.same(len(s.Lines), d.Sent())
}

func linesOf(all []record.Mutation) []string {
	lines := make([]string, 0, len(all))
	for _, m := range all {
		lines = append(lines, string(m.AppendJSON(nil)))
	}
	return lines
}

func (d *storyDevice) pull(s *step) {
	var p *replica.Pull
	if s.Of != nil {
		p = d.pulls[*s.Of]
	} else {
		begun := d.BeginPull()
		p = &begun
	}
	err := d.Pulled(p, []byte(strings.Join(append(s.Pull, ""), "\n")))
	if d.outcome(err, s); err == nil {
		d.same(s.Settled, p.Settled)
	}
}

func (d *storyDevice) shown(s *step) {
	key := record.Key{Table: s.Shown[0], ID: s.Shown[1]}
	d.same(*s.Record, string(d.Shown(key).AppendJSON(nil)))
	d.same(append([]string{}, s.Waiting...), append([]string{}, d.WaitingFields(key)...))
}

func (d *storyDevice) why(s *step) {
	var is map[string]any
	if w, ok := d.Why(record.Key{Table: s.Why[0], ID: s.Why[1]}, s.Why[2]); ok {
		is = map[string]any{"winner": string(w.Winner().AppendJSON(nil)), "loser": string(w.Loser().AppendJSON(nil)), "step": w.Step().String()}
		if w.Seen != 0 {
			is["seen"] = w.Seen == 1
		}
		if w.BeforeUnknown {
			is["unknown"] = true
		}
	}
	d.same(s.Is, is)
}

func (d *storyDevice) notices(s *step) {
	all := []map[string]any{}
	for _, n := range d.TakeNotices() {
		all = append(all, toldBy(n))
	}
	d.same(s.Notices, all)
}

// toldBy returns a notice without the members that are empty.
func toldBy(n replica.Notice) map[string]any {
	is := map[string]any{
		"kind": string(n.Kind), "table": n.Key.Table, "id": n.Key.ID, "code": string(n.Code), "detail": n.Detail, "why": n.Why,
		"by": n.By.Milliseconds(), "items": n.Items,
	}
	maps.DeleteFunc(is, func(_ string, v any) bool { return v == "" || v == 0 || v == int64(0) })
	if len(n.Fields) > 0 {
		is["fields"] = slices.Sorted(slices.Values(n.Fields))
	}
	if n.Kind == replica.Refused {
		is["rolledBack"] = string(n.RolledBack.AppendJSON(nil))
	}
	if n.Other.Valid() {
		is["other"] = stampText{n.Other.Time, n.Other.Client}
	}
	return is
}
