package server

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// Account is what the credentials of a request say about its sender.
type Account = syncserver.Account

// Admit refuses a client that is bound to another user or workspace, and credentials that were issued before their
// user was signed out. It binds a new client to its user, and follows the rights of new credentials. It
// remembers for a second which user a client has and when the user was signed out, so a sign-out by another process
// takes a second.
func (s *Server) Admit(ctx context.Context, a Account) error {
	now := s.wall() // before the read, which may take long
	known, ok := s.known.get(a, now)
	if !ok {
		var err error
		if known, err = s.bound(ctx, a); err != nil {
			return unavailable(err)
		}
		s.known.put(a, known, now)
	}
	if known.owner != (owner{Workspace: a.Workspace, User: a.User}) {
		return syncserver.ClientTaken()
	}
	if !known.ended.IsZero() && !a.Issued.After(known.ended) {
		return syncserver.SignedOut()
	}
	if a.Rights == nil || !a.Issued.After(known.issued) {
		return nil
	}
	return unavailable(s.follow(ctx, a))
}

// owner is the workspace and the user of a client. Its message is written once.
type owner struct {
	Batch     string `json:"batch,omitempty"`
	Workspace string `json:"workspace"`
	User      string `json:"user"`
}

// bound returns the owner of a client, and binds a new client and a new user.
func (s *Server) bound(ctx context.Context, a Account) (known, error) {
	key := clientKey(a.Client)
	view, err := s.store.Load(ctx, "", []store.Key{key})
	if err != nil {
		return known{}, err
	}
	var found owner
	if err := decode(view.Entries[0], &found); err != nil {
		return known{}, err
	}
	if found.Batch = ""; found == (owner{}) {
		if found, err = s.bind(ctx, a); err != nil {
			return known{}, err
		}
	}
	if found.Workspace != a.Workspace || found.User != a.User {
		return known{owner: found}, nil
	}
	u, err := s.user(ctx, a.Workspace, a.User)
	if err == nil && u.Name == "" { // the process that has bound the client was stopped
		if err = s.welcome(ctx, a); err == nil {
			u, err = s.user(ctx, a.Workspace, a.User)
		}
	}
	return known{found, u.Issued, u.Ended, time.Time{}}, err
}

// bind binds a client to its user, unless another request has bound it.
func (s *Server) bind(ctx context.Context, a Account) (owner, error) {
	u, err := s.user(ctx, a.Workspace, a.User)
	if err != nil {
		return owner{}, err
	}
	if u.Clients >= syncserver.ClientsOfUser {
		return owner{}, syncserver.TooManyClients()
	}
	key := clientKey(a.Client)
	found, err := commit(ctx, s, operation{marker: key}, func(_ context.Context, t *attempt) (found owner, err error) {
		if err = decode(t.entries[key], &found); err != nil || found != (owner{}) {
			return found, err
		}
		found = owner{t.id, a.Workspace, a.User}
		return found, t.putJSON(key, found)
	})
	found.Batch = ""
	if err == nil && found == (owner{Workspace: a.Workspace, User: a.User}) {
		err = s.welcome(ctx, a)
	}
	return found, err
}

// welcome counts a client of a user. If nothing was ever granted to the user or taken from the user, and the
// credentials name no rights, the user becomes a writer of the bucket "", unless Options.Closed is set.
func (s *Server) welcome(ctx context.Context, a Account) error {
	return s.changeUser(ctx, a.Workspace, a.User, func(t *attempt) (change, error) {
		c := change{clients: 1}
		if t.entries[userKey(a.Workspace, a.User)].Seq == 0 && a.Rights == nil && !s.options.Closed {
			c.give = map[string]string{"": syncserver.WriterRole}
		}
		return c, nil
	})
}

// follow gives a user the rights of credentials, unless later ones were followed.
func (s *Server) follow(ctx context.Context, a Account) error {
	return s.changeUser(ctx, a.Workspace, a.User, func(t *attempt) (change, error) {
		u, err := decodeUser(t.entries[userKey(a.Workspace, a.User)])
		if err != nil || !a.Issued.After(u.Issued) {
			return change{}, err
		}
		taken := slices.DeleteFunc(slices.Sorted(maps.Keys(u.Buckets)), func(name string) bool { return a.Rights[name] != "" })
		return change{give: a.Rights, take: taken, issued: a.Issued, always: true}, nil
	})
}

// user reads the message of a user.
func (s *Server) user(ctx context.Context, workspace, name string) (user, error) {
	view, err := s.store.Load(ctx, workspace, []store.Key{userKey(workspace, name)})
	if err != nil {
		return user{}, err
	}
	return decodeUser(view.Entries[0])
}

// Secret returns a secret of the cluster, which its first call makes, for example to sign tokens.
func (s *Server) Secret(ctx context.Context) (string, error) {
	key := store.Key{Kind: store.KindState, Name: "secret"}
	return commit(ctx, s, operation{marker: key}, func(_ context.Context, a *attempt) (string, error) {
		var found struct {
			Batch  string `json:"batch"`
			Secret string `json:"secret"`
		}
		if err := decode(a.entries[key], &found); err != nil || found.Secret != "" {
			return found.Secret, err
		}
		found.Batch, found.Secret = a.id, rand.Text()+rand.Text()
		return found.Secret, a.putJSON(key, found)
	})
}

// known is what was read about a client and its user.
type known struct {
	owner
	issued, ended time.Time // see user
	read          time.Time
}

// cache remembers for a second what was read about the clients of recent requests. The zero cache is empty.
type cache struct {
	mu   sync.Mutex
	of   map[string]map[clock.ClientID]known // by the workspace that the credentials name
	size int                                 // clients
}

const (
	maxKnown = 100_000 // clients
	knownFor = time.Second
)

func (c *cache) get(a Account, now time.Time) (known, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.of[a.Workspace][a.Client]
	return k, ok && now.Sub(k.read) < knownFor
}

func (c *cache) put(a Account, k known, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size >= maxKnown || c.of == nil {
		c.of, c.size = make(map[string]map[clock.ClientID]known), 0
	}
	clients := c.of[a.Workspace]
	if clients == nil {
		clients = make(map[clock.ClientID]known)
		c.of[a.Workspace] = clients
	}
	c.size -= len(clients)
	k.read = now
	clients[a.Client] = k
	c.size += len(clients)
}

// forget forgets what was read about the clients of a workspace, after a change. The workspace "" stands for all.
func (c *cache) forget(workspace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if workspace == "" {
		c.of, c.size = nil, 0
		return
	}
	c.size -= len(c.of[workspace])
	delete(c.of, workspace)
}
