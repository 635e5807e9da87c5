package replica

import (
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// NoticeKind says what a Notice is about.
type NoticeKind string

// The kinds of Notice.
const (
	// Refused: the server refused an edit permanently, and it was rolled back. RolledBack holds
	// what it wrote.
	Refused NoticeKind = "refused"
	// EditLost: an own edit lost against the one named by Other, whose author had not seen
	// it.
	EditLost NoticeKind = "edit_lost"
	// EditReplaced: an own edit replaced the one named by Other, which was not shown here.
	EditReplaced NoticeKind = "edit_replaced"
	// RecordDeleted: an own edit was stored, but its record is deleted, and it stays so.
	RecordDeleted NoticeKind = "record_deleted"
	// ClockCorrected: the device's clock differs from the server's, or does not any longer. Offset
	// has changed by By. The Code is merge.TooFarAhead if the server had refused edits for
	// that; they were restamped, also if By is zero.
	ClockCorrected NoticeKind = "clock_corrected"
	// FutureStamp: an edit waits, since its fields, which are named, have a stamp that lies in the
	// future, the one of Other. The server refuses the edit until that time has come, or until the
	// record is repaired; then it is sent by itself.
	FutureStamp NoticeKind = "future_stamp"
	// StorageFull: the server has no room for what edits add, and keeps them waiting; they are
	// sent again. It is told once, until none of them is kept waiting. Deleting makes room.
	StorageFull NoticeKind = "storage_full"
	// Resync: the server was restored from a backup, and all that came from it is pulled again.
	Resync NoticeKind = "resync"
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
	Other      clock.Stamp   // with EditLost, EditReplaced and FutureStamp
	By         time.Duration // with ClockCorrected: less than zero if the clock was ahead
}

// maxNotices is how many notices are held, and maxDetail how many bytes of a Detail.
const (
	maxNotices = 1000
	maxDetail  = 1000
)

// TakeNotices returns what to tell the user since it was called last, in the order in which
// it happened. If there were more than 1,000, it is the last of them.
func (r *Replica) TakeNotices() []Notice {
	all := r.notices[max(0, len(r.notices)-maxNotices):]
	r.notices, r.idTold = nil, false
	return all
}

func (r *Replica) notice(n Notice) {
	if len(r.notices) == 2*maxNotices {
		r.notices = append([]Notice(nil), r.notices[maxNotices:]...) // what is let go is freed
	}
	r.notices = append(r.notices, n)
}

func (r *Replica) noticeRefusal(m record.Mutation, reply merge.Reply) {
	detail := strings.ToValidUTF8(reply.Detail[:min(len(reply.Detail), maxDetail)], "")
	n := Notice{Kind: Refused, Key: m.Data.Key(), RolledBack: m.Data, Code: reply.Code, Detail: detail}
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

// noticeFuture tells that an item waits for a repair of some fields.
func (r *Replica) noticeFuture(it *item, fields []string) {
	if it.told || len(fields) == 0 {
		return
	}
	it.told = true
	n := Notice{Kind: FutureStamp, Key: it.m.Data.Key(), Code: merge.TooFarAhead, Fields: fields}
	for _, name := range fields {
		if base := it.m.Base[name]; base.Compare(n.Other) > 0 {
			n.Other = base
		}
	}
	r.notice(n)
}

// noticeFull tells once that the storage of the server is full, as long as anything is kept waiting.
func (r *Replica) noticeFull(replies []merge.Reply) {
	full := slices.ContainsFunc(replies, func(reply merge.Reply) bool { return reply.Code == merge.StorageFull && reply.Retryable })
	if full && !r.full {
		r.notice(Notice{Kind: StorageFull, Code: merge.StorageFull})
	}
	r.full = full || r.full && r.outbox.kept.Len() > 0
}

// noticeNotes tells what the server noted about an item that was stamped at a time. That it is
// stamped below an earlier one is news only if this Replica has not sent later ones itself: an item
// that the server refused for now is sent again after them, and a clock can be lowered.
func (r *Replica) noticeNotes(key record.Key, at clock.Timestamp, notes []merge.Code) {
	for _, code := range notes {
		switch {
		case code == merge.UpdateOfDeleted:
			r.notice(Notice{Kind: RecordDeleted, Key: key, Code: code})
		case code == merge.StampCollision, code == merge.Rewound && at > r.mark:
			r.noticeID(code)
		}
	}
}

// noticeID says once that the client ID is in use twice, until the notices are taken.
func (r *Replica) noticeID(code merge.Code) {
	if !r.idTold {
		r.idTold = true
		r.notice(Notice{Kind: NewIDNeeded, Code: code})
	}
}
