package store

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// Kind says what a message holds.
type Kind string

// The kinds of messages.
const (
	KindRecord Kind = "r" // a record
	KindMark   Kind = "m" // what the server knows about a client
	KindScope  Kind = "s" // the members of a scope of a rule
	KindState  Kind = "f" // the fence and the state of a workspace
	KindQuiet  Kind = "q" // how long others let a change of the state pass
	KindUser   Kind = "u" // a user and its rights
	KindClient Kind = "c" // the workspace and the user of a client
)

// Key names a message. Keys are comparable. An empty Workspace is the one for keys of the whole
// cluster. An empty Name is a name too, for a kind with one message per workspace. Workspace and
// Name hold any bytes, except that their subject has at most 1,024 bytes.
type Key struct {
	Workspace string
	Kind      Kind
	Name      string
}

// RecordKey returns the key of the message that holds a record. Its name is a hash of the record's
// key, so the data of the message must hold the table and the ID.
func RecordKey(workspace string, k record.Key) Key {
	return Key{Workspace: workspace, Kind: KindRecord, Name: HashName(k.Table, k.ID)}
}

// HashName returns a name of 32 characters for a list of strings of any length.
func HashName(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:24])
}

// String returns the parts of the key separated by slashes, for display only.
func (k Key) String() string {
	return strings.Join([]string{k.Workspace, string(k.Kind), k.Name}, "/")
}
