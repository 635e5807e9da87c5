package main

import (
	"context"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestMarks: from the mark of a client the server knows what it has had before. An edit
// that loses is reported when it comes, and not again when it is sent again; and a
// stamp that runs backwards is noticed.
func TestMarks(t *testing.T) {
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
		require.NotContains(t, pushBy(ana, 1, "title"), `"lost_edit"`, "a retry")
		require.NotContains(t, pushBy(ana, 2, "color"), `"rewound"`)
		require.Contains(t, pushBy(ana, 1, "size"), `"rewound"`)
	})
}
