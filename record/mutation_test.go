package record_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestEveryMember: a mutation that has all members is the same after it was written and
// read. A new member of Mutation fails here until it is set below.
func TestEveryMember(t *testing.T) {
	stamp := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: clock.ClientID{1}}
	later := clock.Stamp{Time: stamp.Time + 1, Client: stamp.Client}
	m, err := record.New(record.Key{Table: "tasks", ID: "1"}).Edit(later).Set("title", "Paint the fence").Mutation()
	require.NoError(t, err)
	m.Base = map[string]clock.Stamp{"title": stamp}

	members := reflect.ValueOf(m)
	for i := range members.NumField() {
		require.False(t, members.Field(i).IsZero(), "set %s in this test", members.Type().Field(i).Name)
	}
	var d record.Decoder
	read, err := d.Mutation(m.AppendJSON(nil))
	require.NoError(t, err)
	require.True(t, read.Data.Equal(m.Data))
	read.Data = m.Data // records are compared by Equal
	require.Equal(t, m, read)
}
