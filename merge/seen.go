package merge

// markImported notes which of the two writes an import made.
func (a *application) markImported(t itemWrite) {
	if len(a.request.Imports) > 0 {
		t.IncomingImported = a.request.isImport(t.Incoming.Stamp.Client)
		t.BeforeImported = a.request.isImport(t.Before.Stamp.Client)
	}
}

// markSeen finds out whether the winner's author had seen the loser. Nothing is known if one
// client made both writes, or if the incoming write has no base. In a pair with a write of an
// import it is never SeenNo: an import replaces only its own writes, and its source still has the
// values that people replace.
//
// For example, Ana's title of 12:00:04 is stored, and Ben, whose watermark is 12:00:02,
// pushes a title with a base:
//
//	Ben at 12:00:05, base 12:00:04          wins; SeenYes: Ben had seen Ana's title
//	Ben at 12:00:05, base 12:00:03 or null  wins; SeenNo: Ana's title is a lost edit
//	Ben at 12:00:07, base 12:00:06          wins; SeenUnknown: the write of 12:00:06 is not stored here
//	Ben at 12:00:03, any base               loses; SeenNo: above the watermark, so Ben's title is a lost edit
//	Ben at 12:00:01, any base               loses; SeenUnknown: it may be a retry
func (a *application) markSeen(t itemWrite) {
	base, known := a.request.Items[t.item].Mutation.Base[t.Field]
	switch {
	case !known || t.Before.IsZero() || t.Before.Stamp.Client == t.Incoming.Stamp.Client:
	case !t.Won():
		// The winner's author cannot have seen a write that arrives only now. The clients of
		// a gateway, however, may have seen writes that the gateway had not sent yet.
		if a.watermarks.isNew(t.Incoming.Stamp) && t.Incoming.Stamp.Client == a.request.Actor {
			t.setUnseen()
		}
	case base == t.Before.Stamp:
		t.Seen = SeenYes
	case base.Compare(t.Before.Stamp) < 0:
		// Authors see the greatest of the writes that reached them, so the stored write did not
		// reach this author. A base above the stored write refers to a write that is not stored
		// here (perhaps refused), so it does not show which lower writes the author saw.
		t.setUnseen()
	}
}

// setUnseen notes that the winner's author had not seen the loser, unless one of them is an import.
func (t itemWrite) setUnseen() {
	if !t.IncomingImported && !t.BeforeImported {
		t.Seen = SeenNo
	}
}
