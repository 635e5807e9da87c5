package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestRecordGrownPastThePushLimitsIsAnOrdinaryRecord: valid pushes make a record larger than the
// limits of a single push permit. A client pulls, saves, opens and edits it like any other.
func TestRecordGrownPastThePushLimitsIsAnOrdinaryRecord(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for what, c := range map[string]struct {
		fields int // in each push
		value  string
		limits record.Limits // of the server
	}{
		"fields": {fields: 5001, value: "1"},
		"bytes":  {fields: 9, value: `"` + strings.Repeat("x", 1<<20-2) + `"`},
		"depth":  {fields: 1, value: deep, limits: record.Limits{Depth: 40}},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.server.Engine.Limits = c.limits
			key, author := record.Key{Table: "tasks", ID: "1"}, clock.ClientID{9}
			for half := range 2 {
				var fields []string
				for i := range c.fields {
					fields = append(fields, fmt.Sprintf(`"f%d":{"value":%s,"updatedAt":"2026-03-02T14:01:0%dZ","clientId":"%s"}`, half*c.fields+i, c.value, half, author))
				}
				answer, err := w.server.push(author, fmt.Appendf(nil, `[{"table":"tasks","id":"1","data":{%s}}]`, strings.Join(fields, ",")))
				require.NoError(t, err)
				require.Contains(t, string(answer), `"verdict":"accepted","changed":true`)
			}
			d := w.device(clock.ClientID{1})
			require.NoError(t, d.pulled(w.server.pull("", 10)))
			require.Equal(t, 2*c.fields, d.Shown(key).Len())
			d.save()
			d.open()
			require.Equal(t, 2*c.fields, d.Shown(key).Len())
			d.edit(key, "title", str("big"))
			d.save()
			answer, err := w.server.push(d.id, d.outbox())
			require.NoError(t, err)
			require.NoError(t, d.Answer(answer))
			require.NoError(t, d.pulled(w.server.pull(d.Cursor(), 10)))
			require.Zero(t, d.NumWaiting())
			require.Equal(t, 2*c.fields+1, d.Shown(key).Len())
		})
	}
}
