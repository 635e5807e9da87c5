package merge_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
)

// TestEarlierJournals: journals of earlier versions replay to the digests in them, and again
// when this version has written their lines. Both have pushes for which the server had not
// loaded a record, which a client was told then; only the second knew limits of storage.
func TestEarlierJournals(t *testing.T) {
	for name, codes := range map[string][]merge.Code{
		"earlier.jsonl": {
			merge.Invalid, merge.LimitExceeded, merge.Forbidden, "too_much", merge.OtherClient, merge.TooFarAhead, merge.ServerClock, "not_loaded",
			merge.LostEdit, merge.StampCollision, merge.Rewound, merge.StampBelowBase, merge.UpdateOfDeleted, merge.AlreadyDeleted, merge.Restored,
		},
		"earlier-full.jsonl": {merge.RecordFull, merge.StorageFull, "not_loaded", merge.LostEdit},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "journals", name))
		require.NoError(t, err)
		seen := sometimes{}
		for line := range bytes.Lines(text) {
			a := replayed(t, line)
			for _, r := range a.Results {
				if r.Refusal != nil {
					seen.add(string(r.Refusal.Code), 1)
				}
				for _, note := range r.Notes {
					seen.add(string(note), 1)
				}
			}
			l, err := merge.ParseJournalLine(line)
			require.NoError(t, err)
			replayed(t, l.Engine.Prepare(l.Request).AppendJournal(nil, l.Stored, a))
		}
		for _, code := range codes {
			require.Positive(t, seen[string(code)], "%s has no %s", name, code)
		}
	}
}
