package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

func TestAnswerThatDoesNotFitTheBatchChangesNothing(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("secret"))
	d.save()
	d.TakeChanged()
	outbox := d.outbox()
	for _, answer := range []string{
		``, `{}`, `[]`, `[{"verdict":"accepted"},{"verdict":"accepted"}]`, `[{"verdict":"secret"}]`,
		`[{"table":"projects","verdict":"accepted"}]`, `[{"id":"secret","verdict":"accepted"}]`,
		`[{"verdict":"refused","code":"too_far_ahead","retryable":true}]`,
	} {
		err := d.Answer([]byte(answer))
		require.ErrorIs(t, err, replica.ErrAnswer, answer)
		require.NotContains(t, err.Error(), "secret")
	}
	require.Equal(t, outbox, d.outbox())
	require.Empty(t, d.TakeSaves())
	require.Empty(t, d.TakeChanged())

	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"server_clock","retryable":true}]`)))
	require.Equal(t, outbox, d.outbox(), "a temporarily refused item stays")
	require.Empty(t, d.TakeNotices())
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"too_far_ahead","serverTime":"2026-03-02T14:02:00.000000000Z"}]`)))
	require.Equal(t, replica.ClockCorrected, d.TakeNotices()[0].Kind)
	require.NotEmpty(t, d.outbox(), "an item that was too far ahead stays, even if the reply does not say retryable")
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"new"}]`)))
	require.Empty(t, d.outbox())
	d.edit(fence, "title", str("Paint"))
	d.outbox()
	require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","retryable":true,"fields":{"title":{"lost":true}}}]`)))
	require.Empty(t, d.outbox())
	require.Len(t, d.TakeNotices(), 1, "only the refusal is reported: a lost edit that names no other write is not")
}

// TestAnswerWithAnIncompleteStampChangesNothing: an answer that names a write without its time or
// its client could not be saved.
func TestAnswerWithAnIncompleteStampChangesNothing(t *testing.T) {
	for _, field := range []string{
		`"winner":{"updatedAt":"2026-03-02T14:02:05.000000000Z"}`, `"winner":{"clientId":"` + ben.String() + `"}`,
		`"loser":{"updatedAt":"2026-03-02T14:02:05.000000000Z"}`, `"loser":{}`,
	} {
		d := newWorld(t).device(ana)
		d.edit(fence, "title", str("Paint"))
		d.save()
		outbox := d.outbox()
		err := d.Answer([]byte(`[{"verdict":"accepted","fields":{"title":{"outcome":"superseded","lost":true,` + field + `}}}]`))
		require.ErrorIs(t, err, replica.ErrAnswer, field)
		require.Empty(t, d.TakeSaves())
		require.Empty(t, d.TakeNotices())
		require.Equal(t, outbox, d.outbox())
	}
}

func TestInvalidEditChangesNothing(t *testing.T) {
	d := newWorld(t).device(ana)
	require.ErrorIs(t, d.Edit(fence, nil), replica.ErrNoFields)
	require.ErrorIs(t, d.Edit(record.Key{}, map[string]record.Value{"x": str("")}), record.ErrName)
	require.ErrorIs(t, d.Edit(fence, map[string]record.Value{"x": str(""), "$x": str("")}), record.ErrName)
	require.Error(t, d.Edit(fence, map[string]record.Value{record.DeletedField: str("")}))
	require.Empty(t, d.TakeSaves())
	require.Empty(t, d.TakeChanged())
	require.Empty(t, d.outbox())
	require.Zero(t, d.Shown(fence).Len())
}

// TestUnreadablePageChangesNothing: the cursor stays as well.
func TestUnreadablePageChangesNothing(t *testing.T) {
	w := newWorld(t)
	d, b := w.device(ana), w.device(ben)
	b.edit(fence, "title", str("secret"))
	b.push()
	page, next := w.server.pull("", 1000)
	for _, lines := range []string{"x", string(page) + "{}", string(page[:len(page)-9]), string(page) + `{"seq":2,"table":"tasks","id":"","data":{}}`} {
		err := d.pulled([]byte(lines), next)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
	}
	require.Empty(t, d.Cursor())
	require.Zero(t, d.Shown(fence).Len())
	require.Empty(t, d.TakeSaves())
	d.pull()
	d.save()
	require.NoError(t, d.pulled([]byte(" \n"), d.Cursor()))
	require.Empty(t, d.TakeSaves())
}

// TestNoticesAreBounded: neither an app that does not take notices nor a server that sends any
// number of notes can fill the memory. The last notices are kept.
func TestNoticesAreBounded(t *testing.T) {
	d := newWorld(t).device(ana)
	notes := strings.Repeat(`"update_of_deleted",`, 10_000) + `"rewound","collision"`
	for i := range 10 {
		d.edit(fence, "title", str(fmt.Sprint(i)))
		d.outbox()
		require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","notes":[`+notes+`]}]`)))
	}
	notices := d.TakeNotices()
	require.Len(t, notices, 1000)
	require.Equal(t, replica.RecordDeleted, notices[999].Kind)
	require.Empty(t, d.TakeNotices())
	d.edit(fence, "title", str("forbidden"))
	d.outbox()
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"forbidden","detail":"`+strings.Repeat("é", 1<<20)+`"}]`)))
	require.Equal(t, strings.Repeat("é", 500), d.TakeNotices()[0].Detail)
	d.edit(fence, "title", str("x"))
	d.outbox()
	require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","notes":["collision"]}]`)))
	require.Equal(t, replica.NewIDNeeded, d.TakeNotices()[0].Kind, "it is reported again after the notices were taken")
}

// TestAnswerWithTooManyRepliesIsNotReadToItsEnd: reading stops once there are more replies than
// items.
func TestAnswerWithTooManyRepliesIsNotReadToItsEnd(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("x"))
	d.outbox()
	answer := []byte(`[` + strings.Repeat(`{},`, 1<<20) + `{}]`)
	require.Less(t, allocated(func() { require.ErrorIs(t, d.Answer(answer), replica.ErrAnswer) }), float64(1<<20))
	for _, more := range []string{`[{"verdict":"accepted"}]x`, `[{"verdict":"accepted"}`, `[{"verdict":"accepted"}][]`, `[{"verdict":1}]`, `null`, `"x"`} {
		require.ErrorIs(t, d.Answer([]byte(more)), replica.ErrAnswer, more)
	}
	require.Equal(t, 1, d.NumWaiting())
	require.NoError(t, d.Answer([]byte(" [ {\"verdict\":\"accepted\"} ]\n")))
}
