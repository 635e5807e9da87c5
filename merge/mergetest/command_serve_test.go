package mergetest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// served are the clients that the test binary can run as a program.
func served() map[string]newClient {
	all := map[string]newClient{
		"plain": newApp(clientQuirks{}), "closed and opened again": newClosable(nil),
		"of a server with buckets": newClosableWith(clientQuirks{bucketQuirks: bucketQuirks{partial: true}}, nil),
	}
	for name, f := range faults() {
		all[name] = func(id clock.ClientID, wall func() time.Time) Client {
			return faulty{newApp(clientQuirks{})(id, wall).(*app), f}
		}
	}
	for _, c := range slices.Concat(brokenClients(), forgetfulClients(), clientsOfPurgers(), clientsOfSharers()) {
		all[c.name] = c.make
	}
	return all
}

// faulty is a client whose program fails in the call Pulled, and shows a record wrongly.
type faulty struct {
	*app
	bad fault
}

type fault struct {
	pulled func()
	shown  func(record.Record) record.Record
}

// faults are the mistakes of programs. The kit does not find them in a client in this process.
func faults() map[string]fault {
	return map[string]fault{
		"ends": {pulled: func() {
			os.Stderr.WriteString("index out of range\n")
			os.Exit(3)
		}},
		"hangs":                {pulled: func() { time.Sleep(time.Hour) }},
		"writes garbage":       {pulled: func() { os.Stdout.WriteString("pulling\n") }},
		"shows another record": {shown: func(r record.Record) record.Record { return r.WithKey(record.Key{Table: "tasks", ID: "another"}) }},
	}
}

func (f faulty) Pulled(lines []byte, next string) error {
	if f.bad.pulled != nil {
		f.bad.pulled()
	}
	return f.app.Pulled(lines, next)
}

func (f faulty) Shown(key record.Key) record.Record {
	r := f.app.Shown(key)
	if f.bad.shown != nil {
		return f.bad.shown(r)
	}
	return r
}

// host runs clients as the program of a Command does.
type host struct {
	make    newClient
	clients map[int64]*hosted
}

type hosted struct {
	Client
	now int64
}

// anyCall has the members of all calls.
type anyCall struct {
	head
	Table, ID, Answer, Lines, Next string
	Fields                         map[string]*string
}

// serve answers calls until the input ends.
func serve(create newClient, in io.Reader, out io.Writer) error {
	h := host{create, map[int64]*hosted{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var c anyCall
		if err := errors.Join(err, json.Unmarshal(line, &c)); err != nil {
			return err
		}
		answer := map[string]any{}
		if answer["result"], err = h.call(c); err != nil {
			answer = map[string]any{"error": err.Error()}
			if errors.Is(err, record.ErrStamp) {
				answer["code"] = "stamp"
			}
		}
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			return err
		}
	}
}

func (h host) call(c anyCall) (result any, err error) {
	if c.Call == "open" {
		return h.open(c)
	}
	d := h.clients[c.Client]
	d.now = c.Now
	key := record.Key{Table: c.Table, ID: c.ID}
	switch c.Call {
	case "edit":
		fields := map[string]record.Value{}
		for name, text := range c.Fields {
			if fields[name] = record.Deletion(); text != nil {
				fields[name], err = record.ParseValue([]byte(*text))
			}
		}
		return nil, errors.Join(err, d.Edit(key, fields))
	case "outbox":
		return string(d.Outbox()), nil
	case "answer":
		return nil, d.Client.Answer([]byte(c.Answer))
	case "cursor":
		return d.Cursor(), nil
	case "pulled":
		return nil, d.Pulled([]byte(c.Lines), c.Next)
	case "shown":
		return string(record.Mutation{Data: d.Shown(key)}.AppendJSON(nil)), nil
	case "reopen":
		d.Client, err = d.Client.(Reopener).Reopen()
		return nil, err
	case "close":
		delete(h.clients, c.Client)
		return nil, nil
	}
	return nil, errors.New("unknown call")
}

func (h host) open(c anyCall) (able []string, err error) {
	id, err := clock.ParseClientID(c.ID)
	d := &hosted{now: c.Now}
	d.Client = h.make(id, func() time.Time { return time.UnixMilli(d.now).UTC() })
	h.clients[c.Client] = d
	if _, ok := d.Client.(Reopener); ok {
		able = []string{"reopen"}
	}
	return able, err
}

// serveArgument is the argument with which the test binary serves a client, followed by the name of the client.
const serveArgument = "serve"

// asProgram runs the test binary as a program if its arguments say so.
func asProgram() {
	if len(os.Args) != 3 || os.Args[1] != serveArgument {
		return
	}
	if err := serve(served()[os.Args[2]], os.Stdin, os.Stdout); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}
