package merge

import "github.com/fieldlww/fieldlww/record"

// Records returns the join of two records of one key: the greater write of every field.
// Records of different keys have no join: the error is record.ErrKeyMismatch.
// To join many records, use one record.Builder, which shares memory between them.
func Records(a, b record.Record) (record.Record, error) {
	var builder record.Builder
	joined, _, err := builder.Join(a, b)
	return joined, err
}

// Join returns the join of two collections: all records of both, those with the
// same key joined field by field. It is commutative, associative and
// idempotent, so replicas that exchange their states, in any order and as
// often as they like, end with equal collections. It never fails.
//
// Join compares each record and field of b. If b adds nothing, the result is a itself and Join
// allocates nothing. Otherwise Join copies the slice of records and the records that changed;
// the result shares the other records with the inputs. The inputs do not change.
func Join(a, b Collection) Collection {
	var builder record.Builder
	return Collection{builder.JoinAll(a.records, b.records)}
}
