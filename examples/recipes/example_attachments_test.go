package recipes_test

import (
	"fmt"
	"maps"
	"time"

	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// blobs keeps when each blob was last in use. Its contents are in a bucket of a cloud, for example.
type blobs map[string]time.Time

func (b blobs) Use(names []string, at time.Time) (map[string]bool, error) {
	stored := make(map[string]bool)
	for _, name := range names {
		if used, ok := b[name]; ok {
			stored[name] = true
			if at.After(used) {
				b[name] = at
			}
		}
	}
	return stored, nil
}

func (b blobs) Collect(before time.Time) error {
	maps.DeleteFunc(b, func(_ string, used time.Time) bool { return used.Before(before) })
	return nil
}

// Ana adds a photo to a task. Her client pushes before the upload has ended, and again after it. Months after she
// has replaced the photo, the first one is collected.
func ExampleAttachments() {
	uploaded := make(blobs)
	attachments := recipes.Attachments{Blobs: uploaded, IsName: func(_, field string) bool { return field == "photo" }}
	const retention = 90 * 24 * time.Hour
	var stored merge.Collection
	push := func(m record.Mutation, wall time.Time) {
		items := []record.Item{{Mutation: m}} // decoded from the body
		guard, err := attachments.Guard(items, wall)
		if err != nil {
			return // answer 503
		}
		engine := merge.Engine{Guard: guard}
		push := engine.Prepare(merge.Request{Actor: ana, Wall: wall, Items: items})
		answer, err := push.Apply(merge.Stored{Records: stored.Lookup(push.Keys())})
		if err != nil {
			return
		}
		for _, u := range answer.Updates {
			stored = merge.Join(stored, merge.Collect(u.After))
		}
		if refusal := answer.Results[0].Refusal; refusal != nil {
			fmt.Println(refusal.Code, "send it again:", refusal.Retryable)
			return
		}
		fmt.Println("accepted")
	}
	task := record.New(record.Key{Table: "tasks", ID: "fence"})
	first, second := recipes.BlobName([]byte("a fence")), recipes.BlobName([]byte("a green fence"))
	wall := noon.Time()

	m, err := task.Edit(at(1, ana)).Set("photo", first).Mutation()
	if err != nil {
		return
	}
	push(m, wall)
	uploaded[first] = wall
	push(m, wall)
	uploaded[second] = wall
	m, err = m.Data.Edit(at(2, ana)).Set("photo", second).Mutation()
	if err != nil {
		return
	}
	push(m, wall)

	for _, days := range []int{80, 100} {
		if err := attachments.Collect(stored, wall.AddDate(0, 0, days), retention); err != nil {
			return
		}
		fmt.Println(days, "days later:", len(uploaded), "photos")
	}
	// Output:
	// attachment_missing send it again: true
	// accepted
	// accepted
	// 80 days later: 2 photos
	// 100 days later: 1 photos
}
