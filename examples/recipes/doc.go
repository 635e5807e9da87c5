// Package recipes answers questions that come up in the first month with this library. Each file has
// one answer, and an example that runs. Copy the files that you need: none uses another one. The package is not made to
// be imported.
//
//	versions.go   fields that another version of the app does not know, and defaults
//	names.go      a unique name that two people took while they were offline
//	tree.go       a tree without cycles, although two moves can make one
//	cascade.go    a record whose owner is deleted counts as deleted, and comes back with it
//	attachments.go
//	              photos and files, which are stored apart from the records that name them
//	rest.go       a REST API that was there before, next to sync: GET, PATCH and PUT
//	metrics.go    metrics from an Answer, with the standard library
//
// # Readings
//
// Three of the recipes are readings: pure functions of merged records. Their results are not stored
// and not merged. All replicas that have the same records compute the same result, in whatever order
// and grouping they got the writes, because merged records have that property. So a reading needs no
// coordination, and it can be replaced by another one without touching the data.
//
// A purge changes no reading of the records that are left: for a reading, a deleted record is the same as
// a missing one, and a deleted field the same as an absent one.
//
// A reading looks at all records of its tables. If a client holds only some buckets, put the records
// that a reading needs into the same bucket.
package recipes
