package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/record"
)

// The inputs of these tests are so large that a quadratic cost would take many minutes.

func TestLongLineIsFitAtLinearCost(t *testing.T) {
	p := page{screen: screen{width: 80, colour: true}}
	line := strings.Repeat("word ", 400_000)
	require.Len(t, strings.Join(strings.Fields(p.fit(line)), " "), len(line)-1)
}

func TestManyDevicesAreNamedAtLinearCost(t *testing.T) {
	all, d := make(map[clock.ClientID]struct{}), make(devices)
	for i := range uint32(200_000) {
		var c clock.ClientID
		binary.BigEndian.PutUint32(c[:], i)
		all[c], d[c] = struct{}{}, fmt.Sprint("device ", i/2*2)
	}
	names := namesOf(all, d)
	for c := range all {
		require.Contains(t, names.of(c), "(", "two devices have each name")
	}
}

func TestManyEditsAreComparedAtLinearCost(t *testing.T) {
	const n = 200_000
	key, ben := record.Key{Table: "tasks", ID: "1"}, clock.ClientID{2}
	c := newClient(clientlog.File{})
	v := c.field(key, "title")
	for i := range n {
		v.stands = append(v.stands, stand{line: i, stamp: clock.Stamp{Time: clock.Timestamp(i + 1), Client: ben}})
	}
	for i := range n {
		d := &edit{key: key, arrivals: []arrival{{line: i}}}
		s, ok := c.unseen(d, clientlog.Field{Name: "title", Base: &clientlog.Stamp{}})
		require.Equal(t, i > 0, ok)
		require.Equal(t, max(0, i-1), s.line)
	}
}
