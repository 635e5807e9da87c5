// Package lens translates records between two versions of an app, so that clients of the old version
// and clients of the new one write side by side. The server stores and merges one form, the new one.
//
// # Map
//
//	lens.go   a Lens, and what it changes
//	up.go     what old clients push, in the new form
//	down.go   what old clients pull and are told, in the old form
//
// # How a server uses it
//
// A server knows the version of a client. For an old client, it calls [Lens.Up] with each mutation
// that arrives, before the engine judges it, and [Lens.Down] with each record that it sends.
// [Lens.OldName] gives the names in answers. Nothing else changes: stamps, bases and New stay as
// they are.
//
// # What holds
//
// Up commutes with the join: translating two records and joining them gives the same record as
// joining and translating them. For names, this follows from the rule: the greatest write of a
// union is the greatest of the greatest ones. For values, it holds wherever stamps differ. Two
// writes with one stamp, as a copied client makes them, may be joined in another order in the two
// forms; so only one form is ever merged, the server's.
//
// Down after Up gives back what an old client wrote. The reverse does not hold: an old client does
// not see fields that only the new version has.
//
// # Hazards
//
// An old client must replace what it pulls, and never join it: two pulls may bring two values of a
// split field under one stamp. Its digests are digests of the old form.
//
// A field that holds a sealed value can be renamed by nobody but its authors, because the seal
// covers the name. Do not list such fields.
package lens
