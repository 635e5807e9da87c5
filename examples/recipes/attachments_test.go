package recipes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// shelf keeps the times of blobs, and no contents.
type shelf map[string]time.Time

func (s shelf) Use(names []string, at time.Time) (map[string]bool, error) {
	stored := make(map[string]bool)
	for _, name := range names {
		if used, ok := s[name]; ok {
			stored[name] = true
			if at.After(used) {
				s[name] = at
			}
		}
	}
	return stored, nil
}

func (s shelf) Collect(before time.Time) error {
	maps.DeleteFunc(s, func(_ string, used time.Time) bool { return used.Before(before) })
	return nil
}

// burning is a shelf that fails.
type burning struct{ shelf }

var errBurning = errors.New("the shelf is burning")

func (burning) Use([]string, time.Time) (map[string]bool, error) { return nil, errBurning }

// TestBlobsThatFailLoseNothing: a push without a guard would be judged by none, and a collection that could not note what
// is in use removes nothing.
func TestBlobsThatFailLoseNothing(t *testing.T) {
	name := BlobName([]byte("fence"))
	blobs := burning{shelf{name: noon.Time()}}
	item := photo("1", name, clock.Stamp{Time: noon, Client: clock.ClientID{1}})
	guard, err := photos(blobs).Guard([]record.Item{item}, noon.Time())
	require.ErrorIs(t, err, errBurning)
	require.Nil(t, guard)
	err = photos(blobs).Collect(merge.Collect(item.Mutation.Data), noon.Time().Add(time.Hour), time.Minute)
	require.ErrorIs(t, err, errBurning)
	require.Contains(t, blobs.shelf, name)
}

// photos are the attachments of the tests.
func photos(s Blobs) Attachments {
	return Attachments{s, func(table, field string) bool { return table == "tasks" && field == "photo" }}
}

// photo returns an item that sets the photo of a task.
func photo(task string, v any, at clock.Stamp) record.Item {
	return record.Item{Mutation: record.Mutation{Data: write(record.Key{Table: "tasks", ID: task}, "photo", v, at)}}
}

// TestNoRecordNamesAMissingBlob plays uploads, pushes and collections in any order, with a collection between the
// check of a push and its commit. A stored record never names a blob that is missing, no blob goes that was in use
// within the retention, and every blob goes that was not.
func TestNoRecordNamesAMissingBlob(t *testing.T) {
	const retention = 10 * time.Hour
	rapid.Check(t, func(t *rapid.T) {
		blobs := make(shelf)
		a := photos(blobs)
		wall := noon.Time()
		used := make(map[string]time.Time) // by name, as seen from outside
		var stored merge.Collection
		collect := func() {
			var named []string
			for r := range stored.All() {
				named = append(named, textOf(r, "photo"))
			}
			for _, name := range named {
				used[name] = wall
			}
			require.NoError(t, a.Collect(stored, wall, retention))
			for name, at := range used {
				_, kept := blobs[name]
				require.Equal(t, wall.Sub(at) <= retention, kept, "in use %s ago", wall.Sub(at))
				if !kept {
					delete(used, name)
				}
			}
		}
		for step := range rapid.IntRange(1, 30).Draw(t, "steps") {
			wall = wall.Add(time.Duration(rapid.IntRange(0, 6).Draw(t, "hours")) * time.Hour)
			name := BlobName([]byte(id(t, 3)))
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				blobs[name], used[name] = wall, wall
			case 1:
				item := photo(id(t, 2), name, clock.Stamp{Time: noon + clock.Timestamp(step), Client: clock.ClientID{1}})
				guard, err := a.Guard([]record.Item{item}, wall)
				require.NoError(t, err)
				_, found := blobs[name]
				if refused := guard(clock.ClientID{1}, item.Mutation); refused != nil {
					require.False(t, found)
					require.Equal(t, &merge.Refusal{Code: MissingAttachment, Path: "data.photo.value", Retryable: true}, refused)
					continue
				}
				require.True(t, found)
				used[name] = wall
				if rapid.Bool().Draw(t, "collected before the commit") {
					wall = wall.Add(time.Hour)
					collect()
				}
				stored = merge.Join(stored, merge.Collect(item.Mutation.Data))
			default:
				collect()
			}
			for r := range stored.All() {
				if _, ok := blobs[textOf(r, "photo")]; !ok {
					t.Fatalf("%s has no photo", r.Key())
				}
			}
		}
	})
}

// TestAttachmentsTakeNamesOnly checks which values a guard permits in a field of names, and that it permits all values
// in other fields.
func TestAttachmentsTakeNamesOnly(t *testing.T) {
	name := BlobName([]byte("fence"))
	require.Len(t, name, len("sha256-")+64)
	a := photos(shelf{name: noon.Time()})
	at := clock.Stamp{Time: noon, Client: clock.ClientID{1}}
	for _, c := range []struct {
		value any
		code  merge.Code
	}{
		{name, ""}, {nil, ""}, {record.Deletion(), ""}, {BlobName([]byte("other")), MissingAttachment},
		{"", merge.Invalid}, {7, merge.Invalid}, {name[:69], merge.Invalid}, {name[:70], merge.Invalid}, {"SHA256" + name[6:], merge.Invalid},
		{name[:7] + "F" + name[8:], merge.Invalid}, {"md5-" + name[7:], merge.Invalid},
	} {
		item := photo("1", c.value, at)
		guard, err := a.Guard([]record.Item{item}, noon.Time())
		require.NoError(t, err)
		err = guard(at.Client, item.Mutation)
		var code merge.Code
		if err != nil {
			code = err.(*merge.Refusal).Code
		}
		require.Equal(t, c.code, code, fmt.Sprint(c.value))
	}
	other := record.Mutation{Data: write(record.Key{Table: "tasks", ID: "1"}, "title", name, at)}
	guard, err := a.Guard(nil, noon.Time())
	require.NoError(t, err)
	require.NoError(t, guard(at.Client, other))
	require.Empty(t, a.names(other.Data))
	require.Empty(t, a.names(photo("1", "a text from before the guard", at).Mutation.Data))
	deleted := write(record.Key{Table: "tasks", ID: "1"}, record.DeletedField, true, at)
	both, err := merge.Records(photo("1", name, at).Mutation.Data, deleted)
	require.NoError(t, err)
	require.Equal(t, []string{name}, slices.Collect(slices.Values(a.names(both))), "the record may be restored")
}
