package lawtest

import (
	"slices"

	"pgregory.net/rapid"
)

// The domains are narrow, so in most histories one client writes one field twice at the same
// time with different values.

// epoch is a whole millisecond.
const epoch int64 = 1_795_366_637_123_000_000

var (
	// times differ in the counter or in the millisecond.
	times = []int64{epoch, epoch + 1, epoch + 1_000_000}
	// clients sort differently if bytes are compared as signed, or if the last byte is compared
	// first.
	clients = [][16]byte{{0: 0x7F, 15: 0x01}, {0: 0x7F, 15: 0xFF}, {0: 0x80}}
	// values sort differently as numbers and as bytes, and null is not the least.
	values     = []string{"null", `""`, "9", "10"}
	fieldNames = []string{"a", "b", "$deleted", "$next"}
	keys       = [][2]string{{"t", "1"}, {"t", "2"}, {"t", "10"}, {"u", "1"}}
)

// genWrite draws a write from the narrow domain.
func genWrite() *rapid.Generator[entry] {
	return rapid.Custom(func(t *rapid.T) entry {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		return genWriteOf(key).Draw(t, "write")
	})
}

// genWriteOf draws a write of one record.
func genWriteOf(key [2]string) *rapid.Generator[entry] {
	return rapid.Custom(func(t *rapid.T) entry {
		w := entry{
			table: key[0], id: key[1],
			field:  rapid.SampledFrom(fieldNames).Draw(t, "field"),
			time:   rapid.SampledFrom(times).Draw(t, "time"),
			client: rapid.SampledFrom(clients).Draw(t, "client"),
		}
		if w.field == "$deleted" {
			w.value = rapid.SampledFrom([]string{"true", "false"}).Draw(t, "value")
			return w
		}
		i := rapid.IntRange(0, len(values)).Draw(t, "value")
		if w.deleted = i == len(values); !w.deleted {
			w.value = values[i]
		}
		return w
	})
}

// genHistory draws up to 16 writes.
func genHistory() *rapid.Generator[history] {
	return rapid.Map(rapid.SliceOfN(genWrite(), 0, 16), func(ws []entry) history { return ws })
}

// genHistoryOf draws up to 8 writes of one record.
func genHistoryOf(key [2]string) *rapid.Generator[history] {
	return rapid.Map(rapid.SliceOfN(genWriteOf(key), 0, 8), func(ws []entry) history { return ws })
}

// shuffled returns the writes of h in random order, some of them twice.
func shuffled(t *rapid.T, h history) history {
	again := rapid.SliceOfN(rapid.IntRange(0, max(0, len(h)-1)), 0, min(3, len(h))).Draw(t, "twice")
	all := slices.Clone(h)
	for _, i := range again {
		all = append(all, h[i])
	}
	if len(all) == 0 {
		return all
	}
	return rapid.Permutation(all).Draw(t, "order")
}
