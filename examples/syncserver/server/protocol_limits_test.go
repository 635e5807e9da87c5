package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

// amount returns a number as the document writes it, such as 1,000.
func amount(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", amount(n/1000), n%1000)
}

// size returns a number of bytes as the document writes it, such as 2 MiB.
func size(n int64) string {
	for _, unit := range []string{"bytes", "KiB", "MiB"} {
		if n < 1<<10 {
			return fmt.Sprint(n, " ", unit)
		}
		n >>= 10
	}
	return fmt.Sprint(n, " GiB")
}

// TestProtocolHasTheLimits compares the limits in the document with the constants.
func TestProtocolHasTheLimits(t *testing.T) {
	limits, document := section(t, protocol(t), "## Limits"), strings.Join(strings.Fields(protocol(t)), " ")
	days := func(d time.Duration) string { return fmt.Sprint(int64(d / (24 * time.Hour))) }
	a := func(n int) string { return amount(int64(n)) }
	for _, row := range []string{
		"a batch | " + a(maxItems) + " items, " + size(maxBody),
		"names | " + size(maxLoaded) + ", and " + a(maxScopes) + " scopes",
		"an item | " + a(maxFields) + " fields, " + size(maxName),
		"a value | " + size(maxValue),
		"a stored record | " + size(maxRecord),
		"the records of a workspace | " + size(defaultStorage),
		"a stamp | " + fmt.Sprint(int(clock.DefaultMaxAhead.Minutes())) + " minutes",
		"a page of a pull | " + a(maxPage) + " records; " + a(defaultPage) + " without",
		"pushed by a user | " + size(pushedByUser) + " at once, then " + size(pushedByUser/int64(pushTime.Minutes())) + " a minute",
		"workspace " + size(pushedToWorkspace) + ", then " + size(pushedToWorkspace/int64(pushTime.Minutes())) + " a minute",
		"pulled in a minute | " + size(pulledByUser) + " by a user, " + size(pulledOfWorkspace) + " from a workspace",
		"joins | " + a(joinsOfAddress) + " from an address",
		"at once | " + a(pullsOfUser) + " pulls and " + a(uploadsOfUser) + " uploads of more than " + size(smallBody),
		"after " + a(int(pushTimeout.Seconds())) + " seconds `unavailable`",
		"event streams | " + a(listenersOfUser) + " for each user, " + a(listenersOfAddress) + " from an address, " + a(listenersOfWorkspace) + " for a workspace",
		size(readRate) + " a second, pauses of " + a(int(readPatience.Seconds())) + " seconds; a large one gives its place to others after " + a(int(maxUpload.Seconds())) + " seconds",
		"a user | " + a(ClientsOfUser) + " client IDs, " + a(MaxBuckets) + " buckets",
		"| " + a(buckets.MaxName) + ", " + a(maxUser) + ", " + a(maxRole) + " bytes |",
	} {
		require.Contains(t, limits, row)
	}
	require.Equal(t, time.Minute, writeTimeout)
	require.Contains(t, document, "tokens end after "+days(tokenLife)+" days and can be renewed for "+days(renewable)+" days more")
	require.Contains(t, document, "at most "+a(MaxMembers)+" in all")
	require.Contains(t, document, "chunks have up to "+size(columnBytes)+" of stored records")
	require.Contains(t, document, "lines that each hold up to "+a(columnRecords)+" records")
}
