package timeline

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// addNotices adds a mark for each notice before a line of the journal, and returns the later notices, and when
// the last mark arrived. A notice of one client is in the lane of this client.
func (t *Timeline) addNotices(all []fieldlog.Notice, line int, last time.Time) ([]fieldlog.Notice, time.Time) {
	for len(all) > 0 && all[0].Line < line {
		n := all[0]
		all = all[1:]
		last = later(n.Wall, last)
		r := row{line: n.Line, who: "the server", arrived: n.Wall, headline: n.Sentence(t.name)}
		r.exact = fmt.Sprintf("line %d: at the server at %s UTC", n.Line, n.Wall.UTC().Format("2006-01-02 15:04:05.000"))
		lane := server
		if !n.Client.IsZero() {
			lane = t.laneOf(n.Client)
		}
		t.marks = append(t.marks, mark{lane: lane, made: last, arrived: last, shape: notice, moot: true, row: r})
	}
	return all, last
}
