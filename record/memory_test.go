package record_test

import (
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// Bounds on the cost of decoding, in bytes allocated during a call per byte of input. Memory
// that is garbage at the end of the call counts as well.
const (
	refusedCost  = 8.0
	acceptedCost = 20.0
)

// costKey is the key of records that are read without a key of their own.
var costKey = record.Key{Table: "tasks", ID: "t1"}

// costCase is one input that was made to be expensive.
type costCase struct {
	name    string
	input   string
	decode  func(*record.Decoder, []byte) error
	refused bool
	limited bool // with the default limits instead of none
}

func decodeValue(d *record.Decoder, text []byte) error {
	_, err := d.Value(text)
	return err
}

func decodeRecord(d *record.Decoder, text []byte) error {
	_, err := d.Record(costKey, text)
	return err
}

func decodeMutation(d *record.Decoder, text []byte) error {
	_, err := d.Mutation(text)
	return err
}

// decodeBatch returns an error if the batch is refused, or if all of its items are.
func decodeBatch(d *record.Decoder, text []byte) error {
	items, err := d.Batch(text)
	for _, item := range items {
		if item.Err == nil {
			return nil
		}
		err = item.Err
	}
	return err
}

var unlimited = record.Limits{Bytes: -1, Depth: -1, Fields: -1, Value: -1, Items: -1}

// skipUnderRace skips a test that uses one goroutine and large input: the race detector would
// find nothing and take minutes.
func skipUnderRace(t *testing.T) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("one goroutine, large input")
	}
}

// TestDecodingAllocatesWithinBounds checks the memory that a decoder allocates per byte of
// input.
func TestDecodingAllocatesWithinBounds(t *testing.T) {
	skipUnderRace(t)
	for i, c := range costCases() {
		if testing.Short() && i%6 != 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			require.Greater(t, len(c.input), 256<<10, "the input is too short to measure")
			cost, err := costOf(c)
			require.Equal(t, c.refused, err != nil, "%v", err)
			t.Logf("%.2f times %d bytes", cost, len(c.input))
			if c.refused {
				require.LessOrEqual(t, cost, refusedCost)
			} else {
				require.LessOrEqual(t, cost, acceptedCost)
			}
		})
	}
}

// costOf decodes the input of c once, with a new Decoder, and returns the bytes allocated per
// byte of input.
func costOf(c costCase) (cost float64, err error) {
	d := record.Decoder{Limits: unlimited}
	if c.limited {
		d.Limits = record.Limits{}
	}
	text := []byte(c.input)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err = c.decode(&d, text)
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(len(text)), err
}
