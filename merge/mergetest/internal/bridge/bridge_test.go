package bridge

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain runs the test binary as a program if its argument names one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if program, ok := programs()[os.Args[1]]; ok {
			program()
			return
		}
	}
	os.Exit(m.Run())
}

// programs are programs that read calls.
func programs() map[string]func() {
	after := func(does func()) func() { // it answers the first call
		return func() {
			lines := bufio.NewScanner(os.Stdin)
			for n := 0; lines.Scan(); n++ {
				if n == 1 {
					does()
				} else {
					fmt.Println(`{"result":"` + lines.Text() + `"}`)
				}
			}
		}
	}
	hang := func() { time.Sleep(time.Hour) }
	return map[string]func(){
		"answers": after(func() { fmt.Println(`{"error":"no","code":7}`) }),
		"dies": after(func() {
			fmt.Fprintln(os.Stderr, strings.Repeat("x", 2*maxTail)+"\nindex out of range")
			os.Exit(3)
		}),
		"hangs":                   after(hang),
		"forgets LF":              func() { fmt.Print(`{}`); hang() },
		"writes garbage":          after(func() { fmt.Println("debug") }),
		"writes an array":         after(func() { fmt.Println(`[]`) }),
		"writes null":             after(func() { fmt.Println(`null`) }),
		"writes other members":    after(func() { fmt.Println(`{"Outbox":""}`) }),
		"writes two objects":      after(func() { fmt.Println(`{}{}`) }),
		"writes two lines":        after(func() { fmt.Print("{}\ndebug\n") }),
		"writes without end":      after(func() { writeWithoutEnd() }),
		"closes its output":       after(func() { os.Stdout.Close(); hang() }),
		"ignores the end":         func() { fmt.Println(`{}`); hang() },
		"leaves a child":          func() { exec.Command(os.Args[0], "ignores the end").Start(); after(hang)() },
		"leaves a writer":         func() { leaveWriter(); after(func() { os.Exit(0) })() },
		"writes before a call":    func() { fmt.Print("debug\n{}\n"); after(func() {})() },
		"does not read at all":    hang,
		"ends before it is asked": func() {},
	}
}

func writeWithoutEnd() {
	for text := strings.Repeat("x", 1<<20); ; {
		fmt.Print(text)
	}
}

// leaveWriter starts a child that keeps the standard error open.
func leaveWriter() {
	c := exec.Command(os.Args[0], "does not read at all")
	c.Stderr = os.Stderr
	c.Start()
}

// run starts a program, and ends it with the test.
func run(t *testing.T, name string, deadline time.Duration) *Program {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &Program{Command: []string{exe, name}, Deadline: deadline}
	t.Cleanup(func() { p.Close() })
	return p
}

// ask makes calls until one fails, but at most three.
func ask(t *testing.T, p *Program) error {
	t.Helper()
	process, err := p.Process()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err = process.Ask([]byte("edit\n")); err != nil {
			break
		}
	}
	_, again := process.Ask([]byte("edit\n"))
	if err != nil && (again == nil || again.Error() != err.Error()) {
		t.Errorf("after the error %v, a call returns %v", err, again)
	}
	if next, startErr := p.Process(); startErr != nil || (next == process) != (err == nil) {
		t.Errorf("after the error %v, the program was not started again: %v", err, startErr)
	}
	return err
}

func TestAnswers(t *testing.T) {
	p := run(t, "answers", time.Minute)
	process, err := p.Process()
	if err != nil {
		t.Fatal(err)
	}
	if a, err := process.Ask([]byte("edit\n")); err != nil || string(a.Result) != `"edit"` || a.Error != nil {
		t.Error(a, err)
	}
	if a, err := process.Ask([]byte("edit\n")); err != nil || *a.Error != "no" {
		t.Error(a, err)
	}
	if again, err := p.Process(); again != process || err != nil {
		t.Error("the program was started twice", err)
	}
	p.Close()
	if _, err := process.Ask([]byte("edit\n")); err == nil {
		t.Error("a program that was ended answers")
	}
}

// TestBadProgramsFail checks the error about each kind of bad program, and that the program can be started again.
func TestBadProgramsFail(t *testing.T) {
	for name, says := range map[string]string{
		"dies":                    "the program ended (exit status 3), when it was asked\nedit\nIts standard error ends:\n",
		"writes garbage":          "not an answer (invalid character 'd' looking for beginning of value): debug, when",
		"writes an array":         "the program wrote a line that is not an answer (",
		"writes null":             "the program wrote a line that is not an answer (not an object): null",
		"writes other members":    `the program wrote a line that is not an answer (json: unknown field "Outbox")`,
		"writes two objects":      "the program wrote a line that is not an answer (data after the object): {}{}",
		"writes two lines":        "the program wrote more than one line: the answer is followed by debug",
		"writes without end":      "the program wrote a line of more than 16777216 bytes",
		"closes its output":       "the program ended (signal: killed)",
		"writes before a call":    "not an answer (invalid character 'd' looking for beginning of value): debug, when",
		"ends before it is asked": "the program ended (exit status 0)",
		"leaves a writer":         "the program ended (exit status 0)",
	} {
		t.Run(name, func(t *testing.T) {
			p := run(t, name, time.Minute)
			for range 2 {
				err := ask(t, p)
				if err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("wrong error: %v", err)
				}
				if name == "dies" && (!strings.HasSuffix(err.Error(), "xxx\nindex out of range") || len(err.Error()) > maxTail+200) {
					t.Errorf("the error does not quote the end of the standard error: %v", err)
				}
			}
		})
	}
}

// TestHangingProgramsAreKilled checks that a call ends although the program does not answer.
func TestHangingProgramsAreKilled(t *testing.T) {
	for name, says := range map[string]string{
		"hangs": "the program did not answer within 10s: ", "does not read at all": "the program did not answer within 10s: ",
		"leaves a child": "the program did not answer within 10s: ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ask(t, run(t, name, 10*time.Second))
			if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), says) {
				t.Fatal(err)
			}
		})
	}
}

// TestUnfinishedAnswerIsQuoted checks the error about a program that writes a line without its end. The call begins when the
// line is there, however long the program takes to start.
func TestUnfinishedAnswerIsQuoted(t *testing.T) {
	process, err := run(t, "forgets LF", 500*time.Millisecond).Process()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := process.lines.Peek(len(`{}`)); err != nil {
		t.Fatal(err)
	}
	_, err = process.Ask([]byte("edit\n"))
	if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "the program did not answer within 500ms with a whole line, but wrote {}: ") {
		t.Fatal(err)
	}
}

// TestLongCallIsNotWrittenForever checks that a program which does not read cannot stop a call whose line does not fit
// into the pipe.
func TestLongCallIsNotWrittenForever(t *testing.T) {
	process, err := run(t, "does not read at all", 500*time.Millisecond).Process()
	if err != nil {
		t.Fatal(err)
	}
	_, err = process.Ask(append(make([]byte, 1<<20), '\n'))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestMissingProgramIsAnError(t *testing.T) {
	p := &Program{Command: []string{"fieldlww-no-such-program"}, Deadline: time.Minute}
	for range 2 {
		if process, err := p.Process(); err == nil || process != nil {
			t.Fatal("a program that does not exist was started")
		}
	}
	p.Close()
}

// TestCallsFromSeveralGoroutines checks that each call gets its own answer.
func TestCallsFromSeveralGoroutines(t *testing.T) {
	process, err := run(t, "answers", time.Minute).Process()
	if err != nil {
		t.Fatal(err)
	}
	process.Ask([]byte("1\n"))
	process.Ask([]byte("2\n"))
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 50 {
				name := fmt.Sprint(i, n)
				if a, err := process.Ask([]byte(name + "\n")); err != nil || string(a.Result) != `"`+name+`"` {
					t.Errorf("%s: %s, %v", name, a.Result, err)
				}
			}
		})
	}
	all.Wait()
}
