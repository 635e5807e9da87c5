package mergetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// readsWithLimits decodes stored records with the limits of a push.
func readsWithLimits(o *own, client clock.ClientID, batch []byte) ([]byte, error) {
	items, _ := o.engine.Decode(batch)
	for _, it := range items {
		key := it.Mutation.Data.Key()
		var d record.Decoder
		if _, err := d.Record(key, o.disk.rows[key].AppendJSON(nil)); err != nil {
			return nil, err
		}
	}
	return o.memory.Push(client, batch)
}

// limited is a client that decodes pulled records with the limits of a push.
type limited struct{ *app }

func (l limited) Pulled(lines []byte, next string) error {
	var d record.Decoder
	items, err := d.Batch(slices.Concat([]byte("["), lines, []byte("]"))) // memory returns one row per page
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Err != nil {
			return it.Err
		}
	}
	return l.app.Pulled(lines, next)
}

func newLimited(id clock.ClientID, wall func() time.Time) Client {
	return limited{newApp(clientQuirks{})(id, wall).(*app)}
}

// TestDecodingWithPushLimitsIsFound checks that the kit finds stored or pulled records that are decoded with the
// limits of a push, and that the failure says so. Only records that grow past these limits show the mistake.
func TestDecodingWithPushLimitsIsFound(t *testing.T) {
	for _, test := range []struct {
		broken
		newClient newClient
	}{
		{broken{"a backend", ownOf(own{push: readsWithLimits}), []law.Law{law.Answered}}, nil},
		{broken{"a client", newMemory, []law.Law{law.ClientErrors}}, newLimited},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := Options{NewClient: test.newClient}
			var err error
			if testing.Short() {
				err = replay(test.make, Schedule{Options: o, Steps: []string{
					"ben grows a 5100", "ben pushes", "ben grows a 5100", "ben pushes", "ben edits a x=1", "ben pushes", "ana pulls",
				}})
			} else {
				err = Check(test.make, o)
			}
			if err == nil || !strings.Contains(err.Error(), "broken law: "+test.laws[0].Text().Name+"\n") || !strings.Contains(err.Error(), "record.Decoder{Trusted: true}") || !strings.Contains(err.Error(), " grows ") {
				t.Error(err)
			}
			o.Fields, o.OnlyFields = defaultFields(), true // so no record grows
			o.Seeds = 20
			if err := Check(test.make, some(o)); err != nil {
				t.Error("a mistake was found although no record grew:", err)
			}
		})
	}
}
