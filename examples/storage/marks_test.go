package main

import (
	"context"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestWatermarkDetectsRetriesAndRewoundStamps: from the watermark of a client, the server
// knows which of the client's writes had arrived before. An edit that loses is reported on
// its first delivery and not on a retry. A client whose stamps run backwards is noticed.
func TestWatermarkDetectsRetriesAndRewoundStamps(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		pushBy := func(client clock.ClientID, minute int, field string) string {
			m, err := record.New(task("a")).Edit(clock.Stamp{Time: at(minute), Client: client}).Set(field, client.String()).Mutation()
			require.NoError(t, err)
			answer, err := s.push(context.Background(), client, m.AppendJSON(nil))
			require.NoError(t, err)
			return string(answer)
		}
		pushBy(ben, 3, "title")
		require.Contains(t, pushBy(ana, 1, "title"), `"lost_edit"`)
		require.NotContains(t, pushBy(ana, 1, "title"), `"lost_edit"`, "a retry must not count as a lost edit")
		require.NotContains(t, pushBy(ana, 2, "color"), `"rewound"`)
		require.Contains(t, pushBy(ana, 1, "size"), `"rewound"`)
	})
}
