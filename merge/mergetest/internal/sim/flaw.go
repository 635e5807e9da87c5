package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/version"
	"github.com/fieldlww/fieldlww/record"
)

// flaw makes an item invalid: the item gets one more field, with the given JSON.
type flaw struct{ name, field, json, words string }

// knownFlaws are the flaws that the kit defines. The other flaws are codes of
// Options.Refused.
func knownFlaws() []flaw {
	return []flaw{
		{"unstamped", check.Flawed, `"value":1`, "zzz=1 without a stamp"},
		{"forged", check.Flawed, `"value":1,STAMP`, "zzz=1 by a stranger"},
		{"reserved", check.Reserved, `"value":1,STAMP`, "$own=1, a reserved name"},
		{"both", check.Flawed, `"value":1,"deleted":true,STAMP`, "zzz has a value and is deleted"},
		{"neither", check.Flawed, `STAMP`, "zzz has no value and is not deleted"},
		{"undated", check.Flawed, `"value":1,"updatedAt":"yesterday","clientId":CLIENT`, `zzz=1, updatedAt "yesterday"`},
		{"zoned", check.Flawed, `"value":1,"updatedAt":"2024-03-04T14:00:00.000000000+02:00","clientId":CLIENT`, `zzz=1, updatedAt in another time zone`},
		{"worded", record.DeletedField, `"value":"true",STAMP`, `$deleted="true", a string`},
		{newer, version.Raw, `"value":1,STAMP`, "a field that only the new version has"},
		{"nameless", check.Flawed, `"value":1,STAMP`, `zzz=1, and the id is ""`},
	}
}

// newer is the flaw of an item of a device of the old version that has a name of the new one.
const newer = "newer"

func flawOf(name string) (f flaw, known bool) {
	all := knownFlaws()
	if i := slices.IndexFunc(all, func(f flaw) bool { return f.name == name }); i >= 0 {
		return all[i], true
	}
	return f, false
}

// spoil adds to the outbox an item that must be refused as a whole: some of its fields are valid,
// and one thing is wrong. It reports whether it added such an item.
func (d *device) spoil(s schedule.Step) bool {
	if s.Bad == newer && (!d.w.IsOld(d.id) || d.w.o.Old.Newer() == "" || d.w.Key(s.ID).Table != d.w.o.Old.Table) {
		return false
	}
	if d.client != nil {
		return d.editClient(s.ID, append(slices.Clone(s.Sets), schedule.Assignment{Name: check.Flawed, Value: strconv.Quote(s.Bad)}))
	}
	d.edit(s.ID, slices.DeleteFunc(slices.Clone(s.Sets), func(a schedule.Assignment) bool { return d.w.o.Refuses(s.Bad, a.Name) }))
	last := len(d.outbox) - 1
	d.outbox[last] = d.flawed(d.outbox[last], s.Bad, d.stamp())
	return true
}

// flawed returns an item with a flaw added.
func (d *device) flawed(it *check.Item, bad string, at clock.Stamp) *check.Item {
	known, ok := flawOf(bad)
	if !ok {
		return d.refusable(it, bad, at)
	}
	key, by := d.w.Key(it.ID), at.Client
	switch bad {
	case "forged":
		by = schedule.Stranger()
	case "nameless":
		key.ID = ""
	case newer:
		known.field += d.w.o.Old.Newer()
	}
	client := strconv.Quote(by.String())
	stamp := fmt.Sprintf(`"updatedAt":%q,"clientId":%s`, at.Time.String(), client)
	text := strings.NewReplacer("STAMP", stamp, "CLIENT", client).Replace(known.json)
	spoilt := d.spoilt(it, key, fmt.Sprintf("%q:{%s}", known.field, text))
	spoilt.Bad, spoilt.Words = bad, known.words
	if bad == "worded" {
		text, err := record.ParseValue([]byte(`"true"`))
		d.w.Must(err)
		spoilt.Writes = append(spoilt.Writes, check.WrittenOf(oracle.FieldKey{ID: it.ID, Field: known.field}, text, at))
	}
	return spoilt
}

// refusable returns an item with the fields that Options.Refused has for a code.
func (d *device) refusable(it *check.Item, code string, at clock.Stamp) *check.Item {
	fields := d.w.o.Refused[merge.Code(code)]
	var add []string
	var writes []oracle.Written
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		add = append(add, fmt.Sprintf(`%s:{"value":%s,"updatedAt":%q,"clientId":%q}`, jsonText(name), fields[name], at.Time.String(), at.Client.String()))
		if v, err := record.ParseValue([]byte(fields[name])); err == nil {
			writes = append(writes, check.WrittenOf(oracle.FieldKey{ID: it.ID, Field: name}, v, at))
		}
	}
	spoilt := d.spoilt(it, d.w.Key(it.ID), add...)
	spoilt.Bad, spoilt.Writes = code, append(spoilt.Writes, writes...)
	return spoilt
}

// spoilt returns an item with more fields.
func (d *device) spoilt(it *check.Item, key record.Key, add ...string) *check.Item {
	data := strings.TrimSuffix(string(it.M.Data.AppendJSON(nil)), "}")
	if it.M.Data.Len() > 0 {
		data += ","
	}
	raw := fmt.Sprintf(`{"table":%s,"id":%s,"data":%s%s}}`, jsonText(key.Table), jsonText(key.ID), data, strings.Join(add, ","))
	return &check.Item{Raw: []byte(raw), ID: it.ID, Writes: slices.Clone(it.Writes)}
}
