package merge

import "github.com/fieldlww/fieldlww/record"

// Records returns the join of two records of one key: of every field the
// greater write. Records of different keys have no join: that is record.ErrKeyMismatch.
// To join many, use one record.Builder, which shares memory between them.
func Records(a, b record.Record) (record.Record, error) {
	var builder record.Builder
	joined, _, err := builder.Join(a, b)
	return joined, err
}

// Join returns the join of two collections: all records of both, those with the
// same key joined field by field. It is commutative, associative and
// idempotent, so replicas that exchange what they have, in any order and as
// often as they like, end with equal collections. It never fails.
//
// The inputs are left as they are. The result shares with them the records that
// did not change. If b adds nothing, the result is a itself and nothing is
// allocated.
func Join(a, b Collection) Collection {
	var builder record.Builder
	return Collection{builder.JoinAll(a.records, b.records)}
}
