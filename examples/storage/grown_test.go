package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestRecordLargerThanAnyPushIsStillServed: valid pushes can make a record larger than any
// single push may be. Every layout stores, loads and pulls it like any other record, and
// clients can still change it.
func TestRecordLargerThanAnyPushIsStillServed(t *testing.T) {
	for what, c := range map[string]struct {
		fields int // of each push
		value  string
		limits record.Limits
	}{
		"fields": {fields: 5001, value: "1"},
		"bytes":  {fields: 9, value: `"` + strings.Repeat("x", 1<<20-2) + `"`},
		"depth":  {fields: 1, value: strings.Repeat("[", 40) + strings.Repeat("]", 40), limits: record.Limits{Depth: 40}},
	} {
		t.Run(what, func(t *testing.T) {
			if what == "bytes" && testing.Short() {
				t.Skip("slow: moves hundreds of megabytes")
			}
			onEachLayout(t, func(t *testing.T, s *server) {
				s.engine.Limits = c.limits
				d := record.Decoder{Limits: c.limits}
				for push := range 3 {
					var fields []string
					for i := range c.fields {
						// The third push writes the same fields as the first one.
						fields = append(fields, fmt.Sprintf(`"f%d":{"value":%s,%s}`, push%2*c.fields+i, c.value, stampJSON(push)))
					}
					data, err := d.Record(task("a"), []byte("{"+strings.Join(fields, ",")+"}"))
					require.NoError(t, err)
					answer, err := s.push(context.Background(), ana, batchOf(data))
					require.NoError(t, err)
					require.Contains(t, string(answer), `"verdict":"accepted","changed":true`)
				}
				got, ok := stateOf(t, s).Get(task("a"))
				require.True(t, ok)
				require.Equal(t, 2*c.fields, got.Len())
				first, _ := got.Get("f0")
				require.Equal(t, clock.Stamp{Time: at(2), Client: ana}, first.Stamp)
				var untrusted record.Decoder
				_, err := untrusted.Record(got.Key(), got.AppendJSON(nil))
				require.ErrorIs(t, err, record.ErrLimit)
			})
		})
	}
}
