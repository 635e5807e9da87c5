package merge

// Code is a stable machine code of what an [Engine] has to say about an item. An item
// that is refused has one in its [Refusal]; one that is accepted may have some as notes.
//
//	code               a client that gets it should
//	invalid            drop the item, and report a bug of its own
//	limit_exceeded     drop it, or split it into smaller ones
//	record_full        drop it: rolled back; tell the user to delete fields or begin another record
//	forbidden          drop it: rolled back; tell the user
//	other_client       drop it: it is not stamped with the ID that this client has
//	too_far_ahead      correct its clock by serverTime, stamp the edit again, send that
//	server_clock       keep it, and send the same again later
//	storage_full       keep it, tell the user, and send the same again later
//
//	lost_edit          tell the user: the own edit lost, or replaced one that was not seen
//	collision          take a new client ID
//	rewound            take a new client ID, unless it sends out of order
//	stamp_below_base   let its clock observe what it pulls
//	update_of_deleted  tell the user that the record is deleted
//	already_deleted    nothing: somebody else deleted it as well
//	restored           nothing: the record is back
//
// The first five are final: the same item gets the same answer again. Notes on what
// an item did are told once; if the answer is lost, the retry did nothing and gets none.
// What must not be missed, a server takes from [Answer.LostEdits] and stores in the
// same transaction, with the value that is gone. An application may add refusals of its
// own, from its [Guard].
type Code string

// The codes of refusals.
const (
	// Invalid: the item is malformed, its key or a name is not allowed, or it
	// writes a reserved field. What is wrong is in the error that the Refusal wraps.
	Invalid Code = "invalid"
	// LimitExceeded: the item exceeds one of the limits.
	LimitExceeded Code = "limit_exceeded"
	// RecordFull: the item would make its record larger than Engine.MaxRecord or
	// TableMaxRecord permits. Items that do not make it grow are still accepted: those that
	// delete the record, delete stored fields, or replace values by others that are no longer.
	RecordFull Code = "record_full"
	// Forbidden: the Guard refused it.
	Forbidden Code = "forbidden"
	// OtherClient: a write has another client ID than the actor that pushed it.
	OtherClient Code = "other_client"
	// TooFarAhead: a stamp lies further ahead of the server's wall clock than the
	// bound. The client's clock is wrong, or the server's.
	TooFarAhead Code = "too_far_ahead"
	// ServerClock: the server's own wall clock is not set, so it can judge no
	// stamp. The client is not to blame.
	ServerClock Code = "server_clock"
	// StorageFull: the item would make a record grow, and Stored.StorageFull is set.
	// The exceptions are those of RecordFull. An item that is sent again after later
	// ones were accepted may be noted as Rewound: ignore that note.
	StorageFull Code = "storage_full"
)

// The codes of notes on accepted items.
const (
	// LostEdit: for one of the fields, another client wrote a different value, one of
	// the two is gone, and who wrote the other had not seen it.
	LostEdit Code = "lost_edit"
	// StampCollision: a write has the stamp of another write of the same field.
	// The state converges all the same, but the client ID is in use twice.
	StampCollision Code = "collision"
	// Rewound: a write is new, and yet stamped below one that this client sent
	// before. Its state was restored from a backup or cloned, or it does not
	// send in the order of stamps.
	Rewound Code = "rewound"
	// StampBelowBase: the author saw a write that is not older than the one made
	// upon it. The client's clock does not observe what the server sends, and its
	// edits lose against what they are meant to replace.
	StampBelowBase Code = "stamp_below_base"
	// UpdateOfDeleted: a write of a field was stored whose record is deleted, since it
	// is later than the deletion, or came later. It does not bring the record back, and
	// nobody sees it.
	UpdateOfDeleted Code = "update_of_deleted"
	// AlreadyDeleted: the record is deleted, as it was before.
	AlreadyDeleted Code = "already_deleted"
	// Restored: the record was deleted, and is no longer.
	Restored Code = "restored"
)

// Advice returns one sentence on what to do about the code, for a person who reads
// a log. It is empty for codes that are not in this package.
func (c Code) Advice() string {
	switch c {
	case Invalid:
		return "The client sends what no client should: it has a bug, and should drop the item."
	case LimitExceeded:
		return "The item is too large: send smaller ones."
	case RecordFull:
		return "The record is as large as it may be: delete or shorten fields, delete the record, or begin another one."
	case Forbidden:
		return "The user may not do this: the client should drop the item and say so."
	case OtherClient:
		return "The client stamps with another ID than it is known by: it should drop the item and mend its setup."
	case TooFarAhead:
		return "The client's clock is ahead: it should correct it by the server's time, and stamp the edit again."
	case ServerClock:
		return "The clock of this server is not set: set it; clients may send the same again."
	case StorageFull:
		return "The storage is full: delete or shorten data, or give it more room; clients may send the same again."
	case LostEdit:
		return "Of two edits of one field one is gone, and who wrote the other had not seen it: the users may want both values."
	case StampCollision:
		return "The client ID is in use twice, by a clone or a restored backup: the client should take a new one."
	case Rewound:
		return "The client's state is older than what it sent before, as after a backup was restored: it should take a new client ID. If it is sound, it sends out of order."
	case StampBelowBase:
		return "The client's clock does not observe what it pulls: its edits lose in silence until it does."
	case UpdateOfDeleted:
		return "The edit is kept, but the record is deleted: restore the record to see it."
	case AlreadyDeleted:
		return "Nothing to do: somebody else deleted the record as well."
	case Restored:
		return "Nothing to do: the record is back."
	}
	return ""
}
