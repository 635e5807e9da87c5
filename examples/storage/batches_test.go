package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// batch is the body of one push of a client.
type batch struct {
	client clock.ClientID
	body   []byte
}

// wireValues are values as clients write them, some of them not in canonical form.
var wireValues = []string{
	`"value":null`, `"value":""`, `"value":"Paint"`, `"value":"é é 漢 🦊"`, `"value":"a\u0000b"`,
	`"value":"\\u0000"`, `"value":"<&>'\"\\\u2028\u001f"`,
	`"value":9007199254740993`, `"value":-9223372036854775808`, `"value":1.0`, `"value":1e2`, `"value":-0`,
	`"value":0.1`, `"value":1e21`, `"value":true`, `"value":false`,
	`"value":[]`, `"value":{"b":1.0,"a":["\u0000",null]}`, `"deleted":true`,
}

// randomBatches returns batches of one client: new writes and, now and then, one of its
// earlier batches again. IDs, fields, values and stamps come from small domains, so that
// several writes share a field and stamps are used twice.
func randomBatches(r *rand.Rand, client clock.ClientID, n int) []batch {
	all := make([]batch, 0, n)
	for len(all) < n {
		if len(all) > 0 && r.IntN(4) == 0 {
			all = append(all, all[r.IntN(len(all))])
			continue
		}
		var body strings.Builder
		for range 1 + r.IntN(6) {
			body.WriteString(randomMutation(r, client) + "\n")
		}
		all = append(all, batch{client, []byte(body.String())})
	}
	return all
}

// randomMutation returns a mutation as JSON.
func randomMutation(r *rand.Rand, client clock.ClientID) string {
	ids := []string{`a`, `B`, `é/漢`, `\"<\\`}
	var members []string
	for _, name := range []string{"title", "estimate", "done", "tags/é", "Zone"} {
		if r.IntN(3) == 0 {
			members = append(members, randomField(r, name, wireValues[r.IntN(len(wireValues))], client))
		}
	}
	if r.IntN(6) == 0 {
		value := fmt.Sprintf(`"value":%v`, r.IntN(2) == 0)
		members = append(members, randomField(r, record.DeletedField, value, client))
	}
	return fmt.Sprintf(`{"table":"tasks","id":"%s","data":{%s}}`, ids[r.IntN(len(ids))], strings.Join(members, ","))
}

// randomField returns one member of the data of a mutation, as JSON.
func randomField(r *rand.Rand, name, value string, client clock.ClientID) string {
	stamp := at(r.IntN(4)) + clock.Timestamp(r.IntN(3))
	return fmt.Sprintf(`"%s":{%s,"updatedAt":"%s","clientId":"%s"}`, name, value, stamp, client)
}

// reference returns the state that the batches lead to: their join, in memory.
func reference(t *testing.T, batches []batch) merge.Collection {
	t.Helper()
	var all merge.Collection
	for _, b := range batches {
		c, err := parseLines(b.body)
		require.NoError(t, err)
		all = merge.Join(all, c)
	}
	return all
}
