package replica

import (
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// NoticeKind says what a Notice is about.
type NoticeKind string

// The kinds of Notice.
const (
	// Refused: the server refused an edit for good, and it was rolled back. RolledBack holds
	// what it wrote.
	Refused NoticeKind = "refused"
	// EditLost: an own edit lost against the one named by Other, whose author had not seen
	// it.
	EditLost NoticeKind = "edit_lost"
	// EditReplaced: an own edit replaced the one named by Other, which was not shown here.
	EditReplaced NoticeKind = "edit_replaced"
	// RecordDeleted: an own edit was stored, but its record is deleted, and it stays so.
	RecordDeleted NoticeKind = "record_deleted"
	// ClockCorrected: the clock was ahead of the server's. It was corrected by By, and what
	// waits was stamped anew.
	ClockCorrected NoticeKind = "clock_corrected"
	// NewIDNeeded: the client ID is in use twice. The client should join again.
	NewIDNeeded NoticeKind = "new_id_needed"
)

// Notice is what to tell the user. Notices are not saved: what must not be missed, the server
// makes violations of.
type Notice struct {
	Kind NoticeKind
	Key  record.Key
	// Fields are the names of the fields, sorted.
	Fields []string
	// Code is what the server said, and Detail the same in words if it refused an edit.
	Code       merge.Code
	Detail     string
	RolledBack record.Record // with Refused
	Other      clock.Stamp   // with EditLost and EditReplaced
	By         time.Duration // with ClockCorrected: less than zero if the clock was ahead
}

// TakeNotices returns what to tell the user since it was called last, in the order in which
// it happened.
func (r *Replica) TakeNotices() []Notice {
	all := r.notices
	r.notices = nil
	return all
}

func (r *Replica) notice(n Notice) { r.notices = append(r.notices, n) }

func (r *Replica) noticeRefusal(m record.Mutation, reply merge.Reply) {
	n := Notice{Kind: Refused, Key: m.Data.Key(), RolledBack: m.Data, Code: reply.Code, Detail: reply.Detail}
	for name := range m.Data.All() {
		n.Fields = append(n.Fields, name)
	}
	r.notice(n)
}

func (r *Replica) noticeLost(key record.Key, field string, said merge.FieldReply) {
	other, told := otherOf(said)
	if !said.Lost || !told {
		return
	}
	kind := EditReplaced
	if said.Winner != nil {
		kind = EditLost
	}
	r.notice(Notice{Kind: kind, Key: key, Fields: []string{field}, Code: merge.LostEdit, Other: other})
}

func (r *Replica) noticeNotes(key record.Key, notes []merge.Code) {
	for _, code := range notes {
		switch code {
		case merge.UpdateOfDeleted:
			r.notice(Notice{Kind: RecordDeleted, Key: key, Code: code})
		case merge.StampCollision, merge.Rewound:
			r.noticeID(code)
		}
	}
}

// noticeID says once that the client ID is in use twice, until the notices are taken.
func (r *Replica) noticeID(code merge.Code) {
	if !slices.ContainsFunc(r.notices, func(n Notice) bool { return n.Kind == NewIDNeeded }) {
		r.notice(Notice{Kind: NewIDNeeded, Code: code})
	}
}

func (r *Replica) noticeClock(by time.Duration) {
	r.notice(Notice{Kind: ClockCorrected, Code: merge.TooFarAhead, By: by})
}
