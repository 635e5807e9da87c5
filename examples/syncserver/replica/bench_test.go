package replica_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// records is the number of records in a busy workspace that a new client pulls; fields is the
// number of fields of each.
const records, fields = 5250, 8

// pages returns these records as they are pulled, in pages of a thousand.
func pages() (pages [][]byte) {
	var lines []byte
	for i := range records {
		edit := record.New(record.Key{Table: "tasks", ID: fmt.Sprintf("0b9e6a4c-%04d-4a0b-8d52-0b9e6a4c1d10", i)}).
			Edit(clock.Stamp{Time: clock.TimestampOf(time.Unix(1772460000, 0)) + clock.Timestamp(i), Client: ana})
		for j := range fields {
			edit.Set(fmt.Sprintf("field%d", j), fmt.Sprintf("value %d of record %d", j, i))
		}
		m, err := edit.Mutation()
		if err != nil {
			panic(err)
		}
		line := record.Mutation{Data: m.Data}.AppendJSON(nil)
		lines = fmt.Appendf(lines, "{\"seq\":%d,\"in\":[\"\"],%s\n", i+1, line[1:])
		if i%1000 == 999 || i == records-1 {
			lines = fmt.Appendf(lines, "{\"cursor\":\"e.%d\",\"more\":%v,\"buckets\":[\"\"],\"level\":1}\n", i+1, i < records-1)
			pages, lines = append(pages, lines), nil
		}
	}
	return pages
}

func BenchmarkPull(b *testing.B) {
	pages := pages()
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			pull(b, pages)
		}
	})
	b.Run("saved", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.Len(b, pull(b, pages).TakeSaves(), records+1)
		}
	})
	b.Run("drawn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.Len(b, pull(b, pages).TakeChanged(), records)
		}
	})
	b.Run("opened", func(b *testing.B) {
		disk := map[string]string{}
		write(b, disk, pull(b, pages).TakeSaves())
		b.ReportAllocs()
		for b.Loop() {
			_, err := replica.Open(replica.Options{ID: ana, Saved: entries(disk)})
			require.NoError(b, err)
		}
	})
}

// BenchmarkEdit measures an edit while many other records are held and many edits wait.
func BenchmarkEdit(b *testing.B) {
	r := pull(b, pages())
	for i := range 5000 {
		require.NoError(b, r.Edit(record.Key{Table: "projects", ID: fmt.Sprint(i)}, map[string]record.Value{"name": str("x")}))
	}
	r.TakeSaves()
	r.TakeChanged()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key := record.Key{Table: "meetings", ID: fmt.Sprint(i)}
		require.NoError(b, r.Edit(key, map[string]record.Value{"title": str("x")}))
		require.Len(b, r.TakeSaves(), 2)
		require.Len(b, r.TakeChanged(), 1)
	}
}

func pull(t testing.TB, pages [][]byte) *replica.Replica {
	r, err := replica.Open(replica.Options{ID: ben})
	require.NoError(t, err)
	for _, lines := range pages {
		p := r.BeginPull()
		require.NoError(t, r.Pulled(&p, lines))
	}
	return r
}
