package mergetest

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
	"github.com/fieldlww/fieldlww/record"
)

// reading returns a backend that changes a batch before it decodes it.
func reading(as func(string) string) newBackend {
	return with(quirks{batch: func(batch []byte) []byte { return []byte(as(string(batch))) }})
}

func replacing(pattern, by string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(text string) string { return re.ReplaceAllString(text, by) }
}

// countsFraction reads the digits of a fraction as a number of nanoseconds: .5 becomes five nanoseconds.
func countsFraction(text string) string {
	return regexp.MustCompile(`\.(\d{1,9})Z`).ReplaceAllStringFunc(text, func(s string) string {
		return "." + strings.Repeat("0", len(".123456789Z")-len(s)) + s[1:]
	})
}

const upper = `"clientId" ?: ?"[^"]*[A-F]`

// brokenSpellings returns backends that read the canonical spelling, but misread or refuse another spelling.
func brokenSpellings() []broken {
	return []broken{
		{"a fraction is read as a number", reading(countsFraction), []law.Law{law.Stamp, law.Later, law.Counter, law.Ahead, law.Vanish, law.Collision, law.Outcome}},
		{"IDs in upper case are refused", reading(replacing(upper, `"clientId":"no`)), []law.Law{law.Fine, law.Retry}},
		{"escapes are not decoded", reading(replacing(`\\u00`, `\\u00`)), []law.Law{law.Exact, law.Vanish, law.Tombstone, law.Order}},
		{"exponents are dropped", reading(replacing(`(\d)e1`, `$1`)), []law.Law{law.Exact, law.Names}},
		{"only the canonical order of members is read", reading(replacing(`\{ *"data"`, `{"dat"`)), []law.Law{law.Fine, law.Order, law.Retry}},
	}
}

// brokenBad returns backends that accept malformed items.
func brokenBad() []broken {
	return []broken{
		{"an item with both value and deleted is read as a value", reading(replacing(`"value":1,"deleted":true`, `"value":1`)), []law.Law{law.BadRefused}},
		{"a missing value is read as null", reading(replacing(`"zzz":\{"updatedAt"`, `"zzz":{"value":null,"updatedAt"`)), []law.Law{law.BadRefused}},
		{"the word yesterday is read as a time", reading(replacing(`"yesterday"`, `"2024-03-03T12:00:00Z"`)), []law.Law{law.BadRefused}},
		{"the string true deletes a record", reading(replacing(`:\{"value":"true"`, `:{"value":true`)), []law.Law{law.BadRefused, law.Exact}},
		{"an empty ID is replaced", reading(replacing(`"id":""`, `"id":"none"`)), []law.Law{law.Order, law.BadRefused}},
	}
}

// TestClientSpellingReachesTheServer checks that the kit does not respell the items of a Client.
func TestClientSpellingReachesTheServer(t *testing.T) {
	b := broken{make: reading(countsFraction), laws: []law.Law{law.Stamp, law.Later, law.Counter, law.Ahead, law.Vanish, law.Skip}}
	b.check(t, Options{Devices: 1, NewClient: newApp(clientQuirks{respells: true})})
}

// TestRespellKeepsTheMeaning checks that a respelled mutation has another text and the same meaning.
func TestRespellKeepsTheMeaning(t *testing.T) {
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range o.IDs {
		for _, name := range o.Names {
			for _, text := range append(o.Fields[name], "deleted") {
				at := clock.TimestampOf(schedule.Start().AddDate(0, 0, i).Add(time.Duration(len(text)) * time.Millisecond))
				field := record.FieldValue{Value: record.Deletion(), Stamp: clock.Stamp{Time: at, Client: schedule.ClientID(1, 0)}}
				if text != "deleted" {
					field.Value, err = record.ParseValue([]byte(text))
				}
				table, rest := o.KeyOf(id)
				m := record.Mutation{Data: check.RecordOf(record.Key{Table: table, ID: rest}, map[string]record.FieldValue{name: field}), Base: map[string]clock.Stamp{name: {}}}
				requireRespelled(t, m)
				m.Base = map[string]clock.Stamp{name: {Time: at - 5, Client: schedule.ClientID(0, 0)}}
				requireRespelled(t, m)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func requireRespelled(t *testing.T, m record.Mutation) {
	t.Helper()
	var d record.Decoder
	text, plain := sim.Respell(m), m.AppendJSON(nil)
	again, err := d.Mutation(text)
	if err != nil || string(again.AppendJSON(nil)) != string(plain) || string(text) == string(plain) {
		t.Fatalf("the mutation %s was respelled as %s, which is decoded as %v, with the error %v", plain, text, again, err)
	}
}
