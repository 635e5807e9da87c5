package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// admitting is a server that admits every client. Other runs on the same stream have the same clients.
type admitting struct{ *Server }

func (admitting) Admit(context.Context, Account) error { return nil }

// frontOf returns the HTTP handler of a server. The user of a client has its ID.
func frontOf(t *testing.T, s *Server, workspace string) (http.Handler, error) {
	front, err := syncserver.NewFrontend(t.Context(), admitting{s}, syncserver.Options{
		Authenticate: func(r *http.Request) (Account, error) {
			return Account{Workspace: workspace, User: r.Header.Get("Client-Id"), Issued: s.wall()}, nil
		},
		Buckets: s.options.Buckets, Log: slog.New(slog.DiscardHandler), Now: s.options.Now,
	})
	if err != nil {
		return nil, err
	}
	return front.Handler(), nil
}

// ask sends a request of a client over the protocol of examples/syncserver, and returns the answer.
func ask(front http.Handler, client clock.ClientID, r *http.Request) ([]byte, error) {
	r.Header.Set("Client-Id", client.String())
	w := httptest.NewRecorder()
	front.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.Bytes(), nil
}
