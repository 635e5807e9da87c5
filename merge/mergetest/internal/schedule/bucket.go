package schedule

import "fmt"

// The fields that only the devices of a backend with buckets write. Each run has them, so they are
// not among Domain.Names.
const (
	BucketField = "buckets" // the buckets of its record
	SecretField = "secret"  // a text that occurs nowhere else
)

// Buckets returns the names of all buckets. The first one contains the records that name no bucket.
// Some databases confuse "a" and "A".
func Buckets() []string { return []string{"", "a", "A", "b"} }

// Secrets begin with SecretPrefix and have SecretLen bytes, so they can be found in any text.
const (
	SecretPrefix = "secret-"
	SecretLen    = len(SecretPrefix) + 8
)

// SecretIDs returns IDs that are secrets.
func SecretIDs() (ids []string) {
	for i := range 8 {
		ids = append(ids, fmt.Sprintf("%s%08x", SecretPrefix, i+1))
	}
	return ids
}

// ofBuckets reports whether only devices of a backend with buckets write a field.
func ofBuckets(name string) bool { return name == BucketField || name == SecretField }

// Secret returns an assignment of a new secret.
func (d *Dice) Secret() Assignment {
	return Assignment{SecretField, fmt.Sprintf("%q", fmt.Sprintf("%s%08x", SecretPrefix, d.Uint32()|1<<31))}
}

// Bucket returns an assignment of some buckets.
func (d *Dice) Bucket() Assignment {
	return Assignment{BucketField, Pick(d, `"a"`, `"a"`, `"A"`, `"b"`, `["a","b"]`, `["A","a"]`, `["b",""]`, "deleted")}
}

// withBuckets adds a move to another bucket to some edits, and a secret to others, if the backend
// has buckets.
func (d *Dice) withBuckets(sets []Assignment) []Assignment {
	if !d.Domain.Grants {
		return sets
	}
	if d.IntN(3) == 0 {
		sets = append(sets, d.Bucket())
	}
	if d.On() {
		sets = append(sets, d.Secret())
	}
	return sets
}

// Member returns a step in which a device is granted a bucket, or loses it.
func (f Follow) Member(who int, name, bucket string) Step {
	s := f.Does(who, name)
	s.Bucket = bucket
	return s
}

// Moves returns an edit that puts the record into some buckets, which are written as JSON.
func (f Follow) Moves(who int, buckets string) Step {
	return f.Edits(who, f.ID, Assignment{BucketField, buckets}, f.Dice.Secret())
}

// Event is a step that happens within a pull.
type Event struct {
	At int // the pause, or the gap between two pages, counted from 1
	Step
}

// within returns all steps of a schedule, with those that happen within pulls.
func within(steps []Step) (all []Step) {
	for _, s := range steps {
		all = append(all, s)
		for _, e := range s.Manner.Within {
			all = append(all, e.Step)
		}
	}
	return all
}
