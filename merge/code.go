package merge

// Code is a stable machine code for what an [Engine] reports about an item. A refused item
// has one in its [Refusal]; an accepted item may have several as notes.
//
//	code               a client that gets it should
//	invalid            drop the item and report a bug in the client
//	limit_exceeded     drop the item or split it into smaller ones
//	record_full        drop the item (rollback); tell the user to delete fields or begin another record
//	forbidden          drop the item (rollback); tell the user
//	other_client       drop the item: it is not stamped with this client's ID
//	gone               drop the item: its record was deleted and purged; tell the user
//	newer_name         drop the item and report a bug in the client: a newer version of the app uses that field name
//	too_far_ahead      correct its clock by serverTime, restamp the edit and send it
//	server_clock       keep the item and send it again later
//	storage_full       keep the item, tell the user, and send it again later
//
//	lost_edit          tell the user: the user's edit lost, or replaced an edit that the user had not seen
//	collision          take a new client ID
//	rewound            take a new client ID, unless it sends out of order
//	stamp_below_base   let its clock observe what it pulls
//	update_of_deleted  tell the user that the record is deleted
//	already_deleted    do nothing: another client deleted the record as well
//	restored           do nothing: the record is back
//	gone               drop the fields whose outcome is gone; tell the user
//
// The first seven are permanent: the same item gets the same answer again, as long as the functions
// MayRead and MayWrite of [Stored] find the same rights and record. Notes on what
// an item did are sent once: if that answer is lost, the retry changes nothing and gets no
// note. A server that must not miss a lost edit takes it from [Answer.LostEdits] and stores
// it in the same transaction, with the losing value. An application may add codes of its own
// for refusals by its [Guard].
type Code string

// The codes of refusals.
const (
	// Invalid: the item is malformed, its key or a name is not allowed, or it
	// writes a reserved field. The error that the Refusal wraps says what is wrong.
	Invalid Code = "invalid"
	// LimitExceeded: the item exceeds one of the limits.
	LimitExceeded Code = "limit_exceeded"
	// RecordFull: the item would make its record larger than Engine.MaxRecord or TableMaxRecord
	// permits. Items that do not make the record grow are still accepted: an item may delete
	// the record, delete stored fields, or replace values with values of at most the same
	// length.
	RecordFull Code = "record_full"
	// Forbidden: the Guard or Stored.MayWrite refused the item, or the actor may not read its
	// record, see Stored.MayRead.
	Forbidden Code = "forbidden"
	// OtherClient: a write has a client ID that is not the actor's.
	OtherClient Code = "other_client"
	// Gone: the record of the item was deleted and purged, or all writes of the item are at or
	// below the fence, and their fields may have been purged. As a note, it says that some
	// writes of an accepted item are gone: their outcome is FieldGone.
	Gone Code = "gone"
	// NewerName: the client has an old version of the app, and the item names a field that only a
	// newer version has: see package record/lens.
	NewerName Code = "newer_name"
	// TooFarAhead: a stamp lies further ahead of the server's wall clock than the
	// bound. Either the client's clock or the server's is wrong.
	TooFarAhead Code = "too_far_ahead"
	// ServerClock: the server's own wall clock is not set, so the server cannot judge
	// stamps. The client is not to blame.
	ServerClock Code = "server_clock"
	// StorageFull: the item would make a record grow, and Stored.StorageFull is set.
	// The exceptions are the same as for RecordFull. An item that is sent again after later
	// items were accepted may be noted as Rewound: ignore that note.
	StorageFull Code = "storage_full"
)

// The codes of notes on accepted items.
const (
	// LostEdit: another client wrote a different value to one of the fields, and the author of the
	// winning write had not seen the losing one.
	LostEdit Code = "lost_edit"
	// StampCollision: a write has the stamp of another write of the same field.
	// The state still converges, but the client ID is in use twice.
	StampCollision Code = "collision"
	// Rewound: a write is new, but stamped below one that this client sent before.
	// The client's state was restored from a backup or cloned, or the client does not
	// send in the order of stamps.
	Rewound Code = "rewound"
	// StampBelowBase: a write is not stamped above its base, the write that its author
	// saw. The client's clock does not observe what the server sends, so its edits lose
	// against the writes that they are meant to replace.
	StampBelowBase Code = "stamp_below_base"
	// UpdateOfDeleted: a write of a field is stored in a deleted record. It is stamped later
	// than the deletion, or arrived after it. The write does not restore the record, so users
	// do not see it.
	UpdateOfDeleted Code = "update_of_deleted"
	// AlreadyDeleted: the item deletes a record that was already deleted.
	AlreadyDeleted Code = "already_deleted"
	// Restored: the item restored a deleted record.
	Restored Code = "restored"
)

// Advice returns a sentence or two on what to do about the code, for a person who reads
// a log. It is empty for codes that are not in this package.
func (c Code) Advice() string {
	switch c {
	case Invalid:
		return "The item is malformed or writes what no client may write: the client has a bug and should drop the item."
	case LimitExceeded:
		return "The item is too large: split it into smaller items."
	case RecordFull:
		return "The record has reached its greatest size: delete or shorten fields, delete the record, or begin another one."
	case Forbidden:
		return "The user may not do this: the client should drop the item and tell the user."
	case OtherClient:
		return "The item's client ID is not the authenticated one: drop the item and fix the client's configuration."
	case Gone:
		return "The record or the field was deleted and purged before this edit arrived: the client should drop it and tell the user."
	case NewerName:
		return "The item of an old version of the app names a field of a newer version: the client has a bug and should drop the item, or it should state its version."
	case TooFarAhead:
		return "The client's clock is ahead: the client should use the server's time to correct it, and restamp the edit."
	case ServerClock:
		return "The clock of this server is not set: set it. Clients may send the same items again."
	case StorageFull:
		return "The storage is full: delete or shorten data, or add storage. Clients may send the same items again."
	case LostEdit:
		return "Two clients wrote this field, and the author of the winning write had not seen the losing one: the users may want both values."
	case StampCollision:
		return "This client ID is in use twice, after a clone or a restored backup: the client should take a new one."
	case Rewound:
		return "The client's state is older than what it sent before, as after a restored backup: the client should take a new client ID. If that state is intact, the client sends its items out of order."
	case StampBelowBase:
		return "The client's clock does not observe what it pulls: until it does, the client's edits lose silently."
	case UpdateOfDeleted:
		return "The edit is stored, but its record is deleted: restore the record to see it."
	case AlreadyDeleted:
		return "Nothing to do: another client deleted the record as well."
	case Restored:
		return "Nothing to do: the record is back."
	}
	return ""
}
