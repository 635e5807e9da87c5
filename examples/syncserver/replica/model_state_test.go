package replica_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// The model visits every history of a small world, up to a number of steps: one record with the
// fields f, g and $deleted, two Replicas, one server, and an ideal server that never purges and joins
// exactly the writes that the real one accepted. merge.Engine and merge.Purge decide on the server.
// The clients are Replicas: each step opens one from its saved entries, and saves it.
//
//	model_state_test.go      a state of the world
//	model_canonical_test.go  its canonical form
//	model_record_test.go     records, and how users see them
//	model_server_test.go     what the server does with pushes, and by itself
//	model_pull_test.go       pulls, whole and in chunks
//	model_client_test.go     edits and pushes
//	model_laws_test.go       what must hold
//	model_search_test.go     the search, breadth first
//	model_test.go            the scopes, with the number of their states
//	model_wire_test.go       wrong rules that follow from wrong messages

// modelServer holds the real server and the ideal one. A restore brings back all members; the epoch is
// not among them. Stamps and records are texts, so that canonical can rename them.
type modelServer struct {
	stored, ideal     string // a record's fields as JSON, or ""
	fence, greatest   string // times; "" for none
	sampled           string // the greatest stamp of the last sample
	seq, changed      int    // of the last change, and of the record
	floor, sampledSeq int    // the sequences of the fence and of the last sample
	level             int
}

// modelEdit is an edit that a client made.
type modelEdit struct {
	data   string // its writes, as JSON
	synced int    // the sequence of the settled pull before it, or -1
	level  int    // that its author knew
	epoch  int
	// Sets of fields: the server has them, the author was told that they are gone, the author need not
	// send them again, or their acceptance was answered and no settled pull has followed.
	accepted, told, released, answered uint8
	sawDeleted, isNew                  bool // its author was shown a deleted record, or none
	first                              bool // its author has never pulled
}

// modelClient is a client.
type modelClient struct {
	disk  string // the saved entries
	ideal string // what an ideal client that pulled the same lines holds
	fence string // of the last trailer
	level int
	edits [6]modelEdit
}

// modelState is a state of the world.
type modelState struct {
	modelServer
	epoch, copyEpoch int
	backup           modelServer
	backups          int // 0 before the backup, 1 after it, 2 after the restore
	others           int // the writes of another record
	clients          [2]modelClient
	copied           string // the body of a push that is under way once more
}

var (
	modelKey  = record.Key{Table: "tasks", ID: "1"}
	modelIDs  = [2]clock.ClientID{{0x0a, 15: 1}, {0x0b, 15: 1}}
	modelZero = clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	// idSuffix follows the letter in which the texts of the two IDs differ.
	idSuffix = modelIDs[0].String()[2:]
)

// timePrefix begins the text of every time of the model, which is timeLength bytes long.
const (
	timePrefix = "2026-03-02T"
	timeLength = len("2026-03-02T12:00:00.000000000Z")
)

// timeAt returns the text of the time with a rank. The times of a canonical state have even ranks.
func timeAt(rank int) string { return timesByRank[rank] }

var timesByRank = func() (times [100]string) {
	for rank := range times {
		times[rank] = (modelZero + clock.Timestamp(rank)*1e6).String()
	}
	return times
}()

// timeOf parses the text of a time, "" for none.
func timeOf(text string) clock.Timestamp {
	if text == "" {
		return 0
	}
	return clock.MustParseTimestamp(text)
}

// cursorMember precedes the cursor in a saved entry.
const cursorMember = `"cursor":"`

// modelCursor is the position of a client.
type modelCursor struct {
	pulled     bool
	epoch      int
	seq, begun int
	loads      bool
	first      bool // whether it is the first load, which begins without the dead records
}

func (c modelCursor) String() string {
	switch {
	case !c.pulled:
		return ""
	case c.first:
		return fmt.Sprintf("e%d.%d.%d.first", c.epoch, c.seq, c.begun)
	case c.loads:
		return fmt.Sprintf("e%d.%d.%d", c.epoch, c.seq, c.begun)
	}
	return fmt.Sprintf("e%d.%d", c.epoch, c.seq)
}

func parseModelCursor(text string) (c modelCursor) {
	epoch, rest, pulled := strings.Cut(strings.TrimPrefix(text, "e"), ".")
	rest, first := strings.CutSuffix(rest, ".first")
	seq, begun, loads := strings.Cut(rest, ".")
	c.pulled, c.loads, c.first = pulled, loads, first
	c.epoch, _ = strconv.Atoi(epoch)
	c.seq, _ = strconv.Atoi(seq)
	c.begun, _ = strconv.Atoi(begun)
	return c
}

// cursor returns the saved cursor.
func (c *modelClient) cursor() modelCursor {
	_, rest, _ := strings.Cut(c.disk, cursorMember)
	text, _, _ := strings.Cut(rest, `"`)
	return parseModelCursor(text)
}

// loading reports whether a reset was not followed by the end of a pull yet.
func (c *modelClient) loading() bool { return strings.Contains(c.disk, `"loading":true`) }

// last returns the greatest time that the clock of a client has issued or followed.
func (c *modelClient) last() string {
	_, rest, found := strings.Cut(c.disk, `"last":"`)
	if !found {
		return ""
	}
	return rest[:timeLength]
}

// The entries of a disk are joined by these, which no entry contains.
const (
	entryEnd = "\x02"
	keyEnd   = "\x01"
)

// entriesOf yields the entries of a disk.
func entriesOf(disk string) func(func(replica.Entry) bool) {
	return func(yield func(replica.Entry) bool) {
		for line := range strings.SplitSeq(disk, entryEnd) {
			if key, value, ok := strings.Cut(line, keyEnd); ok && !yield(replica.Entry{Key: key, Value: value}) {
				return
			}
		}
	}
}

// written returns a disk after entries were written. Entries that say why a field has its value do not
// matter here.
func written(disk string, saves []replica.Entry) string {
	if len(saves) == 0 {
		return disk
	}
	all := make(map[string]string)
	for e := range entriesOf(disk) {
		all[e.Key] = e.Value
	}
	for _, e := range saves {
		if all[e.Key] = e.Value; e.Value == "" || strings.HasPrefix(e.Key, "why/") {
			delete(all, e.Key)
		}
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(key + keyEnd + all[key] + entryEnd)
	}
	return text.String()
}
