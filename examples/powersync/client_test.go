package powersync

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// schema is the schema of the tests. client/test/device.mjs has the same columns.
var schema = Schema{"tasks": {"title": Text, "done": Bool, "points": Real, "tags": JSON, "bytes": Digits}}

// TestPowerSyncClient runs the tests in client/test: the real PowerSync SDK, without its service, as the
// client of a Handler.
func TestPowerSyncClient(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node.js")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no Node.js")
	}
	if _, err := os.Stat("client/node_modules/@powersync/node"); err != nil {
		require.Empty(t, os.Getenv("CI"), "run npm ci in examples/powersync/client")
		t.Skip("the PowerSync SDK is not installed: run npm ci in examples/powersync/client")
	}
	server := httptest.NewServer(&host{tenants: map[string]*tenant{}})
	defer server.Close()
	command := exec.Command("node", "--test", "--test-reporter", "spec", "test/client.test.mjs")
	command.Dir = "client"
	command.Env = append(os.Environ(), "FIELDLWW_URL="+server.URL)
	output, err := command.CombinedOutput()
	t.Log(string(output))
	require.NoError(t, err)
	require.Contains(t, string(output), "pass 15")
}

// host serves any number of servers, by the first part of the path. A server whose name ends in
// unstamped accepts entries without a stamp.
type host struct {
	mu      sync.Mutex
	tenants map[string]*tenant
}

// tenant is one server, and the faults of the next requests: a status with which a request is refused,
// 0 for a request without a fault, or "lost" for one whose answer is lost.
type tenant struct {
	http.ServeMux
	store  memory.Server
	mu     sync.Mutex
	faults []any
	served int // uploads
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	h.mu.Lock()
	one, ok := h.tenants[name]
	if !ok {
		one = newTenant(strings.HasSuffix(name, "unstamped"))
		h.tenants[name] = one
	}
	h.mu.Unlock()
	http.StripPrefix("/"+name, &one.ServeMux).ServeHTTP(w, r)
}

func newTenant(acceptUnstamped bool) *tenant {
	one := new(tenant)
	one.store.Engine.Guard = guard
	handler, err := New(Options{Server: &one.store, Schema: schema, Device: bearer, AcceptUnstamped: acceptUnstamped})
	if err != nil {
		panic(err)
	}
	one.HandleFunc("POST /next", func(_ http.ResponseWriter, r *http.Request) {
		one.mu.Lock()
		defer one.mu.Unlock()
		one.faults = nil
		_ = json.NewDecoder(r.Body).Decode(&one.faults)
	})
	one.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) {
		one.mu.Lock()
		defer one.mu.Unlock()
		respond(w, http.StatusOK, one.served)
	})
	one.HandleFunc("GET /rows", func(w http.ResponseWriter, _ *http.Request) {
		rows := []map[string]any{}
		for r := range one.store.Records().All() {
			if row, ok := schema.Row(r); ok {
				rows = append(rows, row)
			}
		}
		respond(w, http.StatusOK, rows)
	})
	one.HandleFunc("/api/data", func(w http.ResponseWriter, r *http.Request) {
		switch fault := one.fault().(type) {
		case float64:
			if fault != 0 {
				respond(w, int(fault), message{"a fault"})
				return
			}
		case string:
			handler.ServeHTTP(httptest.NewRecorder(), r)
			respond(w, http.StatusBadGateway, message{"the answer is lost"})
			return
		}
		handler.ServeHTTP(w, r)
	})
	return one
}

// fault returns the fault of the next request, or nil.
func (one *tenant) fault() (next any) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.served++
	if len(one.faults) > 0 {
		next, one.faults = one.faults[0], one.faults[1:]
	}
	return next
}

// bearer takes the token for the ID of the device.
func bearer(r *http.Request) (clock.ClientID, error) {
	return clock.ParseClientID(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
}

// guard refuses writes of one row.
func guard(_ clock.ClientID, m record.Mutation) error {
	if m.Data.Key().ID == "secret" {
		return errors.New("not yours")
	}
	return nil
}
