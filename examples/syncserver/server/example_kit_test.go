package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// device is the account of a simulated device, which sends its ID in the header Client-Id.
func device(r *http.Request) (server.Account, error) {
	id := r.Header.Get("Client-Id")
	client, err := clock.ParseClientID(id)
	rights := map[string]string{"": "writer"} // the only bucket of a server without Options.Buckets
	return server.Account{User: id, Workspace: "demo", Client: client, Rights: rights, Issued: time.Unix(1, 0)}, err
}

// tested adapts a server to the kit, through its HTTP handler. A test of your server has its options here.
type tested struct {
	env       *mergetest.Env
	directory string
	schema    string // that the devices state
	*server.Server
	database *server.Database
}

func newTested(env *mergetest.Env) (mergetest.Backend, error) {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		return nil, err
	}
	return (&tested{env: env, directory: directory, schema: "2"}).open()
}

func (b *tested) open() (mergetest.Backend, error) {
	renamed, err := lens.New(lens.Table{Name: "people", Fields: []lens.Field{{Old: "phone", New: "mobile"}}})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if b.database, err = server.OpenDatabase(ctx, filepath.Join(b.directory, "app.db")); err != nil {
		return nil, err
	}
	b.Server, err = server.New(ctx, b.database, server.Options{
		Authenticate: device, Schema: "2", Lenses: map[string]lens.Lens{"": renamed},
		Now: b.env.Now, Log: slog.New(slog.DiscardHandler),
	})
	return b, err
}

// Restart opens the database again.
func (b *tested) Restart() (mergetest.Backend, error) {
	b.database.Close()
	return (&tested{env: b.env, directory: b.directory, schema: b.schema}).open()
}

// Close removes the database.
func (b *tested) Close() error {
	b.database.Close()
	return os.RemoveAll(b.directory)
}

// Old returns the server as clients of the old version see it, which state no version.
func (b *tested) Old() mergetest.Backend {
	old := *b
	old.schema = ""
	return &old
}

// Push sends a batch.
func (b *tested) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	body, err := b.request(client, "POST", "/v1/push", url.Values{}, string(batch))
	var answer struct {
		Results json.RawMessage `json:"results"`
	}
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	return answer.Results, err
}

// Pull asks for one record, so that a page ends after each.
func (b *tested) Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error) {
	if cursor == "" {
		cursor = "0"
	}
	lines, err = b.request(client, "GET", "/v1/pull", url.Values{"after": {cursor}, "limit": {"1"}}, "")
	if err != nil || len(lines) == 0 {
		return nil, cursor, err
	}
	var row struct {
		Seq json.Number `json:"seq"`
	}
	err = json.Unmarshal(lines, &row)
	return lines, row.Seq.String(), err
}

// Write is a write of the server itself.
func (b *tested) Write(key record.Key, field string, v record.Value) error {
	_, err := b.Server.Write(context.Background(), "demo", key, func(e *record.Edit) error {
		e.Set(field, v)
		return nil
	})
	return err
}

// request sends a request of a device, and returns the body of the answer.
func (b *tested) request(client clock.ClientID, method, path string, query url.Values, body string) ([]byte, error) {
	query.Set("schema", b.schema)
	r := httptest.NewRequest(method, path+"?"+query.Encode(), strings.NewReader(body))
	r.Header.Set("Client-Id", client.String())
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	answer, err := io.ReadAll(w.Body)
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", w.Code, answer)
	}
	return answer, err
}

// Half of the devices of the kit have version 1 of an app, in which the mobile number was called phone. Copy this with
// your server, and run it with more seeds when you have changed the copy; in a test, mergetest.Run logs what is not tested.
func Example_kit() {
	fmt.Println(mergetest.Check(newTested, mergetest.Options{
		Seeds: 3, Table: "people", IDs: []string{"1", "2", "3"},
		Fields:     map[string][]string{"mobile": {`"0042"`, `"0043"`, "null"}, "name": {`"Ana"`, `"Ben"`}},
		OnlyFields: true,
		Old:        []mergetest.OldField{{Old: "phone", New: []string{"mobile"}}},
	}))
	// Output: <nil>
}
