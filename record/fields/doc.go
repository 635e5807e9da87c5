// Package fields puts lists, counters and sets into the fields of records, so that the merge of single fields is right
// for them too. It adds no merge rule: everything here is written and read as ordinary fields.
//
// # Map
//
//	position.go number.go    positions of a list: their text, and the numbers in it
//	between.go               a position between two others
//	order.go respace.go      sorting records by position, and making positions short again
//	counter.go               counters, with a field for each addition
//	set.go                   sets, with a field for each element
//	name.go                  the names of their fields
//
// # Order
//
// A list is ordered by a position: one field with a text that [Between] makes. Readers sort by [ByPosition], and
// a move is one write of one field. So each element is in the list once, and all replicas show one order.
//
//   - Two clients move one element: the later move wins, as in any field, and the other one is a lost edit.
//   - A neighbour of a move is moved or deleted at the same time: the element stays where its position puts it.
//   - Two copies of one client may make one position for two elements: these are sorted by their keys, and there is
//     nothing between them (ErrNoGap) until [Respace] separates them.
//   - Integers that an app used as positions before sort in front of all positions. Respace replaces them, before
//     anything is put next to them.
//
// A position has about ten bytes. In a list of 10,000 elements, inserted anywhere by 50 clients, the longest has 49
// bytes; at the ends of a list, 13. (go test ./record/fields -run Short -v) An insert that bisects the same place as the
// one before adds 1 to 3 bytes on average, and more if the counts of turns are above 30,000. Respace shortens long
// positions.
//
// # Counters
//
// A number that several people add to must not be one field: of two additions at the same time, one would be lost.
// A [Counter] has a field for each addition, with a random name, so an addition counts once however often it is sent,
// by whichever copy of a client, and to whichever restored server. A running total for each client looks smaller, and
// is wrong: a copy of a client counts twice, an addition that the server refused counts with the next one, and the
// reset of a total that has grown since arrives in the new one.
//
// The price is a field for each addition, until a reset deletes it and its tombstone is purged.
//
// Additions are not folded into one, because a reset would miss the fold: a client resets the
// counter, offline; meanwhile the server replaces an addition that the client had seen by a fold.
// The reset deletes the addition and not the fold, so the addition counts again. A model of folding
// below the fence of purging finds this in five steps.
//
// Package mergetest tests a backend, and a client, with counters too: no accepted addition may be lost or counted twice.
//
// # Sets
//
// A [Set] has a field for each element. Clients that add and remove different elements never conflict; of an addition
// and a removal of one element, the later write wins. A set keeps no order.
//
// # Hazards
//
// A server does not know which fields are counters, sets or positions, so a client may write a text into a counter. Check
// what is pushed: sets and positions in a merge.Guard, with [Set.List] and [IsPosition]; counters in the MayWrite of a
// merge.Stored, with [Counter.Admit], which needs the stored record. The example named Server shows both.
//
// Reading a field of a wrong form is an error that names it. Other counters and sets of the record can be read, but Struct
// and SetStruct refuse the whole record until [Counter.Reset] or [Set.Remove] has repaired the field, in an edit of its own.
//
// On a server that purges, an addition or an element that arrives later than the retention is gone, and its author is told:
// its field is new, and a purged field could have had that name.
//
// The random IDs of additions and the counts of turns come from the caller, because the package is pure: it reads no
// clock and no source of randomness.
package fields
