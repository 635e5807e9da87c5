package mergetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// impatient drops items that it sent five times without an answer.
type impatient struct {
	*app
	tries int
}

func (i *impatient) Outbox() []byte {
	if i.tries++; i.tries > 5 {
		i.outbox = i.outbox[i.sent:]
	}
	return i.app.Outbox()
}

func (i *impatient) Answer(answer []byte) error {
	i.tries = 0
	return i.app.Answer(answer)
}

// early puts an edit in the place of the first unsent edit of the same field. The replaced edit may
// be the base of a later edit that still waits.
type early struct{ *app }

func (e early) Edit(key record.Key, fields map[string]record.Value) error {
	n := len(e.outbox)
	if err := e.app.Edit(key, fields); err != nil || len(fields) != 1 || len(e.outbox) == n {
		return err
	}
	m := e.outbox[n]
	for i := e.sent; i < n; i++ {
		if old := e.outbox[i]; old.Data.Key() == key && slices.Equal(fieldNames(old.Data), fieldNames(m.Data)) {
			e.outbox = slices.Clone(e.outbox[:n])
			e.outbox[i] = record.Mutation{Data: m.Data, Base: old.Base, New: old.New}
			break
		}
	}
	return nil
}

func fieldNames(r record.Record) (names []string) {
	for name := range r.All() {
		names = append(names, name)
	}
	return names
}

// hasty stores the cursor of each page at once, but the records only at the end of the pull.
type hasty struct {
	*app
	lines []byte
}

func (h *hasty) Pulled(lines []byte, next string) error {
	h.lines = append(bytes.TrimRight(h.lines, "\n"), append([]byte("\n"), lines...)...)
	if next != h.cursor {
		h.cursor = next
		return nil
	}
	lines, h.lines = bytes.TrimSpace(h.lines), nil
	return h.app.Pulled(lines, next)
}

func (h *hasty) Reopen() (Client, error) {
	c, err := closable{app: h.app}.Reopen()
	return &hasty{app: c.(closable).app}, err
}

// TestSlowClientMistakesAreFound checks that the kit finds client mistakes that show only after a while.
func TestSlowClientMistakesAreFound(t *testing.T) {
	skipShort(t)
	wrapped := func(wrap func(*app) Client) newClient {
		return func(id clock.ClientID, wall func() time.Time) Client {
			return wrap(newApp(clientQuirks{})(id, wall).(*app))
		}
	}
	checkClients(t, []brokenClient{
		{"restamps edits by a wrong clock", newApp(clientQuirks{keepsClock: true}), []law.Law{law.ClientSettles}},
		{"corrects its clock the wrong way", newApp(clientQuirks{wrongSign: true}), []law.Law{law.ClientSettles}},
		{"gives up on unanswered items", wrapped(func(a *app) Client { return &impatient{app: a} }), []law.Law{law.ClientKeeps, law.ClientEdit}},
		{"moves an edit before an earlier edit", wrapped(func(a *app) Client { return early{a} }), []law.Law{law.ClientBase, law.ClientEdit}},
		{"stores its cursor before its records", wrapped(func(a *app) Client { return &hasty{app: a} }), []law.Law{law.ClientReopens}},
	})
}
