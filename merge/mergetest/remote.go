package mergetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/bridge"
	"github.com/fieldlww/fieldlww/record"
)

// remote is a Client in a program.
type remote struct {
	process *bridge.Process
	number  int64
	wall    func() time.Time
	err     error // the first error of a call whose method returns none
}

// reopener is a remote that can be closed and opened again.
type reopener struct{ *remote }

// head is the beginning of each call.
type head struct {
	Call   string `json:"call"`
	Client int64  `json:"client"`
	Now    int64  `json:"now"`
}

type (
	openCall struct {
		head
		ID clock.ClientID `json:"id"`
	}
	editCall struct {
		head
		Table  string             `json:"table"`
		ID     string             `json:"id"`
		Fields map[string]*string `json:"fields"`
	}
	answerCall struct {
		head
		Answer string `json:"answer"`
	}
	pulledCall struct {
		head
		Lines string `json:"lines"`
		Next  string `json:"next"`
	}
	shownCall struct {
		head
		Table string `json:"table"`
		ID    string `json:"id"`
	}
)

// openRemote makes a client in a program. If that fails, every call of the Client fails.
func openRemote(p *bridge.Program, number int64, id clock.ClientID, wall func() time.Time) Client {
	r := &remote{number: number, wall: wall}
	var able []string
	if r.process, r.err = p.Process(); r.err == nil {
		able, r.err = ask[[]string](r, openCall{r.head("open"), id})
	}
	if slices.Contains(able, "reopen") {
		return reopener{r}
	}
	return r
}

func (r *remote) head(call string) head { return head{call, r.number, r.wall().UnixMilli()} }

// ask makes a call, and returns its result.
func ask[T any](r *remote, call any) (result T, err error) {
	if r.err != nil {
		return result, r.err
	}
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err = e.Encode(call); err != nil {
		return result, err
	}
	a, err := r.process.Ask(line.Bytes())
	switch {
	case err != nil:
		return result, err
	case a.Error != nil:
		return result, refusal{*a.Error, a.Code == "stamp"}
	case len(a.Result) > 0:
		if json.Unmarshal(a.Result, &result) != nil {
			return result, fmt.Errorf("the result is not of the expected type: %.300s", a.Result)
		}
	}
	return result, nil
}

// refusal is an error that the program returned.
type refusal struct {
	text  string
	stamp bool
}

// Error returns the text of the program.
func (e refusal) Error() string { return e.text }

// Is reports whether the program refused a stamp, as record.ErrStamp does.
func (e refusal) Is(target error) bool { return e.stamp && target == record.ErrStamp }

// text makes a call whose result must be a text, and keeps its error.
func (r *remote) text(call any) string {
	text, err := ask[*string](r, call)
	if err == nil && text == nil {
		err = errors.New("the answer has no result")
	}
	if r.err = err; err != nil {
		return ""
	}
	return *text
}

// failed returns the error of the last call whose method returns none.
func (r *remote) failed() error { return r.err }

// Edit asks the client to edit a record.
func (r *remote) Edit(key record.Key, fields map[string]record.Value) error {
	texts := map[string]*string{}
	for name, v := range fields {
		texts[name] = nil
		if v != record.Deletion() {
			text := v.JSON()
			texts[name] = &text
		}
	}
	_, err := ask[any](r, editCall{r.head("edit"), key.Table, key.ID, texts})
	return err
}

// Outbox asks for the items of the next push.
func (r *remote) Outbox() []byte { return []byte(r.text(r.head("outbox"))) }

// Answer gives the client the answer to its push.
func (r *remote) Answer(answer []byte) error {
	_, err := ask[any](r, answerCall{r.head("answer"), string(answer)})
	return err
}

// Cursor asks where the client's next pull begins.
func (r *remote) Cursor() string { return r.text(r.head("cursor")) }

// Pulled gives the client the lines of a pull and the cursor after them.
func (r *remote) Pulled(lines []byte, next string) error {
	_, err := ask[any](r, pulledCall{r.head("pulled"), string(lines), next})
	return err
}

// Shown asks for the record that the client shows, and keeps an error if the answer has no such record.
func (r *remote) Shown(key record.Key) record.Record {
	text := r.text(shownCall{r.head("shown"), key.Table, key.ID})
	if text == "" {
		return record.New(key)
	}
	d := record.Decoder{Trusted: true}
	m, err := d.Mutation([]byte(text))
	if err == nil && m.Data.Key() != key {
		err = fmt.Errorf("the result is the record %s instead of %s", m.Data.Key(), key)
	}
	if r.err = err; err != nil {
		return record.New(key)
	}
	return m.Data
}

// Close lets the program forget the client. A program that has ended has nothing to forget.
func (r *remote) Close() error {
	if r.err == nil {
		_, _ = ask[any](r, r.head("close"))
	}
	return nil
}

// Reopen returns the client that the program opens in the place of the one that it closes.
func (r reopener) Reopen() (Client, error) {
	_, err := ask[any](r.remote, r.head("reopen"))
	return r, err
}
