package browsertest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// TestPageCanBeUsedDuringItsFirstSync holds back all but the first chunk of the first pull. The page shows the tasks of
// this chunk and how much is missing, and accepts an edit. Later it shows all tasks, and sends the edit.
func TestPageCanBeUsedDuringItsFirstSync(t *testing.T) {
	b := browserOf(t)
	server := newServer(t)
	ana := newcomer(t, "http://"+server.Address)
	const tasks = 60
	for i := range tasks {
		key := record.Key{Table: board.Tasks, ID: fmt.Sprint("task ", i)}
		require.NoError(t, ana.Replica.Edit(key, map[string]record.Value{board.Title: record.MustOf(fmt.Sprint("Task ", i))}))
	}
	require.NoError(t, ana.Sync(t.Context()))
	n := newNetwork(t, server)
	release := n.pausePulls()
	tab, err := b.Open(n.URL + "/?only=left")
	require.NoError(t, err)
	defer tab.Close()

	const counted = `[...document.querySelectorAll('.column .count')].reduce((sum, e) => sum + Number(e.textContent), 0)`
	require.NoError(t, tab.Wait(counted+` > 0`))
	require.NoError(t, tab.Wait(`!document.querySelector('progress').hidden`))
	require.NoError(t, tab.Wait(`document.querySelector('progress').value > 0 && document.querySelector('progress').value < 1`))
	require.NoError(t, tab.Wait(`(() => {
		const due = document.querySelector('[data-testid="task-due"]');
		due.value = '2027-01-01';
		due.dispatchEvent(new Event('change'));
		return due.value === '2027-01-01';
	})()`))
	require.NoError(t, tab.Wait(`document.querySelector('[data-look="waiting"]') && `+counted+` < `+fmt.Sprint(tasks)))
	release()
	require.NoError(t, tab.Wait(counted+` === `+fmt.Sprint(tasks)+` && document.querySelector('progress').hidden`))
	require.NoError(t, tab.Wait(`document.querySelector('[data-testid="outbox-count"]').textContent === 'Outbox empty'`))
	require.Empty(t, tab.Errors())
}

// pausePulls holds back the answer to each pull after each of its chunks, until the function that it returns is called.
func (n *network) pausePulls() (release func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	paused := make(chan struct{})
	n.paused = paused
	return func() { close(paused) }
}

// pausing passes the lines of an answer on, and waits after each trailer.
func (n *network) pausing(answer io.ReadCloser, paused chan struct{}) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		defer answer.Close()
		lines := bufio.NewReader(answer)
		for {
			line, err := lines.ReadBytes('\n')
			if _, broken := w.Write(line); broken != nil || err != nil {
				w.CloseWithError(err)
				return
			}
			if bytes.HasPrefix(line, []byte(`{"cursor"`)) {
				select {
				case <-paused:
				case <-n.over:
				}
			}
		}
	}()
	return r
}
