package record_test

import (
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/record"
)

// A refused item does not affect its neighbours.
func ExampleDecoder_Batch() {
	batch := []byte(`[
		{"table": "tasks", "id": "1", "data": {"done": {"value": true,
			"updatedAt": "2026-03-02T12:00:00.000Z", "clientId": "7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}},
		{"table": "tasks", "id": "2", "data": {"done": {"value": true,
			"updatedAt": "2026-03-02T12:00:00.000+01:00", "clientId": "7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}},
		{"table": "tasks", "id": "3", "data": {"done": {"deleted": true,
			"updatedAt": "2026-03-02T12:00:00.000Z", "clientId": "7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}}
	]`)
	var d record.Decoder
	items, err := d.Batch(batch)
	if err != nil {
		fmt.Println(err) // the batch as a whole is unreadable
		return
	}
	for _, item := range items {
		key := item.Mutation.Data.Key()
		var refused *record.Error
		if errors.As(item.Err, &refused) {
			fmt.Println(key, "is refused at", refused.Path, errors.Is(refused, record.ErrStamp))
			continue
		}
		w, _ := item.Mutation.Data.Get("done")
		fmt.Println(key, w.Value)
	}
	// Output:
	// tasks/1 true
	// tasks/2 is refused at [1].data.done.updatedAt true
	// tasks/3 deleted
}

// A column of type TEXT or JSONB holds the fields of a record. JSONB rewrites the text, for
// example the order of names here; Scan makes it canonical again.
//
//	err := db.QueryRow("SELECT data FROM tasks WHERE id = $1", key.ID).Scan(&task)
//	_, err = db.Exec("UPDATE tasks SET data = $1 WHERE id = $2", task, key.ID)
func ExampleRecord_Scan() {
	column := []byte(`{"size": {"value": 1e2, "clientId": "7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10", "updatedAt": "2026-03-02T12:00:00.000000000Z"}}`)

	task := record.New(record.Key{Table: "tasks", ID: "42"}) // the key is stored in other columns
	if err := task.Scan(column); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Key(), task.Map())

	stored, _ := task.Value()
	fmt.Println(stored)
	// Output:
	// tasks/42 map[size:100]
	// {"size":{"value":100,"updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}
}
