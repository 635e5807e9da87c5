package local

import (
	"crypto/rand"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Options configure a Server. They must not change while it is used.
type Options struct {
	// Workspace is the name of the only workspace.
	Workspace string
	// Engine decides about pushed items by its limits and its Guard.
	Engine merge.Engine
	// Buckets names the buckets of each record, except for violation rows, which are in the buckets of their records. It
	// must not be nil.
	Buckets buckets.Func
	// MayWrite decides, after the buckets, whether a user with the given roles by bucket may write an item; see
	// merge.Stored. Nil permits everything.
	MayWrite func(roles map[string]string, seen, after record.Record, m record.Mutation) error
	// MayGrant decides whether a membership may be changed. The text of its error is told to the client. Nil permits
	// no change.
	MayGrant func(Change) error
	// Rules checks merged records. Nil checks nothing.
	Rules *violation.Checker
	// NewRole is the role of a new user in the bucket "". Empty means that a new user has no bucket.
	NewRole string
	// PageSize is the number of records after which a pull ends. 0 means 1,000.
	PageSize int
	// Storage is how many bytes the records may take. 0 means 32 MiB. Beyond it, items that make a record grow are refused.
	Storage int
	// Now returns the wall clock time; nil means time.Now.
	Now func() time.Time
}

const (
	defaultPage    = 1000
	defaultStorage = 32 << 20
	maxBody        = 2 << 20 // of a push, in bytes
)

// Server holds the state of a workspace in memory. It must not be used by two goroutines at once.
type Server struct {
	o      Options
	engine merge.Engine
	of     buckets.Func // also of violation rows
	rules  *violation.Checker
	view   *violation.Memory

	epoch    string // "" until something is saved
	seq      int64  // of the last change
	size     int    // of all records, in bytes
	rows     map[record.Key]row
	marks    map[clock.ClientID]clock.Timestamp
	greatest clock.Timestamp // of all stored stamps
	devices  map[string]device
	members  map[string]map[string]right // by user and bucket
	saves    map[string]string           // the entries to save, by key
}

// row is a stored record.
type row struct {
	record.Record
	at   map[string]int64 // for each bucket in which it is or was: when it last changed there or left
	size int
	seq  int64 // in a pull: of the last change that the client lacks
}

// device is a client and its user. Its token is the key in Server.devices.
type device struct {
	client clock.ClientID
	user   string
}

// right is the membership of a user in a bucket.
type right struct {
	Role    string `json:"role"`
	Granted int64  `json:"granted"` // the sequence of the grant
}

// Open returns a Server with the given saved entries, which may be in any order. Without entries, it is empty. The error
// names the key of an entry that cannot be read.
func Open(o Options, saved []Entry) (*Server, error) {
	s := &Server{
		o: o, engine: o.Engine, rows: make(map[record.Key]row), marks: make(map[clock.ClientID]clock.Timestamp),
		devices: make(map[string]device), members: make(map[string]map[string]right), saves: make(map[string]string),
	}
	s.engine.Guard = s.guard
	s.of = func(r record.Record) []string {
		if r.Key().Table != violation.DefaultTable {
			return o.Buckets(r)
		}
		v, _ := violation.Parse(r) // a row without derived fields is in no bucket
		return v.Buckets
	}
	rules := violation.Checker{}
	if o.Rules != nil {
		rules = *o.Rules
	}
	rules.Buckets = o.Buckets
	s.rules, s.view = &rules, violation.NewMemory(&rules)
	for _, e := range saved {
		if err := s.load(e); err != nil {
			return nil, err
		}
	}
	if s.epoch == "" {
		s.epoch = rand.Text()
		s.saveState()
	}
	return s, nil
}

// guard refuses items of violation rows that the server has not derived, and then asks the guard of the options.
func (s *Server) guard(actor clock.ClientID, m record.Mutation) error {
	key := m.Data.Key()
	if _, found := s.rows[key]; !found && key.Table == violation.DefaultTable {
		return &merge.Refusal{Code: merge.Gone}
	}
	if s.o.Engine.Guard == nil {
		return nil
	}
	return s.o.Engine.Guard(actor, m)
}

// Seq returns the sequence of the last change.
func (s *Server) Seq() int64 { return s.seq }

func (s *Server) now() time.Time {
	if s.o.Now == nil {
		return time.Now()
	}
	return s.o.Now()
}
