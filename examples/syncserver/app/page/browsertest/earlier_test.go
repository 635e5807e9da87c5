package browsertest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestPageOpensStorageOfEarlierVersion: the page opens what an earlier version of it has stored. The
// left side was offline with two edits. The page shows and sends these edits, and both sides remain
// the same devices. The database and the browser storage in testdata were written by the server and the
// page of commit 49a68aa, the last version whose cursor was a number.
func TestPageOpensStorageOfEarlierVersion(t *testing.T) {
	entries, err := os.ReadFile("testdata/unfenced.json")
	require.NoError(t, err)
	b := browserOf(t)
	p, err := program.Start(databasetest.Unpacked(t, "testdata/unfenced.db.gz"))
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	n := newNetwork(t, p)
	tab, err := b.Open(n.URL + "/page/dom.js") // of the same origin, and without the page
	require.NoError(t, err)
	s := &screen{t: t, tab: tab, network: n}
	require.Equal(t, 2, eval[int](s, `Promise.all(Object.entries(`+string(entries)+`).map(([side, entries]) => new Promise((resolve, reject) => {
		const open = indexedDB.open('fieldlww-demo-' + side, 1);
		open.onupgradeneeded = () => open.result.createObjectStore('entries');
		open.onsuccess = () => {
			const transaction = open.result.transaction('entries', 'readwrite');
			for (let i = 0; i < entries.length; i += 2) transaction.objectStore('entries').put(entries[i + 1], entries[i]);
			transaction.onabort = () => reject(transaction.error);
			transaction.oncomplete = () => { open.result.close(); resolve(); };
		};
	}))).then((sides) => sides.length)`))
	eval[bool](s, `Boolean(location = "/")`)

	s = attach(t, tab, n)
	require.Equal(t, "3af0f61b-8444-4112-a54c-5260e937278a", s.left.Client())
	require.Equal(t, "efffde94-ce73-4a16-ad93-3143027fd4df", s.right.Client())
	s.left.Waits(2)
	s.left.Shows("Paint it blue", "Order the paint")
	s.right.Shows("Paint it red")
	require.Equal(t, "6", s.left.Cursor())
	require.Contains(t, s.left.Why("Paint it blue", "title"), "waits in the outbox")

	s.left.Online(true)
	s.right.Shows("Paint it blue", "Order the paint")
	s.agree()
	require.Equal(t, 1, s.right.shown().Deleted)
	s.right.SetTitle("Order the paint", "Order red paint")
	s.left.Shows("Paint it blue", "Order red paint")
	s.agree()
	require.Contains(t, s.left.Why("Paint it blue", "title"), "It replaced ‘Paint it red’, written by Ben’s laptop")
	require.Contains(t, s.left.Cursor(), ".", "the cursor of this version names the epoch")
	require.Empty(t, append(s.left.shown().Notices, s.right.shown().Notices...))
}
