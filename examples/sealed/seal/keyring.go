package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// KeySize is the size of a key, in bytes. Make keys with crypto/rand.
const KeySize = 32

// Options are the settings of a Keyring.
type Options struct {
	// Keys has the keys by ID. An ID has 1 to 64 letters, digits, hyphens and underscores, and the
	// server can read it. Keep old keys, or what they sealed cannot be opened. New copies the keys.
	Keys map[string][]byte
	// Current is the ID of the key that seals.
	Current string
	// Plain reports whether a field stays readable for the server. Nil means that all fields are
	// sealed. It must be the same on all devices: a value that comes for a sealed field is never
	// shown unless it opens, and so a server cannot pass off a value of its own. Reserved fields
	// are never sealed.
	Plain func(table, field string) bool
}

// Keyring seals and opens values. It is safe for concurrent use.
type Keyring struct {
	keys    map[string]cipher.AEAD
	current string
	plain   func(table, field string) bool
}

// New returns a Keyring. An error wraps ErrOptions, and names the ID of the key.
func New(o Options) (*Keyring, error) {
	k := &Keyring{keys: make(map[string]cipher.AEAD, len(o.Keys)), current: o.Current, plain: o.Plain}
	for _, id := range slices.Sorted(maps.Keys(o.Keys)) {
		if !isKeyID(id) || len(o.Keys[id]) != KeySize {
			return nil, fmt.Errorf("seal: key %q: %w", id, ErrOptions)
		}
		block, err := aes.NewCipher(o.Keys[id])
		if err != nil {
			return nil, err
		}
		if k.keys[id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
	}
	if k.keys[o.Current] == nil {
		return nil, fmt.Errorf("seal: current key %q: %w", o.Current, ErrOptions)
	}
	return k, nil
}

// Seal returns the sealed form of a value, which is an array. It differs at each call. Deletions and
// sealed values are refused with ErrValue.
func (k *Keyring) Seal(at Place, v record.Value) (record.Value, error) {
	if v.Kind() == record.KindDeleted || IsSealed(v) {
		return record.Value{}, refuse(at, ErrValue)
	}
	box := k.keys[k.current].Seal(nil, nil, []byte(v.JSON()), at.data(k.current))
	return join(k.current, box)
}

// Open returns the value that was sealed. It is refused with an *Error, for the reason ErrUnsealed,
// ErrKey, ErrForged or ErrValue.
func (k *Keyring) Open(at Place, v record.Value) (record.Value, error) {
	keyID, box, ok := split(v)
	if !ok {
		return record.Value{}, refuse(at, ErrUnsealed)
	}
	key, ok := k.keys[keyID]
	if !ok {
		return record.Value{}, refuse(at, ErrKey)
	}
	text, err := key.Open(nil, nil, box, at.data(keyID))
	if err != nil {
		return record.Value{}, refuse(at, ErrForged)
	}
	trusted := record.Decoder{Trusted: true} // a holder of the key sealed it, and Seal has no limits
	opened, err := trusted.Value(text)
	if err != nil || opened.JSON() != string(text) { // written by another program, in another form
		return record.Value{}, refuse(at, ErrValue)
	}
	return opened, nil
}
