package merge

import (
	"fmt"
	"math"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Erase returns the erased form of a record. It has the fields $deleted and $erased, both true and
// with one stamp above every stamp of the record, and nothing else: no value and no field name is
// left. A server stores it in place of the record, inside the lock and with a new sequence.
//
// Until the erased record is dead, as Purge defines it, it counts in digests, and Apply refuses
// every item on it as [Gone], including items that create a record. This needs no fence. Once it is
// dead, the record is like any other dead record: only a new item above the fence begins a new
// life. An edit that reached the server before the erasure stays gone. An edit that never did was
// not erased: it may become part of a new life.
//
// With a zero time in at, the erasure is new. Its stamp has the client of at, which is the server's
// own ID, and the next timestamp after the greatest one in the record. The wall time would not do:
// an edit with a fast clock can have a later stamp. Keep the key and the stamp outside the backups
// of the server. The record must have fields.
//
// With a time, Erase repeats the erasure that had the stamp at. After the server was restored from a
// backup, repeat all erasures since the backup before it answers, on missing records as well, because
// clients send again what the server lacks. The stamp is the same again, unless the record has stamps
// that are not below it:
//
//   - All its stamps are above at: nothing in it was erased, because its life began after the
//     erasure. Erase returns the record itself.
//   - Only some are not below at: it was written to before the erasure was repeated. The later
//     writes are erased as well, and the new stamp, which is above them, takes the place of at.
//
// Erase returns an erased record itself if its stamp is not below at. The error is a *record.Error. It
// wraps record.ErrClient, with the path clientId, if at has no client, and record.ErrMissing, with the
// path data, if a new erasure gets a record without fields.
func Erase(r record.Record, at clock.Stamp) (record.Record, error) {
	switch {
	case at.Client.IsZero():
		return record.Record{}, &record.Error{Path: "clientId", Offset: -1, Err: fmt.Errorf("%w: the stamp of an erasure needs the ID of the server", record.ErrClient)}
	case at.Time <= 0 && r.Len() == 0:
		return record.Record{}, &record.Error{Path: "data", Offset: -1, Err: fmt.Errorf("%w: a record without fields has nothing to erase", record.ErrMissing)}
	}
	stamp, kept := at, r.Len() > 0 && at.Time > 0
	for name, w := range r.All() {
		// At level 1, the field $deleted of the erased form may be all that was kept of it.
		if w.Stamp.Time >= stamp.Time && !(w.Stamp == at && name == record.DeletedField && r.Deleted()) {
			stamp.Time = next(w.Stamp.Time)
		}
		kept = kept && w.Stamp.Time > at.Time
	}
	if w, _ := r.Get(record.ErasedField); kept || isErasedForm(r) && w.Stamp.Time >= at.Time {
		return r, nil
	}
	var b record.Builder
	return b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		erased := record.FieldValue{Value: record.Bool(true), Stamp: stamp}
		_ = yield(record.DeletedField, erased) && yield(record.ErasedField, erased)
	})
}

// next returns the timestamp after t. The last one has no successor.
func next(t clock.Timestamp) clock.Timestamp {
	return min(t, math.MaxInt64-1) + 1
}

// isErasedForm reports whether Erase can have returned r.
func isErasedForm(r record.Record) bool {
	if !r.Erased() || r.Len() != 2 {
		return false
	}
	_, deleted := r.At(0)
	_, erased := r.At(1)
	return deleted == erased
}

// isErased reports whether a record was erased and is not dead yet.
func isErased(r record.Record, fence clock.Timestamp) bool {
	return r.Erased() && !isDead(r, fence)
}
