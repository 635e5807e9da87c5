package store_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// BenchmarkMemoryOfARecord measures how much memory a node needs for each stored record, whether anybody reads it or
// not: JetStream keeps an index of all subjects. Each record has 600 bytes.
//
//	go test -run '^$' -bench MemoryOfARecord -benchtime 1x ./store
func BenchmarkMemoryOfARecord(b *testing.B) {
	const perBatch, batches = 500, 200
	one, err := clustertest.New(1)
	require.NoError(b, err)
	defer one.Stop()
	s, err := one.Open(0, "memory")
	require.NoError(b, err)
	defer s.Close()
	const idle = 12 * time.Second // JetStream then no longer holds what was written last
	data := bytes.Repeat([]byte("x"), 600)
	for b.Loop() {
		before := heap()
		for n := range batches {
			puts := make([]store.Put, perBatch)
			for i := range puts {
				puts[i] = store.Put{Key: record("w", fmt.Sprint(n*perBatch+i)), Data: data}
			}
			require.NoError(b, s.Commit(b.Context(), store.Batch{Workspace: "w", ID: nuid.Next(), Puts: puts}))
		}
		time.Sleep(idle)
		b.ReportMetric(float64(heap()-before)/(perBatch*batches), "B/record")
	}
}

// heap returns how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // empties pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
