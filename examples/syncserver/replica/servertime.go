package replica

import (
	"math"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// agreement is how far apart two clocks may be and still count as agreeing.
const agreement = time.Minute

// unset is 2020-01-01. A server's clock that reads an earlier time is assumed not to be set.
const unset = clock.Timestamp(1_577_836_800) * clock.Timestamp(time.Second)

// Offset returns the correction that is added to the device's clock because it differs from the
// server's.
func (r *Replica) Offset() time.Duration { return r.offset }

// ForgetOffset tells the Replica that the device's clock was set, so the offset no longer applies. How
// long a push lasts that is under way is not known: its answer only shows that the server's clock reads
// at least the time in it.
func (r *Replica) ForgetOffset() {
	r.offset, r.heard, r.asked = 0, r.reading(), time.Time{}
	for _, it := range r.outbox.items() {
		it.wall = it.stamp().Time.Time() // what a correct clock would have read
	}
	r.unsaved.state = true
}

// ServerTime takes the server's time, which comes with each of its answers. Call it as soon as an
// answer arrives, before the rest of the answer is processed. Took is the time from the request to
// the answer, measured as the difference of two calls of Now, or 0 if it is not known. An
// implausible time is ignored.
//
// # The rule
//
// Let W be the reading of the device's clock when an answer arrives, and S the server's time in the
// answer. If neither clock was set meanwhile, the server's clock read S at some moment between the
// request and now. So the correction from the device's clock to the server's lies between S−W and
// S−W+took. An answer agrees with an offset that lies in this range or at most a minute outside.
// The offset is then
//
//   - kept, if the answer agrees with it;
//   - otherwise dropped (set to zero), if the answer agrees with zero;
//   - otherwise set to the nearest end of the range.
//
// For example, with W = 15:00, S = 14:00 and took = 2s, the range is −1h to −1h+2s. The answer
// disagrees with the offset zero, so the offset becomes −1h+2s. If the device's clock is then set
// right, the next range may be 0 to 2s. That answer disagrees with −1h+2s and agrees with zero, so
// the offset is dropped.
//
// A Notice of kind ClockCorrected reports each change.
//
// # Why it recovers
//
// If the server's clock is right, the range holds the true offset. So after each such answer the
// offset is wrong by at most the duration took plus a minute, whatever it was before. This holds
// after a server's clock jumped or was briefly wrong, after the device's clock was set, and in
// whatever order answers arrive, because each is judged on its own. Moving to the nearest end never
// moves past the true offset. If both clocks are right, the range holds zero, so no offset is set.
// This includes a device that slept between request and answer: the sleep makes the range longer,
// but the answer stays right. If the device's clock was set between request and answer, the range
// is shifted by that amount, and the next answer corrects it. If the clock was set back by more
// than the request lasted, took is negative, and the answer is ignored.
func (r *Replica) ServerTime(at clock.Timestamp, took time.Duration) {
	r.applyServerTime(at, took)
	if plausible(at) {
		r.server, r.heard = r.serverNow(at, took), r.reading()
	}
}

// plausible reports whether a time can come from a server whose clock is set.
func plausible(at clock.Timestamp) bool { return at >= unset && at < endless }

// applyServerTime is ServerTime for the time in an answer to a push. The time is not kept for later
// pulls, because the device's clock may be set before them.
func (r *Replica) applyServerTime(at clock.Timestamp, took time.Duration) {
	by := r.adjustOffset(at, took)
	if by != 0 || r.clock.Last() > max(limitAt(r.serverNow(at, took)), r.floor) {
		r.restampWaiting(at, took, nil)
	}
	if by != 0 {
		r.notice(Notice{Kind: ClockCorrected, By: by})
	}
}

// serverNow estimates the server's present time from an answer: it is between the time in the
// answer and that time plus the duration took. The estimate is Now, or the nearest end of that
// range. If the time in the answer is implausible, the result is endless.
//
// If a device slept between request and answer, the time in the answer alone would be too low:
// edits made since would look too far ahead, and would lose their times.
func (r *Replica) serverNow(at clock.Timestamp, took time.Duration) clock.Timestamp {
	if !plausible(at) {
		return endless
	}
	high := clock.TimestampOf(at.Time().Add(took))
	return max(at, min(clock.TimestampOf(r.Now()), high))
}

// adjustOffset applies the rule and returns the change in the offset.
func (r *Replica) adjustOffset(at clock.Timestamp, took time.Duration) time.Duration {
	before := r.offset
	if !plausible(at) || took < 0 {
		return 0
	}
	low := at.Time().Sub(r.reading())
	high := low + min(took, math.MaxInt64-agreement-max(low, 0)) // took is endless after ForgetOffset
	agrees := func(offset time.Duration) bool { return offset >= low-agreement && offset <= high+agreement }
	switch {
	case agrees(r.offset):
	case agrees(0):
		r.offset = 0
	default:
		r.offset = min(max(r.offset, low), high)
	}
	return r.offset - before
}
