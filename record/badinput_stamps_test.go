package record_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

func itemAt(time, client string) string {
	return itemWith(`"title":{"value":427281,"updatedAt":"` + time + `","clientId":"` + client + `"}`)
}

const (
	goodTime   = "2026-11-22T16:57:17.123000003Z"
	goodClient = "7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234"
)

// stampRows are invalid timestamps and client IDs. Each of them is tried both in the stamp of
// a field and in the stamp of a base.
func stampRows() []badInput {
	var rows []badInput
	refuse := func(kind string, reason error, time, client, secret string) {
		member := "updatedAt"
		if reason == record.ErrClient {
			member = "clientId"
		}
		base := `"base":{"title":{"updatedAt":"` + time + `","clientId":"` + client + `"}}`
		rows = append(rows,
			badInput{kind: kind, name: secret, verdict: refusedItem, text: itemAt(time, client), reason: reason, path: "data.title." + member, secret: secret},
			badInput{kind: kind, name: "base " + secret, verdict: refusedItem, text: `{` + base + `,` + itemOfValue("427281")[1:], reason: reason, path: "base.title." + member, secret: secret})
	}
	for _, time := range []string{
		"2026-11-22T16:57:17.123000003", "2026-11-22T16:57:17+01:00", "2026-11-22T16:57:17-00:00", "2026-11-22T16:57:17+0000", "2026-11-22T16:57:17z",
		"2026-11-22t16:57:17Z", "2026-11-22 16:57:17Z", "2026-11-22T16:57:60Z", "2026-11-22T24:00:00Z", "2026-11-22T16:57Z", "2026-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-11-22T16:57:17.Z", "2026-11-22T16:57:17.1234567891Z", "2026-11-22T16:57:17,5Z", "+2026-11-22T16:57:17Z",
		" 2026-11-22T16:57:17Z", "2026-11-22T16:57:17Z ", "26-11-22T16:57:17Z", "Sun Nov 22 16:57:17 UTC 2026", "1795366637123000003", "20261122T165717Z",
		"1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "2262-04-11T00:00:00Z", "2262-04-11T23:47:16.854775807Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
		"２０２６-11-22T16:57:17Z",
	} {
		refuse("timestamp", record.ErrStamp, time, goodClient, time)
	}
	rows = append(rows,
		badInput{kind: "timestamp", name: "empty", verdict: refusedItem, text: itemAt("", goodClient), reason: record.ErrStamp, path: "data.title.updatedAt"},
		badInput{kind: "timestamp", name: "a number", verdict: refusedItem, text: itemWith(`"title":{"value":1,"updatedAt":1795366637427281,` + someClient + `}`), reason: record.ErrType, path: "data.title.updatedAt"},
		badInput{kind: "timestamp", name: "a long text", verdict: refusedItem, text: itemAt(strings.Repeat("427281", 1000), goodClient), reason: record.ErrStamp, path: "data.title.updatedAt"},
		badInput{kind: "client ID form", name: "empty", verdict: refusedItem, text: itemAt(goodTime, ""), reason: record.ErrClient, path: "data.title.clientId"})
	refuse("nil and greatest client ID", record.ErrClient, goodTime, "00000000-0000-0000-0000-000000000000", "00000000-0000")
	for _, client := range []string{
		"{7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234}", "urn:uuid:7f3c9a52-1d4e-4b6f-8a09-c2d5e6f71234", "7f3c9a521d4e4b6f8a09c2d5e6f71234", "7f3c9a52-1d4e-4b6f-8a09-c2d5e6f7123",
		"7f3c9a52-1d4e-4b6f-8a09-c2d5e6f712345", "7f3c9a52+1d4e-4b6f-8a09-c2d5e6f71234", "7f3c9a52-1d4e-4b6f-8a09-c2d5e6f7123g", "7f3c9a521-d4e-4b6f-8a09-c2d5e6f71234",
		" 7f3c9a52-1d4e-4b6f-8a09-c2d5e6f7123", "7f3c9a52-1d4e-4b6f-8a09-c2d5e6f712é",
	} {
		refuse("client ID form", record.ErrClient, goodTime, client, client)
	}
	return rows
}

func stampAcceptedRows() []badInput {
	var rows []badInput
	accept := func(kind string, time, client, wantTime, wantClient string) {
		rows = append(rows, badInput{kind: kind, name: time + " " + client, verdict: accepted, text: itemAt(time, client), want: itemAt(wantTime, wantClient)})
	}
	rows = append(rows, badInput{kind: "counter member", name: "a member named counter is skipped like any other unknown member", verdict: accepted, want: itemOfValue("1"),
		text: itemWith(`"title":{"value":1,"counter":-1,"Counter":"5","wall":1.0,` + someStamp + `}`)})
	for time, want := range map[string]string{
		"2026-11-22T16:57:17Z":                "2026-11-22T16:57:17.000000000Z",
		"2026-11-22T16:57:17.1Z":              "2026-11-22T16:57:17.100000000Z",
		"2026-11-22T16:57:17.123Z":            "2026-11-22T16:57:17.123000000Z",
		"2026-11-22T16:57:17.12345678Z":       "2026-11-22T16:57:17.123456780Z",
		"2026-11-22T16:57:17.123+00:00":       "2026-11-22T16:57:17.123000000Z",
		"2026-11-22T16:57:17+00:00":           "2026-11-22T16:57:17.000000000Z",
		"2026-11-22T16:57:17.123999999+00:00": "2026-11-22T16:57:17.123999999Z",
		"1970-01-01T00:00:00.000000001Z":      "1970-01-01T00:00:00.000000001Z",
		"2262-04-10T23:59:59.999999999Z":      "2262-04-10T23:59:59.999999999Z",
		`2026-11-22T16:57:17\u002e5Z`:         "2026-11-22T16:57:17.500000000Z",
	} {
		accept("timestamp", time, goodClient, want, goodClient)
	}
	accept("nil and greatest client ID", goodTime, "ffffffff-ffff-ffff-ffff-ffffffffffff", goodTime, "ffffffff-ffff-ffff-ffff-ffffffffffff")
	accept("client ID form", goodTime, "7F3C9A52-1D4E-4B6F-8A09-C2D5E6F71234", goodTime, goodClient)
	accept("client ID form", goodTime, "7f3C9a52-1D4e-4b6f-8A09-c2d5E6f71234", goodTime, goodClient)
	// The version is the first digit of the third group, the variant is the first digit of
	// the fourth.
	for _, version := range "0123456789abcdef" {
		for _, variant := range "08cef" {
			client := "7f3c9a52-1d4e-" + string(version) + "b6f-" + string(variant) + "a09-c2d5e6f71234"
			accept("UUID version and variant", goodTime, client, goodTime, client)
		}
	}
	return rows
}

// TestReusedAndRewoundStampsAreReported checks that stamps that are used twice or run
// backwards are accepted, and that merge.Changes reports them.
func TestReusedAndRewoundStampsAreReported(t *testing.T) {
	stored := decodeOne(t, itemAt(goodTime, goodClient))
	for _, c := range []struct {
		name, item string
		outcome    merge.Outcome
		want       string
	}{
		{"the same write", itemAt(goodTime, goodClient), merge.Equal, "427281"},
		{"the same write, spelled another way", strings.Replace(itemAt("2026-11-22T16:57:17.123000003+00:00", strings.ToUpper(goodClient)), "427281", "427281.0", 1), merge.Equal, "427281"},
		{"a greater value", strings.Replace(itemAt(goodTime, goodClient), "427281", `5`, 1), merge.Collision, "5"},
		{"a smaller value", strings.Replace(itemAt(goodTime, goodClient), "427281", `"x"`, 1), merge.Collision, "427281"},
		{"a deletion", strings.Replace(itemAt(goodTime, goodClient), `"value":427281`, `"deleted":true`, 1), merge.Collision, "deleted"},
		{"a stamp that runs backwards", strings.Replace(itemAt("2016-01-01T00:00:00Z", goodClient), "427281", "1", 1), merge.Superseded, "427281"},
	} {
		t.Run(c.name, func(t *testing.T) {
			incoming := decodeOne(t, c.item)
			for _, change := range merge.Changes(stored, incoming) {
				require.Equal(t, c.outcome, change.Outcome)
			}
			for _, pair := range [][2]record.Record{{stored, incoming}, {incoming, stored}} {
				joined, err := merge.Records(pair[0], pair[1])
				require.NoError(t, err)
				w, _ := joined.Get("title")
				require.Equal(t, c.want, w.Value.String())
			}
		})
	}
}

func decodeOne(t *testing.T, item string) record.Record {
	t.Helper()
	var d record.Decoder
	m, err := d.Mutation([]byte(item))
	require.NoError(t, err)
	return m.Data
}
