package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestWhyExplainsAFieldOnBothSides: each client can explain a field's value before and after it has
// pulled, and after it was opened again.
func TestWhyExplainsAFieldOnBothSides(t *testing.T) {
	const (
		seen    = `Ben's laptop wrote this at 14:02:02, 1s after Ana's phone wrote "Paint".`
		unseen  = `Ben's laptop wrote this at 14:02:03, 1s after Ana's phone wrote "Paint it", which it had not seen.`
		blind   = `Ben's laptop wrote this at 14:02:03, 1s after Ana's phone wrote something, which it had not seen.`
		own     = `Ana's phone wrote this at 14:02:02, 1s after it wrote "Paint".`
		first   = `Ben's laptop wrote this at 14:02:03, 2s after Ana's phone wrote "Paint".`
		waiting = `Ben's laptop wrote another value at 14:02:03, 1s after Ana's phone wrote this; that value has not arrived here yet.`
	)
	tests := map[string]struct {
		play     func(a, b *device)
		ana, ben string
	}{
		"a first write": {func(a, b *device) { a.edit(fence, "title", str("Paint")); a.push(); b.pull() }, "", ""},
		"the replaced value had been seen": {func(a, b *device) {
			a.edit(fence, "title", str("Paint"))
			a.push()
			b.pull()
			b.edit(fence, "title", str("Paint it"))
			b.push()
			a.pull()
		}, seen, seen},
		"the later editor pulls before pushing": {func(a, b *device) {
			later(a, b)
			a.push()
			b.pull()
			b.push()
			a.pull()
		}, strings.Replace(unseen, ", which it had not seen", "", 1), unseen},
		"the later editor pushes before pulling": {func(a, b *device) {
			later(a, b)
			a.push()
			b.push()
		}, own, blind},
		"the later editor pushes, then pulls": {func(a, b *device) {
			later(a, b)
			a.push()
			b.push()
			b.pull()
			a.pull()
		}, strings.Replace(unseen, ", which it had not seen", "", 1), blind},
		"the earlier edit is pushed last": {func(a, b *device) {
			later(a, b)
			b.push()
			a.push()
		}, waiting, first},
		"the earlier edit is pushed last, then both pull": {func(a, b *device) {
			later(a, b)
			b.push()
			a.push()
			a.pull()
			b.pull()
		}, unseen, first},
		"the earlier editor pulls, then pushes last": {func(a, b *device) {
			later(a, b)
			b.push()
			a.pull()
			a.push()
		}, unseen, first},
		"the answer arrives after the next pull": {func(a, b *device) {
			later(a, b)
			a.push()
			b.pull()
			answer, _ := b.w.server.push(b.id, b.outbox())
			b.pull()
			require.NoError(b.w.t, b.Answer(answer))
		}, own, unseen},
		"the answer arrives after the next pull, and the replaced value had been seen": {func(a, b *device) {
			a.edit(fence, "title", str("Paint"))
			a.push()
			b.pull()
			b.edit(fence, "title", str("Paint it"))
			answer, _ := b.w.server.push(b.id, b.outbox())
			b.pull()
			a.pull()
			require.NoError(b.w.t, b.Answer(answer))
		}, seen, seen},
		"another edit is pulled before the answer arrives": {func(a, b *device) {
			later(a, b)
			b.push()
			answer, _ := a.w.server.push(a.id, a.outbox())
			b.edit(fence, "title", str("Paint it green"))
			b.push()
			a.pull()
			require.NoError(a.w.t, a.Answer(answer))
		}, `Ben's laptop wrote this at 14:02:04, 2s after Ana's phone wrote "Paint it".`, `Ben's laptop wrote this at 14:02:04, 1s after it wrote "Paint it red".`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.device(ana), w.device(ben)
			test.play(a, b)
			require.Equal(t, []string{test.ana, test.ben}, []string{a.sentence(fence, "title"), b.sentence(fence, "title")})
			a.save()
			b.save()
			a.open()
			b.open()
			require.Equal(t, []string{test.ana, test.ben}, []string{a.sentence(fence, "title"), b.sentence(fence, "title")})
		})
	}
}

// later makes both clients edit one title offline, the second one later.
func later(a, b *device) {
	a.edit(fence, "title", str("Paint"))
	a.push()
	a.pull()
	b.pull()
	a.edit(fence, "title", str("Paint it"))
	b.edit(fence, "title", str("Paint it red"))
}

func TestLostEditIsReportedToThePusherAlone(t *testing.T) {
	w := newWorld(t)
	a, b := w.device(ana), w.device(ben)
	later(a, b)
	mine, _ := a.Shown(fence).Get("title")
	a.push()
	b.push()
	n := replica.Notice{Kind: replica.EditReplaced, Key: fence, Fields: []string{"title"}, Code: merge.LostEdit, Other: mine.Stamp}
	require.Equal(t, []replica.Notice{n}, b.TakeNotices())
	require.Empty(t, a.TakeNotices())

	w = newWorld(t)
	a, b = w.device(ana), w.device(ben)
	later(a, b)
	theirs, _ := b.Shown(fence).Get("title")
	b.push()
	a.push()
	n.Kind, n.Other = replica.EditLost, theirs.Stamp
	require.Equal(t, []replica.Notice{n}, a.TakeNotices())
	require.Empty(t, b.TakeNotices())
}

// TestRepairedFieldHasNoWhy: in a repaired field, no write won over another.
func TestRepairedFieldHasNoWhy(t *testing.T) {
	w := newWorld(t)
	a, b := w.device(ana), w.device(ben)
	later(a, b)
	a.push()
	b.push()
	a.pull()
	require.NotEmpty(t, a.sentence(fence, "title"))
	var builder record.Builder
	v := record.FieldValue{Value: str("Paint"), Stamp: clock.Stamp{Time: 1, Client: ana}}
	r, err := builder.Record(fence, func(yield func(string, record.FieldValue) bool) { yield("title", v) })
	require.NoError(t, err)
	w.server.Put(r)
	a.pull()
	require.Equal(t, `"Paint"`, a.title(fence))
	require.Empty(t, a.sentence(fence, "title"))
	a.save()
	a.open()
	require.Empty(t, a.sentence(fence, "title"))

	a.edit(fence, "title", str("Paint it"))
	a.push()
	require.NotEmpty(t, a.sentence(fence, "title"))
	r, err = builder.Record(fence, func(yield func(string, record.FieldValue) bool) { yield("due", v) })
	require.NoError(t, err)
	w.server.Put(r)
	a.pull()
	require.Empty(t, a.sentence(fence, "title"), "the field is gone")
}

// TestWhyLeavesWithItsRecord: the record leaves while the Replica has only an overlay of it, and
// the overlay is below the fence.
func TestWhyLeavesWithItsRecord(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(plainTrailer)
	d.edit(gate, "title", str("x"))
	d.outbox()
	lost := fmt.Sprintf(`[{"verdict":"accepted","changed":true,"fields":{"title":{"outcome":"applied","lost":true,"loser":{"updatedAt":%q,"clientId":%q}}}}]`, at(0)-1, ben)
	require.NoError(t, d.Answer([]byte(lost)))
	d.save()
	require.Len(t, d.kept("why/"), 1)
	d.gets(leftLine(gate), trailerAt(at(5), 2))
	d.save()
	require.Empty(t, d.kept("why/"))
	require.Empty(t, d.kept("record/"))
}
