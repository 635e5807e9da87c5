package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// fronted is a pair whose clients use the protocol.
type fronted struct{ granting }

// request sends a request of a client to the next server, and returns the answer.
func (f fronted) request(client clock.ClientID, method, path string, body []byte) ([]byte, error) {
	s := f.next()
	front, err := syncserver.NewFrontend(f.t.Context(), s, syncserver.Options{
		Authenticate: func(*http.Request) (Account, error) {
			return Account{Workspace: workspace, User: client.String(), Client: client, Issued: f.env.Now()}, nil
		},
		Buckets: f.options.Buckets, Log: slog.New(slog.DiscardHandler), Now: f.env.Now,
	})
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	front.Handler().ServeHTTP(w, httptest.NewRequest(method, path, bytes.NewReader(body)))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.Bytes(), nil
}

func (f fronted) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	text, err := f.request(client, http.MethodPost, "/v1/push?v=2&cursor=", batch)
	if err != nil {
		return nil, err
	}
	var answer struct{ Results json.RawMessage }
	err = json.Unmarshal(text, &answer)
	return answer.Results, err
}

func (f fronted) Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error) {
	if lines, err = f.request(client, http.MethodGet, "/v1/pull?limit=1&cursor="+url.QueryEscape(cursor), nil); err != nil {
		return nil, "", err
	}
	var end struct{ Cursor string }
	last := bytes.TrimSpace(lines)
	err = json.Unmarshal(last[bytes.LastIndexByte(last, '\n')+1:], &end)
	return lines, end.Cursor, err
}

func (f fronted) Restart() (mergetest.Backend, error) { return f, f.open() }

func (f fronted) Backup() (func() (mergetest.Backend, error), error) {
	restore, err := f.plain.Backup()
	return func() (mergetest.Backend, error) {
		_, err := restore()
		return f, err
	}, err
}

// TestProtocolPassesTheConvergenceKit lets the devices of the kit use the protocol of examples/syncserver.
func TestProtocolPassesTheConvergenceKit(t *testing.T) {
	for level := 1; level <= 2; level++ {
		t.Run(fmt.Sprintf("level %d", level), func(t *testing.T) {
			mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
				o := Options{PurgeLevel: level, Buckets: mergetest.Buckets, Rules: kitRules(), Closed: true}
				p, err := newPair(t, env, newControl(t), o)
				return fronted{granting{purging{plain{p}}}}, err
			}, mergetest.Options{Seeds: *seeds})
		})
	}
}
