package mergetest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/bridge"
)

// answerWithin is how long a program may take for one answer. It has to suffice for the start of the
// program on a busy machine.
const answerWithin = time.Minute

// Command returns a function for Options.NewClient whose Clients run in a program, so that the kit can judge a
// client in any language:
//
//	mergetest.Run(t, newBackend, mergetest.Options{NewClient: mergetest.Command(t, "node", "bridge.mjs")})
//
// The program reads calls from its standard input, one line of JSON in UTF-8 for each call, and writes one line to
// its standard output for each answer. Lines end in LF. The first call makes a client:
//
//	{"call":"open","client":1,"now":1709553600000,"id":"a0000000-0000-4000-8000-000000000001"}
//	{"result":["reopen"]}
//
// Each call names its client by a number, because one program runs all clients of all runs. The member now is
// the clock of the device, in milliseconds since 1970. It may be wrong, and the client must read no other clock, so that
// a run can be repeated. The result of open lists the optional calls that the program knows; so far, there is only
// reopen. The other calls are the methods of [Client] and [Reopener]. Every argument and result that is JSON
// is sent as the text of this JSON, so a program whose parser rounds large numbers can keep them:
//
//	{"call":"edit","client":1,"now":1709553600000,"table":"tasks","id":"1","fields":{"title":"\"Paint\"","points":null}}
//	{}
//	{"call":"outbox","client":1,"now":1709553600000}
//	{"result":"[{\"table\":\"tasks\",\"id\":\"1\",\"data\":{\"title\":{\"value\":\"Paint\",…"}
//	{"call":"answer","client":1,"now":1709553600000,"answer":"[{\"index\":0,\"verdict\":\"accepted\",…"}
//	{}
//	{"call":"cursor","client":1,"now":1709553600000}
//	{"result":""}
//	{"call":"pulled","client":1,"now":1709553600000,"lines":"{\"table\":\"tasks\",…","next":"1"}
//	{}
//	{"call":"shown","client":1,"now":1709553600000,"table":"tasks","id":"1"}
//	{"result":"{\"table\":\"tasks\",\"id\":\"1\",\"data\":{\"title\":{\"value\":\"Paint\",\"updatedAt\":…"}
//	{"call":"reopen","client":1,"now":1709553600000}
//	{}
//	{"call":"close","client":1,"now":1709553600000}
//	{}
//
// The members of fields are the canonical JSON texts of values, or null to delete the field. The result of shown is
// a record in the form of a pulled line, or an empty text for a record without fields. After reopen, the number
// stands for the new Client. After close, the client and its storage are not used again; the kit then goes
// on with other numbers. A result where none is expected is ignored.
//
// An answer {"error":"…"} says that the call failed, which breaks a law, as the error of a Client in Go does; the text
// is quoted. With "code":"stamp", it says that an edit would have been stamped at or below a write that its user
// saw. The program may write to its standard error, which the kit quotes if the program fails: if it ends, writes
// anything else to its standard output, or writes a line of more than 16 MiB. The next run then starts it again. A
// program that does not answer within a minute fails the test at once.
//
// Command starts the program, in the directory of the test, and fails the test if it cannot. When the test is over,
// the standard input of the program ends. If the program has not ended five seconds later, it is killed.
func Command(t testing.TB, name string, args ...string) func(id clock.ClientID, wall func() time.Time) Client {
	t.Helper()
	return command(t, &bridge.Program{Command: append([]string{name}, args...), Deadline: answerWithin})
}

func command(t testing.TB, p *bridge.Program) newClient {
	t.Helper()
	if _, err := p.Process(); err != nil {
		t.Fatalf("mergetest: the program cannot be started: %v", err)
	}
	t.Cleanup(func() {
		if stderr := p.Close(); stderr != "" && t.Failed() {
			t.Logf("mergetest: the standard error of the program ends:\n%s", stderr)
		}
	})
	var last atomic.Int64
	return func(id clock.ClientID, wall func() time.Time) Client {
		return openRemote(p, last.Add(1), id, wall)
	}
}
