package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/record"
)

// served is a cluster of three nodes with a server on the first one.
type served struct {
	t       *testing.T
	options []node.Options
	nodes   []*node.Node
	store   *store.Store
	url     string
}

func serveCluster(t *testing.T) *served {
	t.Helper()
	all, err := node.Local(t.TempDir(), nodes)
	require.NoError(t, err)
	s := &served{t: t, options: all, nodes: make([]*node.Node, nodes)}
	for i := range all {
		s.start(i)
	}
	t.Cleanup(func() {
		for _, n := range s.nodes {
			n.Stop()
		}
	})
	conn, err := s.nodes[0].Connect()
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	opened, err := clustertest.Open(conn, store.Options{Replicas: nodes})
	require.NoError(t, err)
	s.store = opened
	front, err := settings{open: "demo", level: 1, retention: 90}.frontend(t.Context(), &cluster{Store: opened})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		front.Watch(ctx)
	}()
	site := httptest.NewServer(front.Handler())
	t.Cleanup(func() {
		stop()
		<-watched
		site.Close()
	})
	s.url = site.URL
	return s
}

func (s *served) start(i int) {
	s.t.Helper()
	n, err := node.Start(s.options[i])
	require.NoError(s.t, err)
	s.nodes[i] = n
}

// health returns the status and the detail of the server's health.
func (s *served) health() (status int, detail string) {
	s.t.Helper()
	answer, err := http.Get(s.url + "/v1/health")
	require.NoError(s.t, err)
	defer answer.Body.Close()
	var body struct{ Detail string }
	require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&body))
	return answer.StatusCode, body.Detail
}

// device is a client in Go.
type device struct {
	remote.Client
	remote.Membership
}

func (s *served) join() *device {
	s.t.Helper()
	d := &device{Client: remote.Client{Server: remote.Server{URL: s.url}}}
	var err error
	d.Membership, err = d.Server.Join(s.t.Context(), "demo", "")
	require.NoError(s.t, err)
	d.Client.Token = d.Membership.Token
	d.Replica, err = replica.Open(replica.Options{ID: d.ClientID, User: d.User})
	require.NoError(s.t, err)
	return d
}

func (d *device) edit(t *testing.T, key record.Key, field, text string) {
	t.Helper()
	require.NoError(t, d.Replica.Edit(key, map[string]record.Value{field: record.MustOf(text)}))
}

func (d *device) sync(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return d.Sync(t.Context()) == nil }, time.Minute, 100*time.Millisecond)
}

func (d *device) text(key record.Key, field string) string {
	w, _ := d.Replica.Shown(key).Get(field)
	text, _ := w.Value.Text()
	return text
}

// request sends a request as a device.
func (s *served) request(d *device, method, path, body string) (status int, answer string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+d.Membership.Token)
	got, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(s.t, err)
	return got.StatusCode, string(text)
}

// events returns the events of a device's stream.
func (s *served) events(d *device) <-chan string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/v1/events", nil)
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+d.Membership.Token)
	stream, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { stream.Body.Close() })
	events := make(chan string, 100)
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- data
			}
		}
	}()
	return events
}

// comes waits for an event after another one.
func comes(t *testing.T, events <-chan string) {
	t.Helper()
	select {
	case _, ok := <-events:
		require.True(t, ok, "the stream ended")
	case <-time.After(time.Minute):
		require.FailNow(t, "no event")
	}
}

// TestClientsUseTheProtocol lets two clients work through the HTTP interface: they sync, receive events, share a private
// project, and go on while a node is away. Without a majority, health and pushes say so, and nothing is lost.
func TestClientsUseTheProtocol(t *testing.T) {
	t.Parallel()
	s := serveCluster(t)
	ana, ben := s.join(), s.join()
	task := record.Key{Table: board.Tasks, ID: "11111111-1111-4111-8111-111111111111"}
	ana.edit(t, task, board.Title, "Paint the fence")
	ana.sync(t)
	ben.sync(t)
	require.Equal(t, "Paint the fence", ben.text(task, board.Title))

	events := s.events(ben)
	comes(t, events) // the present sequence
	ana.edit(t, task, board.Title, "Paint it green")
	ana.sync(t)
	comes(t, events)
	ben.sync(t)
	require.Equal(t, "Paint it green", ben.text(task, board.Title))

	project := record.Key{Table: board.Projects, ID: board.PrivatePrefix + "22222222"}
	bucket := board.Buckets(record.New(project))[0]
	status, answer := s.request(ana, http.MethodPost, "/v1/members", `{"user":"`+ana.User+`","bucket":"`+bucket+`","role":"owner"}`)
	require.Equal(t, http.StatusOK, status, answer)
	ana.sync(t)
	ana.edit(t, project, board.Name, "Secret")
	ana.sync(t)
	ben.sync(t)
	require.Empty(t, ben.text(project, board.Name))
	drain(events)
	status, answer = s.request(ana, http.MethodPost, "/v1/members", `{"user":"`+ben.User+`","bucket":"`+bucket+`","role":"reader"}`)
	require.Equal(t, http.StatusOK, status, answer)
	comes(t, events)
	ben.sync(t)
	require.Equal(t, "Secret", ben.text(project, board.Name))
	status, answer = s.request(ben, http.MethodGet, "/v1/members?bucket="+strings.ReplaceAll(bucket, "/", "%2F"), "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, answer, ana.User)
	status, answer = s.request(ben, http.MethodPost, "/v1/members", `{"user":"`+ben.User+`","bucket":"`+bucket+`","role":"owner"}`)
	require.Equal(t, http.StatusForbidden, status, answer)
	drain(events)
	ana.edit(t, project, board.Name, "Top secret")
	ana.sync(t)
	comes(t, events) // the stream follows the new bucket
	ben.sync(t)
	require.Equal(t, "Top secret", ben.text(project, board.Name))

	s.nodes[2].Stop()
	ana.edit(t, task, board.Title, "without a node")
	ana.sync(t)
	require.Eventually(t, func() bool {
		n, err := s.store.Nodes(t.Context())
		return err == nil && slices.Equal(n.Away, []string{s.options[2].Name}) && n.Spare == 0
	}, time.Minute, 100*time.Millisecond)
	s.nodes[1].Stop()
	require.Eventually(t, func() bool {
		status, detail := s.health()
		return status == http.StatusServiceUnavailable && detail == store.ErrUnavailable.Error()
	}, time.Minute, 100*time.Millisecond)
	ana.edit(t, task, board.Title, "without a majority")
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	err := ana.Push(ctx)
	stop()
	refused := new(remote.StatusError)
	require.True(t, errors.As(err, &refused) && refused.Status == http.StatusServiceUnavailable || errors.Is(err, context.DeadlineExceeded), "%v", err)
	s.start(1)
	s.start(2)
	ana.sync(t)
	ben.sync(t)
	require.Equal(t, "without a majority", ben.text(task, board.Title))
	require.Eventually(t, func() bool {
		status, _ := s.health()
		return status == http.StatusOK
	}, time.Minute, 100*time.Millisecond)
}

func drain(events <-chan string) {
	for {
		select {
		case <-events:
		case <-time.After(300 * time.Millisecond): // an event of an earlier change may still be on its way
			return
		}
	}
}

func TestFolderBelongsToItsNodes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, err := openFolder(dir, "node a", false)
	require.ErrorIs(t, err, errNone)
	require.NoDirExists(t, dir)
	f, err := openFolder(dir, "node a", true)
	require.NoError(t, err)
	_, err = openFolder(dir, "node a", true)
	require.ErrorIs(t, err, errInUse)
	f.close()
	_, err = openFolder(dir, "node b", true)
	other := new(FolderError)
	require.ErrorAs(t, err, &other)
	require.Equal(t, "node a", other.Holds)
	_, err = openFolder(filepath.Dir(dir), "node a", true)
	require.ErrorAs(t, err, &other, "a folder with other files")
	f, err = openFolder(dir, "node a", true)
	require.NoError(t, err)
	f.close()
}

func TestCommandLines(t *testing.T) {
	const routes = "localhost:1,127.0.0.1:2,h:3"
	for _, c := range []struct{ line, err string }{
		{"", ""},
		{"-addr :80 -dir x", ""},
		{"-join " + routes + " -name a -route localhost:1", ""},
		{"-join " + routes + " -name a -route 127.0.0.1:2 -client [::1]:4222", ""},
		{"-join " + routes + " -name a -route h:3", "need -secret"},
		{"-client 0.0.0.0:4222", "need -secret"},
		{"-client :4222", "need -secret"},
		{"-client 10.0.0.1:4222 -secret main.go", ""},
		{"-join " + routes + " -name a", "-route"},
		{"-join " + routes + " -name a -route h:4", "not among them"},
		{"-join h:1 -name a -route h:1", "3 nodes"},
		{"-name a", "need -join"},
		{"-nats nats://h:1 -join " + routes, "-nats"},
		{"chaos -seconds 5", ""},
		{"-renew", ""},
		{"renew", ""},
		{"chaos -renew", "-renew is for"},
		{"chaos now", "takes"},
		{"invite", "takes"},
		{"invite demo ana -nats nats://h:1", ""},
		{"dance", "unknown command"},
		{"-level 3", "out of range"},
		{"-secret /no/such/file", "no such file"},
	} {
		_, err := parse(strings.Fields(c.line), io.Discard)
		if c.err == "" {
			require.NoError(t, err, c.line)
			continue
		}
		require.ErrorContains(t, err, c.err, c.line)
	}
	_, err := parse([]string{"-h"}, io.Discard)
	require.ErrorIs(t, err, flag.ErrHelp)
}
