package server_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// handler returns the HTTP handler of a sync server for an app without rules, whose workspace
// "demo" anyone may join. Watch notifies clients of changes that other processes have stored.
func handler(ctx context.Context, database *server.Database) (http.Handler, error) {
	s, err := server.New(ctx, database, server.Options{Open: "demo"})
	if err != nil {
		return nil, err
	}
	go s.Watch(ctx)
	mux := http.NewServeMux()
	mux.Handle("/v1/", s.Handler())
	return mux, nil
}

func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	database, err := server.OpenDatabase(ctx, filepath.Join(directory, "app.db")) // or postgres://…
	if err != nil {
		log.Fatal(err)
	}
	defer database.Close()
	h, err := handler(ctx, database)
	if err != nil {
		log.Fatal(err)
	}
	listening := httptest.NewServer(h) // in an app: http.ListenAndServe
	defer listening.Close()

	answer, err := http.Get(listening.URL + "/v1/health")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	// Output: 200 OK
}
