package mergetest

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// confusing returns a backend that stores a record under the key of another stored record if the
// function fits returns true for the two keys.
func confusing(fits func(stored, asked record.Key) bool) newBackend {
	return rewriting(func(o *own, data record.Record) record.Record {
		for _, r := range o.disk.sorted() {
			if r.Key() != data.Key() && fits(r.Key(), data.Key()) {
				return data.WithKey(r.Key())
			}
		}
		return data
	})
}

// joined stores each field under one key, made of the ID, a slash and the field name, and splits the key at
// the first slash.
func joined(_ *own, data record.Record) record.Record {
	key := data.Key()
	id, rest, found := strings.Cut(key.ID, "/")
	if !found {
		return data
	}
	key.ID = id
	var b record.Builder
	r, err := b.Record(key, func(yield func(string, record.FieldValue) bool) {
		for name, v := range data.All() {
			if name != record.DeletedField {
				name = rest + "/" + name
			}
			if !yield(name, v) {
				return
			}
		}
	})
	if err != nil {
		return data
	}
	return r
}

// rewriting returns a backend that stores a different record from the pushed one.
func rewriting(as func(*own, record.Record) record.Record) newBackend {
	return ownOf(own{push: func(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
		items, err := o.engine.Decode(batch)
		if err != nil {
			return o.memory.Push(client, batch)
		}
		var text []byte
		for i, it := range items {
			if it.Err != nil {
				return o.memory.Push(client, batch)
			}
			it.Mutation.Data = as(o, it.Mutation.Data)
			text = append(text, map[bool]byte{true: '[', false: ','}[i == 0])
			text = it.Mutation.AppendJSON(text)
		}
		return o.memory.Push(client, append(text, ']'))
	}})
}

// ids returns a backend that compares the IDs of one table after a conversion.
func ids(as func(string) string) newBackend {
	return confusing(func(stored, asked record.Key) bool {
		return stored.Table == asked.Table && as(stored.ID) == as(asked.ID)
	})
}

// like reports whether the stored ID matches the requested one as a LIKE pattern.
func like(stored, asked record.Key) bool {
	pattern := regexp.QuoteMeta(asked.ID)
	pattern = strings.NewReplacer("%", ".*", "_", ".").Replace(pattern)
	return stored.Table == asked.Table && regexp.MustCompile("^(?s:"+pattern+")$").MatchString(stored.ID)
}

func asNumber(id string) string {
	if f, err := strconv.ParseFloat(id, 64); err == nil {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return id
}

func unescaped(id string) string {
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}

func upToBytes(n int) func(string) string {
	return func(text string) string { return text[:min(n, len(text))] }
}

// fieldsBy returns a backend that converts the names of fields.
func fieldsBy(as func(string) string) newBackend {
	return with(quirks{stores: func(fields map[string]record.FieldValue, name string, v record.FieldValue) {
		if name != record.DeletedField {
			name = as(name)
		}
		if old, ok := fields[name]; !ok || rightly(old, v) {
			fields[name] = v
		}
	}})
}

// TestConfusedNamesAreFound checks that a backend which confuses or changes names is found within sixty
// seeds, and that the failure blames names.
func TestConfusedNamesAreFound(t *testing.T) {
	checkAll(t, []broken{
		{"IDs compared ignoring case", ids(strings.ToLower), []law.Law{law.Names}},
		{"IDs compared ignoring trailing spaces", ids(func(id string) string { return strings.TrimRight(id, " ") }), []law.Law{law.Names}},
		{"IDs compared with LIKE", confusing(like), []law.Law{law.Names}},
		{"IDs unescaped as URLs", ids(unescaped), []law.Law{law.Names}},
		{"IDs cleaned as paths", ids(path.Clean), []law.Law{law.Names}},
		{"IDs compared as numbers", ids(asNumber), []law.Law{law.Names}},
		{"IDs normalized", ids(composed.Replace), []law.Law{law.Names}},
		{"IDs cut at 767 bytes", ids(upToBytes(767)), []law.Law{law.Names}},
		{"IDs and field names joined into one key", rewriting(joined), []law.Law{law.Names}},
		{"tables ignored", confusing(func(stored, asked record.Key) bool { return stored.ID == asked.ID }), []law.Law{law.Names}},
		{"field names in lower case", fieldsBy(strings.ToLower), []law.Law{law.Names}},
		{"slashes in field names become underscores", fieldsBy(func(name string) string { return strings.ReplaceAll(name, "/", "_") }), []law.Law{law.Names}},
		{"field names unescaped as URLs", fieldsBy(unescaped), []law.Law{law.Names}},
		{"field names normalized", fieldsBy(composed.Replace), []law.Law{law.Names}},
		{"field names cut at a dot", fieldsBy(func(name string) string { first, _, _ := strings.Cut(name, "."); return first }), []law.Law{law.Names}},
		{"a field called id is dropped", with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "id" })}), []law.Law{law.Names, law.Vanish}},
		{"a field called 7 is dropped", with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "7" })}), []law.Law{law.Names, law.Vanish}},
		{"field names cut at 300 bytes", fieldsBy(upToBytes(300)), []law.Law{law.Names}},
	}, func(t *testing.T, b broken) { b.checkFew(t, 60) })
}
