package server

import (
	"slices"
	"sync"
)

// The limits for event streams: per process, per workspace, and within a workspace per address and per
// user. One person may have many users, and without the limit per address they could take all streams of
// a workspace.
const (
	maxListeners         = 10_000
	listenersOfWorkspace = 2_000
	listenersOfAddress   = 500
	listenersOfUser      = 20
)

// feed tells listeners of changes. A change wakes the listeners whose users may read it, and no others.
type feed struct {
	mu        sync.Mutex
	listeners int
	topics    map[string]*topic // by workspace
}

// topic is a workspace that has listeners.
type topic struct {
	listeners int
	from      map[string]int       // number of listeners, by address
	audience  map[string]*audience // by user
	seq       int64                // all changes up to this sequence were told; unknown at first
}

const unknown = -1

// audience is a user who listens.
type audience struct {
	buckets   []string // of the user, sorted
	listeners map[*listener]bool
}

// listener is an event stream.
type listener struct {
	Sender
	address string
	wake    chan struct{} // receives when there is news
	seq     int64         // the last sequence to tell
	moved   bool          // whether the membership of the user may have changed
}

// News is a change of a workspace. If it names no bucket and no user, it is for all listeners: for
// example, the workspace has a new epoch. News without a workspace says that changes of any workspace may have been
// missed, and has no other fields.
type News struct {
	Workspace   string
	Before, Seq int64           // the last sequences before and after the change
	Buckets     map[string]bool // in which something changed
	Users       map[string]bool // whose membership changed
	AllUsers    bool            // whether the membership of any user may have changed
}

// listen returns a listener that has joined a workspace, or nil if there are too many. It is woken for
// changes of the membership of its user, and for changes in the buckets that subscribe sets.
func (f *feed) listen(m Sender, address string) *listener {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[m.Workspace]
	if f.listeners == maxListeners || t != nil && !t.admits(m.User, address) {
		return nil
	}
	if t == nil {
		t = &topic{from: make(map[string]int), audience: make(map[string]*audience), seq: unknown}
		f.topics[m.Workspace] = t
	}
	a := t.audience[m.User]
	if a == nil {
		a = &audience{listeners: make(map[*listener]bool)}
		t.audience[m.User] = a
	}
	l := &listener{Sender: m, address: address, wake: make(chan struct{}, 1), seq: unknown}
	a.listeners[l] = true
	f.listeners++
	t.listeners++
	t.from[address]++
	return l
}

// admits reports whether a workspace may have one more listener.
func (t *topic) admits(user, address string) bool {
	a := t.audience[user]
	return t.listeners < listenersOfWorkspace && t.from[address] < listenersOfAddress && (a == nil || len(a.listeners) < listenersOfUser)
}

// open returns the number of listeners.
func (f *feed) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.listeners
}

// leave undoes listen.
func (f *feed) leave(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners--
	t := f.topics[l.Workspace]
	a := t.audience[l.User]
	if delete(a.listeners, l); len(a.listeners) == 0 {
		delete(t.audience, l.User)
	}
	if t.from[l.address]--; t.from[l.address] == 0 {
		delete(t.from, l.address)
	}
	if t.listeners--; t.listeners == 0 {
		delete(f.topics, l.Workspace)
	}
}

// subscribe sets the buckets of the user of a listener. They must have been read since the listener
// joined or was last told that they moved. The slice must be sorted.
func (f *feed) subscribe(l *listener, buckets []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.topics[l.Workspace].audience[l.User].buckets = buckets
}

// begin sets the sequence to tell first. It must have been read since the listener subscribed.
func (f *feed) begin(l *listener, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l.seq = max(l.seq, seq)
	if t := f.topics[l.Workspace]; t.seq == unknown {
		t.seq = seq
	}
}

// take returns the sequence to tell, and whether the membership of the user may have changed since the
// last call.
func (f *feed) take(l *listener) (seq int64, moved bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	moved, l.moved = l.moved, false
	return l.seq, moved
}

// advance reports a change that this process has made. If another process has made changes before it
// that are not known yet, the next look into the database finds them.
func (f *feed) advance(n News) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[n.Workspace]; t != nil {
		if n.Before <= t.seq {
			t.seq = max(t.seq, n.Seq)
		}
		t.tell(n)
	}
}

// observe reports changes that were read from the database. The field before is the sequence that was
// known before the read began. If the sequence is less, the database was restored, and all listeners are
// told, unless a greater sequence became known during the read: then the next read decides. For example,
// if the known sequence is 9, observing 4 after 9 makes it 4, but observing 4 after 3 leaves it at 9.
func (f *feed) observe(n News) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n.Workspace == "" {
		for _, t := range f.topics {
			t.tell(News{AllUsers: true})
		}
		return
	}
	t := f.topics[n.Workspace]
	switch {
	case t == nil || t.seq == unknown:
	case n.Seq >= n.Before:
		t.seq = max(t.seq, n.Seq)
		t.tell(n)
	case n.Before == t.seq:
		t.seq = n.Seq
		for _, a := range t.audience {
			for l := range a.listeners {
				l.seq = unknown
			}
		}
		t.tell(News{Seq: n.Seq})
	}
}

// tell wakes the listeners that must be told.
func (t *topic) tell(n News) {
	all := len(n.Buckets)+len(n.Users) == 0
	for user, a := range t.audience {
		moved := n.AllUsers || n.Users[user]
		if !all && !moved && !a.has(n.Buckets) {
			continue
		}
		for l := range a.listeners {
			if n.Seq <= l.seq && !moved {
				continue // was told before
			}
			l.seq, l.moved = max(l.seq, n.Seq), l.moved || moved
			select {
			case l.wake <- struct{}{}:
			default: // it is awake already
			}
		}
	}
}

// has reports whether the user has one of some buckets.
func (a *audience) has(buckets map[string]bool) bool {
	if len(buckets) > len(a.buckets) {
		return slices.ContainsFunc(a.buckets, func(bucket string) bool { return buckets[bucket] })
	}
	for bucket := range buckets {
		if _, ok := slices.BinarySearch(a.buckets, bucket); ok {
			return true
		}
	}
	return false
}

// sequences returns the last known sequence of each workspace that has listeners.
func (f *feed) sequences() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := make(map[string]int64, len(f.topics))
	for name, t := range f.topics {
		if t.seq != unknown {
			known[name] = t.seq
		}
	}
	return known
}
