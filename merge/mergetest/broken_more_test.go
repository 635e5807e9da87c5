package mergetest

import (
	"maps"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// shortClient compares the first half of client IDs only.
func shortClient(old, in record.FieldValue) bool {
	clear(old.Stamp.Client[8:])
	clear(in.Stamp.Client[8:])
	return rightly(old, in)
}

// hardDelete drops all fields of a record that is deleted.
func hardDelete(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if name == record.DeletedField && v.Value == record.Bool(true) {
		clear(fields)
	}
	fields[name] = v
}

// deadRecords takes no writes of records that are deleted.
func deadRecords(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	if fields[record.DeletedField].Value != record.Bool(true) || name == record.DeletedField {
		fields[name] = v
	}
}

// foldedNames stores names that differ in case only as one.
func foldedNames(fields map[string]record.FieldValue, name string, v record.FieldValue) {
	name = strings.NewReplacer("É", "e").Replace(name)
	if old, ok := fields[name]; !ok || rightly(old, v) {
		fields[name] = v
	}
}

func toMicroseconds(v record.FieldValue) record.FieldValue {
	v.Stamp.Time -= v.Stamp.Time % 1000
	return v
}

// own is a right backend whose Push or Pull somebody stands in front of.
type own struct {
	*memory
	push func(o *own, client clock.ClientID, batch []byte) ([]byte, error)
	pull func(o *own, client clock.ClientID, cursor string) ([]byte, string, error)
	open func(*memory) *memory // after a restart
	kept any
}

func (o *own) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if o.push == nil {
		return o.memory.Push(client, batch)
	}
	return o.push(o, client, batch)
}

func (o *own) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	if o.pull == nil {
		return o.memory.Pull(client, cursor)
	}
	return o.pull(o, client, cursor)
}

func (o *own) Restart() (Backend, error) {
	m, err := openMemory(o.env, o.disk)
	next := *o
	next.memory = m
	if o.open != nil {
		next.memory = o.open(m)
	}
	return &next, err
}

func ownOf(o own) newBackend {
	return over(func(m *memory) Backend {
		next := o
		next.memory = m
		return &next
	})
}

// onlyNew drops the items of a push that are not above the mark of their client.
func onlyNew(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	items, _ := o.engine.Decode(batch)
	mark := o.disk.marks[client]
	before := maps.Clone(o.disk.rows)
	answer, err := o.memory.Push(client, batch)
	for _, it := range items {
		for _, v := range it.Mutation.Data.All() {
			if old, ok := before[it.Mutation.Data.Key()]; ok && v.Stamp.Time <= mark {
				o.disk.rows[it.Mutation.Data.Key()] = row{old.Record, o.disk.seq}
			}
		}
	}
	return answer, err
}

// halves leaves the first field of each item behind if it dies.
func halves(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	err := o.env.Crash()
	if err == nil {
		return o.memory.Push(client, batch)
	}
	items, _ := o.engine.Decode(batch)
	in := merge.Input{Actor: client, Wall: o.env.Now(), Items: items}
	in.Keys = o.engine.Keys(in)
	for i, r := range o.engine.Apply(in).Results {
		for name, v := range items[i].Mutation.Data.All() {
			if r.Accepted() {
				one := recordOf(r.Key, map[string]record.FieldValue{name: v})
				o.disk.put(merge.Collect(o.disk.rows[r.Key].Record, one).At(0))
			}
			break
		}
	}
	return nil, err
}

// stale refuses what is older than a day.
func stale(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	e := o.engine
	o.memory.engine.Guard = func(_ clock.ClientID, m record.Mutation) error {
		for _, v := range m.Data.All() {
			if o.env.Now().Sub(v.Stamp.Time.Time()) > 24*time.Hour {
				return &merge.Refusal{Code: "too_old"}
			}
		}
		return nil
	}
	answer, err := o.memory.Push(client, batch)
	o.memory.engine = e
	return answer, err
}

// forgetsSequence begins at 0 again.
func forgetsSequence(m *memory) *memory {
	m.disk.seq = 0
	return m
}

// forgetsClock has a new clock.
func forgetsClock(m *memory) *memory {
	m.clock, _ = clock.New(clock.Options{Now: m.env.Now, MaxAhead: -1})
	return m
}

// others returns only what other clients wrote.
func others(o *own, client clock.ClientID, cursor string) ([]byte, string, error) {
	lines, next, err := o.memory.Pull(client, cursor)
	if strings.Contains(string(lines), client.String()) {
		lines = nil
	}
	return lines, next, err
}

// falseCollisions reports what was superseded as a collision.
func falseCollisions(all []merge.Reply) []merge.Reply {
	for i := range all {
		if all[i].Verdict == "accepted" && !all[i].Changed {
			all[i].Notes, all[i].Fields = []merge.Code{merge.StampCollision}, nil
		}
	}
	return all
}

// moreBroken are backends with mistakes of other kinds.
func moreBroken() []broken {
	return []broken{
		{"half of the client ID is compared", with(quirks{wins: shortClient}), []law{lawClient}},
		{"deletion drops the fields", with(quirks{stores: hardDelete}), []law{lawVanish, lawTombstone, lawFour}},
		{"deleted records take no writes", with(quirks{stores: deadRecords}), []law{lawVanish, lawLater, lawTombstone, lawCounter, lawFour}},
		{"names are folded", with(quirks{stores: foldedNames}), []law{lawVanish, lawInvented, lawTombstone, lawFour, lawStamp, lawExact}},
		{"stamps in microseconds", with(quirks{stores: storesAs(toMicroseconds)}), []law{lawStamp}},
		{"false is absent", with(quirks{stores: storesWithout(func(name string, v record.FieldValue) bool {
			return name == record.DeletedField && v.Value == record.Bool(false)
		})}), []law{lawRevive, lawVanish}},
		{"collisions that are none", with(quirks{replies: falseCollisions}), []law{lawCollision}},
		{"what is below the mark is dropped", ownOf(own{push: onlyNew}), []law{lawVanish, lawLater, lawCounter, lawTombstone, lawFour}},
		{"half an item is stored", ownOf(own{push: halves}), []law{lawWhole}},
		{"what is old is refused", ownOf(own{push: stale}), []law{lawFine, lawRetry}},
		{"sequence begins anew after a restart", ownOf(own{open: forgetsSequence}), []law{lawSkip, lawVanish}},
		{"clock begins anew after a restart", ownOf(own{open: forgetsClock}), []law{lawServerClock}},
		{"own writes are not pulled", ownOf(own{pull: others}), []law{lawSkip}},
	}
}
