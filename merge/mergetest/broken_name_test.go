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

// confusing is a backend that takes a record for another one, if the key of that fits.
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

// joined stores each field by one key, made of the ID, a slash and the name, and splits it at the
// first slash.
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

// rewriting is a backend that stores another record than the one that was pushed.
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

// ids compares the IDs of one table in some form.
func ids(as func(string) string) newBackend {
	return confusing(func(stored, asked record.Key) bool {
		return stored.Table == asked.Table && as(stored.ID) == as(asked.ID)
	})
}

// like reports whether an ID fits another one, taken for a pattern of LIKE.
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

// fieldsBy stores fields under another name.
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

// TestConfusedNames: names that are taken for each other, or do not come back, are found within
// sixty seeds, and named.
func TestConfusedNames(t *testing.T) {
	checkAll(t, []broken{
		{"case of IDs", ids(strings.ToLower), []law.Law{law.Names}},
		{"spaces at the end of IDs", ids(func(id string) string { return strings.TrimRight(id, " ") }), []law.Law{law.Names}},
		{"LIKE", confusing(like), []law.Law{law.Names}},
		{"escapes of URLs", ids(unescaped), []law.Law{law.Names}},
		{"paths", ids(path.Clean), []law.Law{law.Names}},
		{"numbers", ids(asNumber), []law.Law{law.Names}},
		{"normal form", ids(composed.Replace), []law.Law{law.Names}},
		{"long IDs", ids(upToBytes(767)), []law.Law{law.Names}},
		{"IDs and fields in one key", rewriting(joined), []law.Law{law.Names}},
		{"tables", confusing(func(stored, asked record.Key) bool { return stored.ID == asked.ID }), []law.Law{law.Names}},
		{"case of fields", fieldsBy(strings.ToLower), []law.Law{law.Names}},
		{"_ in fields", fieldsBy(func(name string) string { return strings.ReplaceAll(name, "/", "_") }), []law.Law{law.Names}},
		{"escapes in fields", fieldsBy(unescaped), []law.Law{law.Names}},
		{"normal form of fields", fieldsBy(composed.Replace), []law.Law{law.Names}},
		{"dots in fields", fieldsBy(func(name string) string { first, _, _ := strings.Cut(name, "."); return first }), []law.Law{law.Names}},
		{"a field called id", with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "id" })}), []law.Law{law.Names, law.Vanish}},
		{"digits for a field", with(quirks{stores: storesWithout(func(name string, _ record.FieldValue) bool { return name == "7" })}), []law.Law{law.Names, law.Vanish}},
		{"long names", fieldsBy(upToBytes(300)), []law.Law{law.Names}},
	}, func(t *testing.T, b broken) { b.checkFew(t, 60) })
}
