package mergetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// pulling is a backend that is correct except for its Pull.
type pulling struct {
	*memory
	pull func(m *memory, cursor string) ([]byte, string)
}

func (p pulling) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next := p.pull(p.memory, cursor)
	return lines, next, nil
}

func line(r record.Record) []byte { return append(record.Mutation{Data: r}.AppendJSON(nil), '\n') }

// newByStamp uses the greatest pulled stamp as the cursor. Its pulls return whole records if whole
// is true, and otherwise only the newer fields.
func newByStamp(whole bool) newBackend {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) {
			after, _ := strconv.ParseInt(cursor, 10, 64)
			last := after
			for _, r := range m.disk.sorted() {
				var top int64
				fields := map[string]record.FieldValue{}
				for name, v := range r.All() {
					top = max(top, int64(v.Stamp.Time))
					if int64(v.Stamp.Time) > after {
						fields[name] = v
					}
				}
				if top > after {
					last = max(last, top)
					if !whole {
						var b record.Builder
						r.Record, _ = b.Record(r.Key(), maps.All(fields))
					}
					lines = append(lines, line(r.Record)...)
				}
			}
			return lines, strconv.FormatInt(last, 10)
		}}
	})
}

// newDigested sends everything if a digest differs. The digest ignores client IDs.
func newDigested(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) {
			var parts []string
			for _, r := range m.disk.sorted() {
				for name, v := range r.All() {
					parts = append(parts, fmt.Sprint(r.Key(), name, v.Stamp.Time, v.Value))
				}
				lines = append(lines, line(r.Record)...)
			}
			slices.Sort(parts)
			if next = fmt.Sprint(parts); next == cursor {
				return nil, cursor
			}
			return lines, next
		}}
	})(env)
}

// newPaged gives every two records the same sequence number, and ends a page between them.
func newPaged(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) ([]byte, string) {
			after, _ := strconv.Atoi(cursor)
			for _, r := range m.disk.sorted() {
				if seq := (r.seq + 1) / 2; seq > after {
					return line(r.Record), strconv.Itoa(seq)
				}
			}
			return nil, cursor
		}}
	})(env)
}

// newHiding leaves deleted records out of pulls.
func newHiding(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) {
			after, _ := strconv.Atoi(cursor)
			for _, r := range m.disk.sorted() {
				if r.seq > after && !r.Deleted() {
					lines, after = append(lines, line(r.Record)...), r.seq
				}
			}
			return lines, strconv.Itoa(after)
		}}
	})(env)
}

// newEndless returns a new cursor each time.
func newEndless(env *Env) (Backend, error) {
	return over(func(m *memory) Backend {
		return pulling{m, func(m *memory, cursor string) (lines []byte, next string) { return nil, cursor + "x" }}
	})(env)
}

// others returns only records without writes of the client that pulls.
func others(o *own, client clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next, err := o.memory.Pull(client, cursor)
	if strings.Contains(string(lines), client.String()) {
		lines = nil
	}
	return lines, next, err
}

// brokenPulls returns backends whose pulls skip something, or do not end.
func brokenPulls() []broken {
	return []broken{
		{"sequence number drawn before the commit", with(quirks{early: true}), []law.Law{law.Skip}},
		{"cursor is a stamp", newByStamp(true), []law.Law{law.Skip}},
		{"pull of fields that skips equal times", newByStamp(false), []law.Law{law.Skip}},
		{"digest that ignores client IDs", newDigested, []law.Law{law.Skip}},
		{"page ends within a sequence number", newPaged, []law.Law{law.Skip, law.Vanish}},
		{"deleted records are not pulled", newHiding, []law.Law{law.Vanish, law.Skip, law.Tombstone}},
		{"own writes are not pulled", ownOf(own{pull: others}), []law.Law{law.Skip}},
		{"cursor changes forever", newEndless, []law.Law{law.Readable}},
	}
}
