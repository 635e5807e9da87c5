package record_test

import (
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// The bounds on what decoding may cost, as bytes allocated over a call for each
// byte of input. What is garbage at the end of the call counts as well.
const (
	refusedCost  = 8.0
	acceptedCost = 20.0
)

// costKey is the key of records that are read without one.
var costKey = record.Key{Table: "tasks", ID: "t1"}

// costCase is one input that was made to be dear.
type costCase struct {
	name    string
	input   string
	decode  func(*record.Decoder, []byte) error
	refused bool
	limited bool // with the default limits, and not without any
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

// decodeBatch fails if the batch does, or else if all items do.
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

// skipUnderRace skips a test that uses one goroutine and large input: the race detector
// would find nothing and take minutes.
func skipUnderRace(t *testing.T) {
	t.Helper()
	info, _ := debug.ReadBuildInfo()
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("one goroutine, large input")
	}
}

// TestMemory asserts what a decoder may allocate for each byte of input.
func TestMemory(t *testing.T) {
	skipUnderRace(t)
	for i, c := range costCases() {
		if testing.Short() && i%6 != 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			require.Greater(t, len(c.input), 256<<10, "too short to measure")
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

// costOf decodes the input of c once, with a new Decoder, and returns the bytes
// allocated meanwhile for each byte of it.
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
