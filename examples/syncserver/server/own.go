package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/fieldlww/fieldlww/clock"
)

// A server stamps its own writes with a client ID that it makes when it starts, and that it never stores: after a
// restore from a backup, no stamp is used twice. A client must not use such an ID, although each client can read it
// in the stamps. So the first half of the ID is random, and the second half is a signature of the first half. Any
// server on the database recognizes the ID, without a list that grows with each process.

// ownID returns a new ID for the writes of a server.
func (t tokens) ownID() (id clock.ClientID) {
	rand.Read(id[:8]) // never fails
	id[6] = id[6]&0x0f | 0x80
	copy(id[8:], t.signatureOf(id))
	return id
}

// isOwn reports whether a client ID belongs to a server on this database.
func (t tokens) isOwn(id clock.ClientID) bool { return hmac.Equal(id[8:], t.signatureOf(id)) }

// signatureOf returns the second half of the ID of a server. The ID is a UUID of the version 8.
func (t tokens) signatureOf(id clock.ClientID) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(append([]byte("own "), id[:8]...))
	half := mac.Sum(nil)[:8]
	half[0] = half[0]&0x3f | 0x80
	return half
}
