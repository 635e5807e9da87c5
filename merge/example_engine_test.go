package merge_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// aPush returns a push of a title, and the stored state with another title that was written
// three milliseconds earlier. The author of the push had not seen the stored title.
func aPush() (merge.Request, merge.Stored) {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben := clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
	at := clock.MustParseTimestamp("2026-03-02T14:02:07.117Z")
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	byBen, _ := task.Edit(clock.Stamp{Time: at, Client: ben}).Set("title", "Buy wove paper").Mutation()
	byAna, _ := task.Edit(clock.Stamp{Time: at + 3_000_000, Client: ana}).Set("title", "Buy paper").Mutation()
	return merge.Request{Actor: ana, Wall: at.Time().Add(time.Minute), Items: []record.Item{{Mutation: byAna}}},
		merge.Stored{Records: []record.Record{byBen.Data}}
}

// Apply returns the records to store and the answer, and stores nothing: calling it and
// reading the answer is a dry run.
func ExamplePush_Apply() {
	request, stored := aPush()
	var engine merge.Engine
	push := engine.Prepare(request)
	fmt.Println("load", push.Keys())
	answer, err := push.Apply(stored)
	if err != nil {
		fmt.Println(err) // the records do not match Keys
		return
	}
	for _, u := range answer.Updates {
		fmt.Println("store", u.After.Key(), u.After.Map())
	}
	fmt.Println(answer.Results[0].Accepted(), answer.Results[0].Changed, answer.Results[0].Notes)
	// Output:
	// load [tasks/42]
	// store tasks/42 map[title:Buy paper]
	// true true [lost_edit]
}

// A Decision says in one sentence what happened and why. Only WithValues includes the
// values.
func ExampleDecision() {
	request, stored := aPush()
	answer, _ := new(merge.Engine).Prepare(request).Apply(stored)
	for d := range answer.Decisions() {
		fmt.Println(d)
		fmt.Println(d.WithValues())
		fmt.Println(d.Step(), d.Margin(), d.Lost())
	}
	// Output:
	// tasks/42/title: a write by 7f3c61f2… at 2026-03-02 14:02:07.120 UTC replaced one by 91aa04d7…, 3 ms earlier, which it had not seen
	// tasks/42/title: a write of "Buy paper" by 7f3c61f2… at 2026-03-02 14:02:07.120 UTC replaced one of "Buy wove paper" by 91aa04d7…, 3 ms earlier, which it had not seen
	// time 3ms true
}

// A Guard keeps clients from writing records that are not theirs. This one is made for one
// request, whose user may write to one workspace.
func ExampleGuard() {
	workspace := "acme"
	engine := merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
		if !strings.HasPrefix(m.Data.Key().ID, workspace+"/") {
			return fmt.Errorf("not in workspace %s", workspace)
		}
		return nil
	}}
	request, _ := aPush()
	push := engine.Prepare(request)
	fmt.Println("load", push.Keys())
	answer, _ := push.Apply(merge.Stored{})
	fmt.Println(answer.Results[0].Refusal)
	fmt.Println(string(answer.AppendJSON(nil)))
	// Output:
	// load []
	// merge: forbidden: not in workspace acme
	// [{"index":0,"table":"tasks","id":"42","verdict":"refused","code":"forbidden","changed":false}]
}

// A line of a journal holds everything that an answer depends on. Replaying the line gives
// the same answer, byte for byte.
func ExampleParseJournalLine() {
	request, stored := aPush()
	push := new(merge.Engine).Prepare(request)
	answer, _ := push.Apply(stored)
	text := push.AppendJournal(nil, stored, answer)

	line, err := merge.ParseJournalLine(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := line.Replay()
	fmt.Println(err, again.Digest() == line.Answer)
	// Output:
	// <nil> true
}

// A stamp far in the future, stored before there was a bound or while the server's clock was
// wrong, wins until its time has come. The repair restamps such writes as the server's own,
// and stores the record in place of the old one. It does not join, or the old stamp would
// win. It also lowers the client's watermark to the time of the repair. Otherwise every edit
// of the client would be noted as rewound, and edits that lose would not be reported as lost.
func ExampleEngine_repair() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	serverID := clock.MustParseClientID("00000000-0000-4000-8000-000000000001")
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	serverClock, _ := clock.New(clock.Options{Now: func() time.Time { return now }})
	poisoned, _ := record.New(record.Key{Table: "tasks", ID: "42"}).
		Edit(clock.Stamp{Time: clock.MustParseTimestamp("2099-01-01T00:00:00Z"), Client: ana}).Set("title", "Paint the fence").Mutation()

	repair := func(r record.Record) (record.Record, error) {
		var b record.Builder
		return b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
			for name, w := range r.All() {
				if serverClock.Check(w.Stamp.Time) != nil {
					w.Stamp = clock.Stamp{Time: serverClock.Now(), Client: serverID}
				}
				if !yield(name, w) {
					return
				}
			}
		})
	}
	repaired, err := repair(poisoned.Data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(repaired) // store this, with a new sequence

	mark := clock.Stamp{Time: clock.MustParseTimestamp("2099-01-01T00:00:00Z"), Client: ana}
	if serverClock.Check(mark.Time) != nil {
		mark.Time = clock.TimestampOf(now)
	}
	fmt.Println(mark) // and this, in the same transaction

	edit, _ := repaired.Edit(clock.Stamp{Time: clock.TimestampOf(now.Add(time.Minute)), Client: ana}).Set("title", "Paint the fence green").Mutation()
	push := new(merge.Engine).Prepare(merge.Request{Actor: ana, Wall: now, Items: []record.Item{{Mutation: edit}}})
	answer, _ := push.Apply(merge.Stored{Records: []record.Record{repaired}, Watermarks: []clock.Stamp{mark}})
	fmt.Println(answer.Results[0].Fields[0].Outcome, answer.Results[0].Notes)
	// Output:
	// tasks/42 {"title":{"value":"Paint the fence","updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"00000000-0000-4000-8000-000000000001"}}
	// 2026-03-02T12:00:00.000000000Z/7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10
	// applied []
}
