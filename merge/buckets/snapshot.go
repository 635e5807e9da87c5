package buckets

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// Snapshot is the state of a workspace from which one chunk of a pull is made, read together with
// the rows of the chunk.
type Snapshot struct {
	// Epoch names the history of the sequences. It changes when the database is restored from a
	// backup. It must not be empty, because the epoch of a client that has pulled nothing is, and
	// it must not contain a dot or a tilde.
	Epoch string
	// Seq is the last sequence, and Fence the sequence up to which departures may have been purged.
	Seq, Fence int64
	// Granted has the buckets that the user has, each with the sequence of its grant. A grant that
	// is as old as the workspace has the sequence 0.
	Granted map[string]int64
}

// Buckets returns the names of the buckets that the user has, sorted. The slice is not nil, even if
// the user has none.
func (s Snapshot) Buckets() []string {
	names := slices.AppendSeq(make([]string, 0, len(s.Granted)), maps.Keys(s.Granted))
	slices.Sort(names)
	return names
}

// Has returns the given buckets that the user has, in their order: the buckets in which the client
// holds a record. The result may share memory with names.
func (s Snapshot) Has(names []string) []string {
	lacks := func(name string) bool { _, ok := s.Granted[name]; return !ok }
	if !slices.ContainsFunc(names, lacks) {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), lacks)
}

// told returns a fingerprint of the names of the buckets. It is empty for the one bucket "". Users
// may choose names, so it must not be possible to find two lists with the same fingerprint.
func (s Snapshot) told() string {
	if _, ok := s.Granted[""]; ok && len(s.Granted) == 1 {
		return ""
	}
	var text []byte
	for _, name := range s.Buckets() {
		text = append(append(text, name...), 0) // no valid name contains it
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Reset tells a client to remove some buckets from all records that it holds, because it loads them
// again.
type Reset struct {
	Buckets []string // sorted
	Why     string
}

// The reasons of a Reset.
const (
	WhyEpoch = "epoch" // the database was restored from a backup
	WhyFence = "fence" // the client was away for longer than departures are kept
	WhyGrant = "grant" // the user was given the buckets
)
