package replica

import (
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// NoticeKind is the kind of a Notice.
type NoticeKind string

// The kinds of Notice.
const (
	// Refused: the server refused an edit permanently, and the edit was rolled back. RolledBack
	// holds the values that it wrote. If Code is merge.Gone, only some fields of the edit may be
	// gone: Fields and RolledBack name these, and the others were accepted. If Why is WhyLeft, the
	// edit was refused because the user may no longer read the record.
	Refused NoticeKind = "refused"
	// EditLost: the user's edit lost against the write named by Other, whose author had not seen
	// it.
	EditLost NoticeKind = "edit_lost"
	// EditReplaced: the user's edit replaced the write named by Other, which the user had not been
	// shown.
	EditReplaced NoticeKind = "edit_replaced"
	// RecordDeleted: the user's edit was stored, but its record is deleted and stays deleted.
	RecordDeleted NoticeKind = "record_deleted"
	// ClockCorrected: the device's clock differs from the server's, or no longer does. By is the
	// change of Offset. Code is merge.TooFarAhead if the server had refused edits because of the
	// difference; they were restamped, even if By is zero.
	ClockCorrected NoticeKind = "clock_corrected"
	// FutureStamp: an edit waits because the stamp of the named fields, given in Other, lies in the
	// future. The server refuses the edit until that time has come or the record is repaired. The
	// edit is then sent automatically.
	FutureStamp NoticeKind = "future_stamp"
	// StorageFull: the server has no room for the data that edits add, and refuses the edits
	// temporarily. They are sent again. The notice is given once, and not again while any of them
	// is still refused. Deleting makes room.
	StorageFull NoticeKind = "storage_full"
	// Resync: everything that came from the server is pulled again. Why gives the reason. Items is
	// the number of edits that waited to be sent; they are kept.
	Resync NoticeKind = "resync"
	// SentAgain: the server was restored from a backup that lacks edits of this user. They are sent
	// again. Items is their number.
	SentAgain NoticeKind = "sent_again"
	// Erased: the server has erased a record that this client held, and the client has forgotten it.
	// The user interface must stop showing the values of the record, for example in messages. A server
	// whose workspace has the one bucket "" sends the erased record instead.
	Erased NoticeKind = "erased"
	// NewIDNeeded: the client ID is in use twice. The client should join the workspace again.
	NewIDNeeded NoticeKind = "new_id_needed"
)

// Notice is something to tell the user. Notices are not saved. For an event that must not be
// missed, the server stores a violation.
type Notice struct {
	Kind NoticeKind
	Key  record.Key
	// Fields holds the names of the fields, sorted.
	Fields []string
	// Code is the server's code. If the server refused an edit, Detail explains the
	// code in words, or is empty: a guard of the app gives only a code.
	Code       merge.Code
	Detail     string
	RolledBack record.Record // only for Refused
	Other      clock.Stamp   // only for EditLost, EditReplaced and FutureStamp
	By         time.Duration // only for ClockCorrected; negative if the clock was ahead
	Why        string        // for Resync: WhyEpoch, WhyFence or another reason of the server; for Refused: WhyLeft or ""
	Items      int           // for SentAgain, the number of edits; for Resync, the number of edits that waited
}

// WhyLeft is the reason of a Refused: the record has left the buckets that the user may read.
const WhyLeft = "left"

// The reasons of a Resync.
const (
	WhyEpoch = "epoch" // the server was restored from a backup, or another server replaced it
	WhyGrant = "grant" // buckets are new; no Notice reports this
	WhyFence = "fence" // the last pull was longer ago than the retention of the server, which may have purged deletions since
)

// maxNotices is the maximum number of notices that are kept, and maxDetail the maximum length of a
// Detail in bytes.
const (
	maxNotices = 1000
	maxDetail  = 1000
)

// TakeNotices returns the notices since the last call, in the order in which they happened. If
// there were more than 1,000, it returns the last 1,000.
func (r *Replica) TakeNotices() []Notice {
	all := r.notices[max(0, len(r.notices)-maxNotices):]
	r.notices, r.idTold = nil, false
	return all
}

func (r *Replica) notice(n Notice) {
	if len(r.notices) == 2*maxNotices {
		r.notices = append([]Notice(nil), r.notices[maxNotices:]...) // frees the dropped notices
	}
	r.notices = append(r.notices, n)
	r.logNotice(n)
}

func (r *Replica) noticeRefusal(it *item, reply merge.Reply) {
	m := it.m
	detail := strings.ToValidUTF8(reply.Detail[:min(len(reply.Detail), maxDetail)], "")
	n := Notice{Kind: Refused, Key: m.Data.Key(), RolledBack: m.Data, Code: reply.Code, Detail: detail}
	for name := range m.Data.All() {
		n.Fields = append(n.Fields, name)
	}
	if it.hidden && reply.Code == merge.Forbidden {
		n.Why = WhyLeft
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

// noticeFuture reports that an item waits for a repair of some fields.
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

// noticeFull reports that the server's storage is full. It does so once, and not again while any
// refused item waits.
func (r *Replica) noticeFull(replies []merge.Reply) {
	full := slices.ContainsFunc(replies, func(reply merge.Reply) bool { return reply.Code == merge.StorageFull && reply.Retryable })
	if full && !r.full {
		r.notice(Notice{Kind: StorageFull, Code: merge.StorageFull})
	}
	r.full = full || r.full && r.outbox.kept.Len() > 0
}

// noticeNotes reports the server's notes about an item that was stamped at the given time. A stamp
// below an earlier one is reported only if this Replica has not itself sent later stamps before it.
// It can send stamps out of order: a temporarily refused item is sent again after later ones, and
// the clock can be lowered.
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

// noticeID reports that the client ID is in use twice, but only once between two calls of
// TakeNotices.
func (r *Replica) noticeID(code merge.Code) {
	if !r.idTold {
		r.idTold = true
		r.notice(Notice{Kind: NewIDNeeded, Code: code})
	}
}
