// Package lens translates records between two versions of an app, so that clients of the old version
// and clients of the new one write side by side. The server stores and merges one form, the new one.
//
// # Map
//
//	lens.go     a Lens, and what it is made of
//	change.go   one change: values, splits and sealed values
//	up.go       what old clients push, in the new form
//	down.go     what old clients pull, in the old form
//	errors.go   the errors
//
// # How a server uses it
//
// A server knows the version of a client. It has one Lens for each old version that is still in use,
// from that version to the newest. For an old client,
//
//	push:    Request.Items is lens.Items(items), with the items that Engine.Decode returned
//	answer:  push.Renamed(answer, items, lens.NewNames) has the names that the client used
//	pull:    lens.Down(record) is what the client gets
//
// Records that were stored in the old form are translated once, with lens.UpRecord. If imports have brought some of
// them over, translate their ledgers too, with imports.Ledger.Up.
//
// Nothing else changes. Stamps, bases, New and Seen stay, and so do fields that begin with $ and
// tables that the Lens does not list. The Guard, MayWrite, rules and buckets see the new form.
//
// # What holds
//
// Down after Up gives back what an old client wrote, except in OneWay fields. Up after Down does not
// give back a record of the new form, because an old client does not see all of it.
//
// Up commutes with the join: translating two records and joining them gives the same record as
// joining and translating them. For names, the proof is one line: a field of the result is the greatest
// write of a union, and the greatest of a union is the greatest of the greatest of its parts. So it
// holds for OneWay fields as well, and a split field copies one write to several names. For values, it
// holds wherever the stamps differ: Up keeps stamps, so the same write wins before and after.
//
// Where two writes have one stamp, as a copied client makes them, the greater value wins, and a
// function may change which of two values is greater. So only one form is ever stored and merged,
// the new one, and all new clients agree. Old clients show its translation.
//
// The functions of Fields and Splits are yours. mergetest.CheckLens tests a Lens with them.
// mergetest.Options.Old puts clients of both versions in front of your server.
//
// # Splits
//
// For an old client, a split field has the greatest stamp of its parts. So the base of an old client may
// lie above the stamp of a part. A base above the stored write claims nothing, so an edit that
// was lost in that part may go unreported, and none is reported falsely.
//
// If a deletion of a part is purged under a fence, the greatest stamp goes back, and an old client keeps
// the older form until the record changes again.
//
// # Hazards
//
// A field of the new version that has the name of an old field is hidden from old clients. Under a fence, a deleted
// record may therefore be dead for them while that field keeps it alive: they forget it, until it changes again.
//
// An old client must replace what it pulls, and never join it: if new clients write the parts of a split
// field out of order, two pulls bring two values under one stamp.
//
// Digests for an old client are digests of the old form: compute them from what Down returns.
//
// A sealed value cannot be translated, because the seal covers the name of the field. The Lens refuses
// it in each field that it changes. Do not list fields that may hold one.
//
// The Limits of the engine apply to what an old client pushes. The translated item may have more
// fields, longer names and longer values; MaxRecord applies to the new form. An element whose new
// name is longer than 1,024 bytes is refused. What an old client pulls may exceed Limits, as any
// stored record may.
//
// A value that a function cannot translate is refused in a push, and left out in a pull. An old client
// that has an earlier value of the field keeps it. To avoid this, translate each value that a new
// client can write to some value that old clients understand.
package lens
