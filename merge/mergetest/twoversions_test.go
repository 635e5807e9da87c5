package mergetest

import (
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// versions is a backend for clients of two versions. A hook that is nil is correct.
type versions struct {
	*memory
	lens lens.Lens
	slips
}

// slips are the possible mistakes in serving old clients.
type slips struct {
	raise func(l lens.Lens, pushed []record.Item) []record.Item
	tells func(p *merge.Push, a merge.Answer, pushed []record.Item, l lens.Lens) merge.Answer
	lower func(l lens.Lens, r record.Record) record.Record
}

func (s *versions) Restart() (Backend, error) {
	b, err := s.memory.Restart()
	return &versions{b.(*memory), s.lens, s.slips}, err
}

func (s *versions) Backup() (func() (Backend, error), error) {
	restore, err := s.memory.Backup()
	return func() (Backend, error) {
		b, err := restore()
		return &versions{b.(*memory), s.lens, s.slips}, err
	}, err
}

// Old returns the server for clients of the old version.
func (s *versions) Old() Backend { return oldSide{s} }

type oldSide struct{ *versions }

func (s oldSide) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	pushed, err := s.engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	request := s.request(client, s.raise(s.lens, pushed))
	push := s.engine.Prepare(request)
	for range 5 {
		seq, mark := s.disk.seq, s.disk.marks[client]
		answer, err := push.Apply(s.disk.load(push))
		if err != nil {
			return nil, err
		}
		s.env.Pause()
		if s.disk.seq != seq || s.disk.marks[client] != mark {
			continue
		}
		if err := s.env.Crash(); err != nil {
			return nil, err
		}
		s.disk.save(answer)
		s.clock.Observe(answer.Greatest)
		if err := s.env.Crash(); err != nil {
			return nil, err
		}
		return s.slips.tells(push, answer, pushed, s.lens).AppendJSON(nil), nil
	}
	return nil, errBusy
}

func (s oldSide) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next, err := s.memory.Pull(client, cursor)
	if err != nil || len(lines) == 0 {
		return lines, next, err
	}
	var m record.Mutation
	d := record.Decoder{Trusted: true}
	if m, err = d.Mutation(lines); err != nil {
		return nil, "", err
	}
	return line(s.lower(s.lens, m.Data)), next, nil
}

// serving returns a constructor of backends with a lens and a mistake.
func serving(t *testing.T, table lens.Table, s slips) newBackend {
	l, err := lens.New(table)
	if err != nil {
		t.Fatal(err)
	}
	if s.raise == nil {
		s.raise = lens.Lens.Items
	}
	if s.tells == nil {
		s.tells = func(p *merge.Push, a merge.Answer, pushed []record.Item, l lens.Lens) merge.Answer {
			return p.Renamed(a, pushed, l.NewNames)
		}
	}
	if s.lower == nil {
		s.lower = func(l lens.Lens, r record.Record) record.Record {
			down, err := l.Down(r)
			if err != nil {
				t.Error(err)
			}
			return down
		}
	}
	return func(env *Env) (Backend, error) {
		b, err := newMemory(env)
		return &versions{b.(*memory), l, s}, err
	}
}

// renamed is a rename of a field, of a set and of a translated field, and two names that change places.
func renamed() (lens.Table, Options) {
	table := lens.Table{Name: "tasks", Fields: []lens.Field{
		{Old: "title", New: "name"}, {Old: "tags", New: "labels"}, {Old: "done", New: "status"}, {Old: "status", New: "done"},
		{Old: "state", New: "state", Up: words("open", "todo"), Down: words("todo", "open")},
	}}
	var old []OldField
	for _, f := range table.Fields {
		one := OldField{Old: f.Old, New: []string{f.New}}
		if f.Up != nil {
			one.Up = func(v record.Value) ([]record.Value, error) { w, err := f.Up(v); return []record.Value{w}, err }
			one.Down = func(v []record.Value) (record.Value, error) { return f.Down(v[0]) }
		}
		old = append(old, one)
	}
	return table, Options{Old: old, Fields: map[string][]string{
		"name": {`"a"`, `"b"`}, "labels/x": {"true"}, "labels/y": {"true"}, "status": {`"x"`, "1"}, "done": {"true", "false"}, "state": {`"todo"`, `"closed"`},
	}}
}

// splitted is a split of the person.
func splitted() (lens.Table, Options) {
	split := lens.Split{Old: "person", New: []string{"first", "last"}, Up: splitPerson, Down: joinPerson}
	return lens.Table{Name: "tasks", Splits: []lens.Split{split}}, Options{
		Old:    []OldField{{Old: "person", New: []string{"first", "last"}, Up: splitPerson, Down: joinPerson}},
		Fields: map[string][]string{"first": {`"Ana"`, `"Ben"`}, "last": {`"Lee"`, `"Ray"`}},
	}
}

// TestOldAndNewDevicesAgree checks that a correct backend passes with both versions.
func TestOldAndNewDevicesAgree(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func() (lens.Table, Options){"renamed": renamed, "split": splitted} {
		for _, only := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				table, o := of()
				o.OnlyFields, o.Seeds = only, map[bool]int{true: 55, false: 10}[only]
				Run(t, serving(t, table, slips{}), some(o))
			})
		}
	}
}

// TestSimilarNamesAreValid checks that a correct backend passes if no field can have some name that is similar to one of
// Options.Old.
func TestSimilarNamesAreValid(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 1024)
	table := lens.Table{Name: "tasks", Fields: []lens.Field{{Old: "__PROTO__", New: long}}}
	Run(t, serving(t, table, slips{}), Options{
		Old: []OldField{{Old: "__PROTO__", New: []string{long}}}, Fields: map[string][]string{long: {`"a"`, `"b"`}}, Seeds: 3,
	})
}

// TestOldVersionsAreChecked checks the errors for wrong Options.Old.
func TestOldVersionsAreChecked(t *testing.T) {
	title := []OldField{{Old: "title", New: []string{"name"}}}
	fails := func(v []record.Value) (record.Value, error) { return record.Value{}, record.ErrType }
	drops := func(v []record.Value) (record.Value, error) { return record.MustOf("x"), nil }
	for want, o := range map[string]Options{
		"no device writes":            {Old: title},
		"empty, has a slash":          {Old: []OldField{{Old: "title", New: []string{"a/b"}}}},
		"occurs twice":                {Old: []OldField{{Old: "title", New: []string{"name", "name"}, Up: splitPerson, Down: joinPerson}}},
		"needs new names":             {Old: []OldField{{Old: "title"}}},
		"both functions":              {Old: []OldField{{Old: "person", New: []string{"first", "last"}}}},
		"means another field":         {Old: title, Fields: map[string][]string{"name": {"1"}, "title": {"1"}}},
		"counters of the kit":         {Old: []OldField{{Old: "qty", New: []string{"name"}}}, Fields: map[string][]string{"name": {"1"}}},
		"the old version cannot":      {Old: []OldField{{Old: "title", New: []string{"name"}, Down: drops}}, Fields: map[string][]string{"name": {"1"}}},
		"cannot have: Up of Down":     {Old: []OldField{{Old: "title", New: []string{"name"}, Down: fails}}, Fields: map[string][]string{"name": {"1"}}},
		"backend is not an OldServer": {Old: title, Fields: map[string][]string{"name": {"1"}}, Seeds: 1},
	} {
		if err := Check(newMemory, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
