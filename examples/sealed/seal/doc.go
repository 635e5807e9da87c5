// Package seal encrypts the values of fields before they leave a device, so that a server merges
// records that it cannot read.
//
// A [Keyring] seals a value with AES-256-GCM and a random nonce. The associated data is the
// [Place] of the value: its table, ID, field and stamp. A sealed value opens in that place only,
// so a server cannot change it, move it to another field or record, or give it another stamp
// without a device noticing. A sealed value is a JSON array, which a merge treats like any other
// value: the later stamp wins. The rules of package violation count it as unknown.
//
// # Files
//
//	place.go     Place, and the associated data
//	keyring.go   Keyring: sealing and opening one value
//	text.go      the text of a sealed value
//	records.go   mutations and records as a whole, and the fields to seal again after a rotation
//	errors.go    Error, and the reasons
//
// # On a device
//
// A device keeps sealed values only, in its outbox as in its confirmed state:
//
//	m, err := sealed.Edit(stamp).Set("title", "Budget").Mutation() // sealed: the record as stored
//	m, err = ring.SealMutation(m)                                  // into the outbox
//	…
//	shown, err := ring.OpenRecord(sealed)                          // for the screen
//
// Begin the edit with the sealed record and not with the opened one, because the opened record
// lacks the fields that did not open, and the base of the edit would lack them too. Use Set
// instead of SetMap or SetStruct: both compare the new values with sealed ones, and write all of
// them. An edit of a field that did not open counts as an edit by somebody who saw it.
//
// If the clock was wrong, [Keyring.Restamp] takes the place of record.Restamp. It seals each
// value again, because a sealed value does not open under another stamp.
//
// # Hazards
//
// Seal each value once. Two seals of one value differ, so an item that is sealed again for a
// second attempt is another write with the same stamp: the server reports a collision, and the
// client is told to take a new ID. Put the sealed mutation into the outbox, and send it as it is.
//
// One key may seal 2^32 values, on all devices together: that is the bound of NIST SP 800-38D,
// section 8.3, for random nonces of 96 bits. A million writes a day take 11 years to reach it.
// Nothing here counts; change the key in time.
//
// The JSON of a sealed value has 56 bytes, plus the ID of its key, plus 4 for every 3 bytes of the
// JSON of the value. Limits of a server apply to it.
//
// Two clients that write the same value at once seal it differently, so the server reports a lost
// edit where it would report none for plain values.
//
// Deletions and reserved fields such as $deleted are not sealed, so a server can forge them.
// README.md of examples/sealed lists what else a server can do and learn.
package seal
