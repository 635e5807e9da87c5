package law

// purgeLaws are the laws about a backend that purges.
func purgeLaws() map[Law]Text {
	return map[Law]Text{
		ComesBack: {
			"nothing deleted comes back",
			"Deleted data stays deleted after its tombstone was purged, whatever arrives late. Only an item that creates its record, with all stamps above the fence, begins a new life of a dead record, and nothing of the old life shows in it. Every other item of a dead record is gone.",
			"Look for an item that is judged without the fence, by its age, by which clients have pulled, or by a fence that was read before the lock. Look for a record that counts as dead because of the stamp of its deletion alone, for a new life that begins without \"new\" or without a stamp above the fence, and for a new life that is joined to the old one.",
		},
		PurgesDead: {
			"only deleted data below the fence is purged",
			"Purging removes field tombstones at or below the fence, and records that are deleted and have no stamp above the fence. Everything else stays: all values, $deleted = false, and the last tombstone of a record without other fields.",
			"Compare the stored record with merge.Purge. Look for a fence that is compared with a sequence or a time of arrival instead of a stamp, and for a record whose deletion is below the fence while another write is above it. Look also for a gone write that is answered as accepted.",
		},
		WronglyGone: {
			"only items that may be stale are gone",
			"A write is gone if it lies at or below the fence and the stored record lacks its field, or if its record is deleted and the item does not begin a new one. Each item is judged by the record stored before the batch, and the code gone is final.",
			"Judge with merge.Engine, and with the fence that was read inside the lock. Look for a live record that was purged as a whole, for items whose member new is lost on the way, for items of one batch that are judged one after the other, and for the refusal of a whole item where only some of its writes are gone.",
		},
		Alone: {
			"each item is judged by the record before the batch",
			"Whether a write is gone depends on the record that was stored before the batch, and not on the other items of the batch. If that record is dead, all items that begin a new life are joined first, and the others are judged by that life. So the order of the items does not matter.",
			"Pass all items of a batch to merge.Engine in one Request. Look for a loop that applies and stores one item at a time.",
		},
		SyncedGone: {
			"a synced client loses nothing to purging",
			"A client that pulled within the retention, or that was told the present fence, writes above the fence. So none of its later edits is gone, unless the record is deleted.",
			"Look at the clock at the end of a pull: it must be the told stamp that mergetest.Purger describes, and not only the fence or the pulled stamps. Look for a sample that is younger than the retention, and for a fence that is taken from the wall clock.",
		},
		RetryBelow: {
			"a retry below the fence has no effect",
			"An item that was accepted before and lies at or below the fence changes nothing when it arrives again: it is accepted unchanged or gone.",
			"Look for an item that is judged without the fence, and for a retry that is recognized by a mark that was purged.",
		},
		Unswept: {
			"nothing dead is stored below the fence",
			"When Purge returns, each stored record whose sequence is at or below the fence is in normal form: a dead record is removed or, at level 1, is $deleted alone, and the other records have no tombstone at or below the fence, except one if nothing else is left.",
			"Look for a sweep that skips rows or runs later, for records that get old writes after the sweep, and for a condition on the time instead of the stamps.",
		},
		FenceFalls: {
			"the fence only grows",
			"Neither the sequence nor the stamp of the fence decreases, even after a longer retention or a restart.",
			"Store the fence with the data, and take the greater of the old and the new one.",
		},
		FenceTold: {
			"a pull tells the fence",
			"Once the fence is raised, each pull ends with a line that has the fence, the level that Purge returned, and a clock that is not below the fence. Between two purges the fence does not move.",
			"Look for a fence that is kept in memory only, for a pull without changes that ends without that line, and for a line without one of the members fence, level and clock.",
		},
		ResetBelow: {
			"a client below the fence begins again",
			"A pull from a cursor below the sequence of the fence, or from before a restore, begins with a reset, once, and then returns everything. After a restore, the reset says so, because clients then send their own writes again. A record that died at or below the fence but with a sequence above it is still returned.",
			"Look for a missing reset, for a cursor that is compared with a stamp, and for a cursor that forgets where its load began, so that the next page resets again. Look for a dead record that is dropped although its sequence is above the fence: a client that is not reset never learns of its deletion.",
		},
		Erased: {
			"an erased record stays erased",
			"An erasure leaves only $deleted and $erased, with a new stamp above every stamp of the record. Until the record is dead, every item on it is gone, even one that creates it or has a later stamp. A restored server repeats the erasures since its backup, with the same stamps.",
			"Replace the stored record with what merge.Erase returns, inside the lock and with a new sequence. Look for an erasure that is made as an edit of a client, which leaves field names and lets later items in. Look for an erasure that is stamped by the wall clock, and for erasures that are stored only in the database that is backed up.",
		},
	}
}
