package record_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestEveryMemberOfAMutationRoundTrips checks that a mutation with all members set is
// unchanged after it is written and read. It fails for a new member of Mutation until the
// test sets it.
func TestEveryMemberOfAMutationRoundTrips(t *testing.T) {
	stamp := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: clock.ClientID{1}}
	later := clock.Stamp{Time: stamp.Time + 1, Client: stamp.Client}
	m, err := record.New(record.Key{Table: "tasks", ID: "1"}).Edit(later).Set("title", "Paint the fence").Mutation()
	require.NoError(t, err)
	m.Base, m.New, m.Seen = map[string]clock.Stamp{"title": stamp}, true, record.Seen{Epoch: "N5XQ", Seq: 7}

	members := reflect.ValueOf(m)
	for i := range members.NumField() {
		require.False(t, members.Field(i).IsZero(), "set %s in this test", members.Type().Field(i).Name)
	}
	var d record.Decoder
	read, err := d.Mutation(m.AppendJSON(nil))
	require.NoError(t, err)
	require.True(t, read.Data.Equal(m.Data))
	read.Data = m.Data // records must be compared with Equal
	require.Equal(t, m, read)
}
