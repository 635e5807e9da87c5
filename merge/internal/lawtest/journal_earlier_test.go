package lawtest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
)

// TestEarlierJournalsReplay: journals of earlier versions replay to the digests in them, and
// this version writes the same lines if it loads the same records. Both journals hold pushes for
// which the server had not loaded a record; earlier versions reported this to the client. Only
// the second journal was written by a version that limits the storage.
func TestEarlierJournalsReplay(t *testing.T) {
	afterLoading := []merge.Code{"not_loaded", merge.RecordFull, merge.StorageFull}
	for name, codes := range map[string][]merge.Code{
		"earlier.jsonl": {
			merge.Invalid, merge.LimitExceeded, merge.Forbidden, "too_much", merge.OtherClient, merge.TooFarAhead, merge.ServerClock, "not_loaded",
			merge.LostEdit, merge.StampCollision, merge.Rewound, merge.StampBelowBase, merge.UpdateOfDeleted, merge.AlreadyDeleted, merge.Restored,
		},
		"earlier-full.jsonl": {merge.RecordFull, merge.StorageFull, "not_loaded", merge.LostEdit},
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "journals", name))
		require.NoError(t, err)
		seen := sometimes{}
		for line := range bytes.Lines(text) {
			a := replayed(t, line)
			same := true
			for _, r := range a.Results {
				if r.Refusal != nil {
					seen.add(string(r.Refusal.Code), 1)
					same = same && !slices.Contains(afterLoading, r.Refusal.Code)
				}
				for _, note := range r.Notes {
					seen.add(string(note), 1)
				}
			}
			l, err := merge.ParseJournalLine(line)
			require.NoError(t, err)
			again := l.Engine.Prepare(l.Request).AppendJournal(nil, l.Stored, a)
			replayed(t, again)
			if same {
				require.Equal(t, string(line), string(again)+"\n")
			}
		}
		for _, code := range codes {
			require.Positive(t, seen[string(code)], "%s holds no push with code %s", name, code)
		}
	}
}
