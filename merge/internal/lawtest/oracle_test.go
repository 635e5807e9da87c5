package lawtest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The oracle does not use the library. It keeps every write in a list, sorts the list by the
// documented rule and takes the last write of each field. It has its own types, comparisons and
// encodings. Only the functions at the end of this file use the types of the library.

// entry is one write of one field.
type entry struct {
	table, id, field string
	time             int64 // Unix nanoseconds; the low six digits are a counter
	client           [16]byte
	deleted          bool
	value            string // canonical JSON; empty if deleted
}

// history holds every write that a replica has seen, in the order of arrival.
type history []entry

// winners returns the greatest write of each field by the rule, sorted by table, ID and field.
func (h history) winners() []entry {
	sorted := slices.Clone(h)
	slices.SortFunc(sorted, func(a, b entry) int {
		if p := placeOrder(a, b); p != 0 {
			return p
		}
		return ruleOrder(a, b)
	})
	last := []entry{}
	for i, w := range sorted {
		if i+1 == len(sorted) || placeOrder(w, sorted[i+1]) != 0 {
			last = append(last, w)
		}
	}
	return last
}

// at returns the winner of the field that w writes, and reports whether there is one.
func (h history) at(w entry) (winner entry, ok bool) {
	for _, v := range h {
		if placeOrder(v, w) == 0 && (!ok || ruleOrder(v, winner) > 0) {
			winner, ok = v, true
		}
	}
	return winner, ok
}

// ruleOrder compares two writes by the rule: time, then the unsigned bytes of the client, then a
// deletion above a value, then the bytes of the canonical values. For example, two writes at one
// time by client 7f… and client 80… order as 7f… < 80…, whatever their values.
func ruleOrder(a, b entry) int {
	if a.time != b.time {
		return sign(a.time > b.time)
	}
	for i := range a.client {
		if x, y := int(a.client[i]), int(b.client[i]); x != y {
			return sign(x > y)
		}
	}
	if a.deleted != b.deleted {
		return sign(a.deleted)
	}
	return byteOrder(a.value, b.value)
}

// placeOrder compares the places of two writes: table, ID, field.
func placeOrder(a, b entry) int {
	for _, pair := range [][2]string{{a.table, b.table}, {a.id, b.id}, {a.field, b.field}} {
		if c := byteOrder(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	return 0
}

func byteOrder(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return sign(a[i] > b[i])
		}
	}
	if len(a) == len(b) {
		return 0
	}
	return sign(len(a) > len(b))
}

func sign(greater bool) int {
	if greater {
		return 1
	}
	return -1
}

// json returns the canonical JSON of the FieldValue.
func (w entry) json() string {
	value := `"value":` + w.value
	if w.deleted {
		value = `"deleted":true`
	}
	c := hex.EncodeToString(w.client[:])
	return fmt.Sprintf(`{%s,"updatedAt":"%s","clientId":"%s-%s-%s-%s-%s"}`, value,
		time.Unix(0, w.time).UTC().Format("2006-01-02T15:04:05.000000000Z"),
		c[:8], c[8:12], c[12:16], c[16:20], c[20:])
}

// lines returns the state as canonical JSON Lines. Names must not need escapes.
func lines(state []entry) string {
	var b strings.Builder
	for i, w := range state {
		switch begins := i == 0 || w.table != state[i-1].table || w.id != state[i-1].id; {
		case begins && i > 0:
			b.WriteString("}}\n")
			fallthrough
		case begins:
			fmt.Fprintf(&b, `{"table":"%s","id":"%s","data":{`, w.table, w.id)
		default:
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `"%s":%s`, w.field, w.json())
	}
	if len(state) > 0 {
		b.WriteString("}}\n")
	}
	return b.String()
}

// digest returns the digest of the state, in hexadecimal.
func digest(state []entry) string {
	sum := new(big.Int)
	for _, w := range state {
		h := sha256.New()
		h.Write([]byte("fieldlww/digest/1\n"))
		for _, part := range []string{w.table, w.id, w.field, w.json()} {
			_ = binary.Write(h, binary.BigEndian, uint64(len(part)))
			h.Write([]byte(part))
		}
		sum.Add(sum, new(big.Int).SetBytes(h.Sum(nil)))
	}
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256))
	return fmt.Sprintf("%064x", sum)
}

// outcome returns the outcome of w for a replica that has seen the writes of h.
func (h history) outcome(w entry) merge.Outcome {
	before, ok := h.at(w)
	switch {
	case !ok:
		return merge.Applied
	case w == before:
		return merge.Equal
	case w.time == before.time && w.client == before.client:
		return merge.Collision
	case ruleOrder(w, before) > 0:
		return merge.Applied
	}
	return merge.Superseded
}

// The functions below convert between the types of the oracle and the types of the library.

func (w entry) key() record.Key { return record.Key{Table: w.table, ID: w.id} }

func (w entry) fieldValue() record.FieldValue {
	fv := record.FieldValue{
		Value: record.Deletion(),
		Stamp: clock.Stamp{Time: clock.Timestamp(w.time), Client: clock.ClientID(w.client)},
	}
	if !w.deleted {
		v, err := record.ParseValue([]byte(w.value))
		if err != nil {
			panic(err)
		}
		fv.Value = v
	}
	return fv
}

// record returns the record that holds only this write.
func (w entry) record(b *record.Builder) record.Record {
	r, err := b.Record(w.key(), func(yield func(string, record.FieldValue) bool) { yield(w.field, w.fieldValue()) })
	if err != nil {
		panic(err)
	}
	return r
}

// records returns a record for each write, all made by one Builder.
func (h history) records() []record.Record {
	var b record.Builder
	out := make([]record.Record, len(h))
	for i, w := range h {
		out[i] = w.record(&b)
	}
	return out
}

// collection returns the library's state after all writes.
func (h history) collection() merge.Collection { return merge.Collect(h.records()...) }

// readRecord returns the writes of a record in the types of the oracle.
func readRecord(r record.Record) []entry {
	out := []entry{}
	for name, fv := range r.All() {
		out = append(out, readWrite(r.Key(), name, fv))
	}
	return out
}

func readWrite(key record.Key, name string, fv record.FieldValue) entry {
	return entry{
		table: key.Table, id: key.ID, field: name,
		time: int64(fv.Stamp.Time), client: fv.Stamp.Client,
		deleted: fv.Deleted(), value: fv.Value.JSON(),
	}
}

// read returns the writes of a collection in the types of the oracle.
func read(c merge.Collection) []entry {
	out := []entry{}
	for r := range c.All() {
		out = append(out, readRecord(r)...)
	}
	return out
}
