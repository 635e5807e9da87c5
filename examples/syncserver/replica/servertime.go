package replica

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// agreement is by how much clocks may differ and still be taken to agree.
const agreement = time.Minute

// unset is the time before which the clock of a server is taken not to be set: 2020-01-01.
const unset = clock.Timestamp(1_577_836_800) * clock.Timestamp(time.Second)

// Offset returns what is added to the clock of the device, since it differs from the server's.
func (r *Replica) Offset() time.Duration { return r.offset }

// ForgetOffset tells the Replica that the clock of the device was set: what was known about it
// does not count any longer.
func (r *Replica) ForgetOffset() {
	r.offset, r.heard, r.asked = 0, r.reading(), time.Time{}
	for _, it := range r.outbox.items() {
		it.wall = it.stamp().Time.Time() // what the clock would have read
	}
	r.unsaved.state = true
}

// ServerTime takes the time of the server, which comes with each of its answers: call it at once
// when an answer arrives, and before the rest of the answer is taken. Took is how long the answer
// took, from the request on, by the difference of two calls of Now; 0 if that is not known. A time
// that makes no sense is passed over.
//
// # The rule
//
// Let W be what the clock of the device reads when an answer arrives, and S the server's time in
// it. If neither clock was set meanwhile, the server's clock read S at some moment between the
// request and now, so what has to be added to the device's clock to get the server's is within
// S−W and S−W+took. An answer agrees with each offset that is within this range, or not more than
// a minute outside. Then the offset is
//
//   - kept, if the answer agrees with it;
//   - else dropped, that is zero, if the answer agrees with zero;
//   - else set to the nearest end of the range.
//
// A Notice of the kind ClockCorrected tells each change.
//
// # Why it heals
//
// If the server's clock is right, the range holds the true offset. So after each such answer the
// offset is wrong by at most took and a minute, whatever it was before: after a server's clock
// dipped or jumped, after the device's clock was set, and in whatever order answers arrive, since
// each one is judged by itself. Moving to the nearest end never moves past the true offset. If
// both clocks are right, the range holds zero, so no offset is set, also where a device slept
// between request and answer: that makes the range longer and not the answer wrong. If the
// device's clock was set between request and answer, the range is off by as much, and the next
// answer corrects it. If it was set back by more than the answer took, took is negative, and the
// answer is passed over.
func (r *Replica) ServerTime(at clock.Timestamp, took time.Duration) {
	r.applyServerTime(at, took)
	if plausible(at) {
		r.server, r.heard = r.serverNow(at, took), r.reading()
	}
}

// plausible reports whether a time can be the one of a server whose clock was set.
func plausible(at clock.Timestamp) bool { return at >= unset && at < endless }

// applyServerTime is ServerTime for a time that an answer to a push holds. It says nothing of the pulls that
// follow, where the clock of the device may have been set meanwhile.
func (r *Replica) applyServerTime(at clock.Timestamp, took time.Duration) {
	by := r.adjustOffset(at, took)
	if by != 0 || r.clock.Last() > limitAt(r.serverNow(at, took)) {
		r.restampWaiting(at, took, nil)
	}
	if by != 0 {
		r.notice(Notice{Kind: ClockCorrected, By: by})
	}
}

// serverNow estimates the server's time now from an answer: it is between at and at+took. The
// estimate is what Now returns, or the nearest end of that range. It is endless if at makes no sense.
//
// If a device slept between request and answer, at itself is too low: edits made since would look too
// far ahead, and would lose the time of their edit.
func (r *Replica) serverNow(at clock.Timestamp, took time.Duration) clock.Timestamp {
	if !plausible(at) {
		return endless
	}
	high := clock.TimestampOf(at.Time().Add(took))
	return max(at, min(clock.TimestampOf(r.Now()), high))
}

// adjustOffset applies the rule, and returns by how much the offset has changed.
func (r *Replica) adjustOffset(at clock.Timestamp, took time.Duration) time.Duration {
	before := r.offset
	if !plausible(at) || took < 0 {
		return 0
	}
	low := at.Time().Sub(r.reading())
	high := low + took
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
