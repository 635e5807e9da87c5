package recipes_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// An old admin page changes the title of a task over REST. Meanwhile, Ana has set the due date offline. Both stay.
func ExampleAPI() {
	key := record.Key{Table: "tasks", ID: "fence"}
	task := must(record.New(key).Edit(at(0, ana)).Set("title", "Fence").Set("due", "Monday"))
	server := clock.MustParseClientID("5e000000-0000-4000-8000-000000000001")
	api := recipes.API{
		Table: "tasks", Fields: []string{"title", "due"},
		Read: func(context.Context, record.Key) (record.Record, error) { return task, nil },
		Write: func(_ context.Context, _ record.Key, edit func(*record.Edit) error) error { // Server.Write, for example
			e := task.Edit(at(9, server))
			if err := edit(e); err != nil {
				return err
			}
			task, _ = merge.Records(task, must(e))
			return nil
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/tasks/{id}", api)
	ask := func(method, match, body string) (etag string) {
		r := httptest.NewRequest(method, "/tasks/fence", strings.NewReader(body))
		r.Header.Set("If-Match", match)
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, r)
		fmt.Println(answer.Code, strings.TrimSpace(answer.Body.String()))
		return answer.Header().Get("ETag")
	}

	etag := ask("GET", "", "")
	ask("PATCH", etag, `{"title":"Paint the fence","due":"Monday"}`)
	byAna := must(task.Edit(at(20, ana)).Set("due", "Friday")) // she syncs now
	task, _ = merge.Records(task, byAna)
	ask("PATCH", etag, `{"title":"Fence"}`)
	ask("GET", "", "")
	// Output:
	// 200 {"due":"Monday","title":"Fence"}
	// 200 {"due":"Monday","title":"Paint the fence"}
	// 412 the record has changed: get it again
	// 200 {"due":"Friday","title":"Paint the fence"}
}
