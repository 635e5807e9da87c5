package server_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// The metrics have an address of their own, which clients cannot reach.
func ExampleFrontend_Metrics() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	database, err := server.OpenDatabase(context.Background(), filepath.Join(directory, "app.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer database.Close()
	s, err := server.New(context.Background(), database, server.Options{Open: "demo"})
	if err != nil {
		log.Fatal(err)
	}
	private := http.NewServeMux()
	private.Handle("GET /metrics", s.Metrics())
	listening := httptest.NewServer(private) // in an app: http.ListenAndServe("127.0.0.1:9090", private)
	defer listening.Close()

	answer, err := http.Get(listening.URL + "/metrics")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "fieldlww_pulls_total") {
			fmt.Println(lines.Text())
		}
	}
	// Output:
	// fieldlww_pulls_total{begin="first"} 0
	// fieldlww_pulls_total{begin="next"} 0
	// fieldlww_pulls_total{begin="reset"} 0
}
