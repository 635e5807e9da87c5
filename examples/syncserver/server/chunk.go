package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// trailer is the last line of each chunk of a pull with a cursor.
type trailer struct {
	// Cursor is what the client passes to its next pull, once it has applied the chunk.
	Cursor string `json:"cursor"`
	// More says that the client still lacks records, even if the answer ends here. Omitted if the
	// client has everything.
	More bool `json:"more,omitempty"`
	// Reached and Last say how far the client is: it has what it lacked up to the first sequence, and the
	// last sequence of the workspace is the second one. Omitted if the client has everything.
	Reached int64 `json:"reached,omitempty"`
	Last    int64 `json:"last,omitempty"`
	// Buckets names the buckets that the user of the client has, sorted. Nil, and then omitted, if the
	// client was told the same names before. The one bucket "" is different: it is named in each trailer
	// if the server has Options.Buckets, because the client then knows that there may be records which its
	// user may not read. Otherwise it is named only to a client that was told other names before.
	Buckets []string `json:"buckets,omitzero"`
	// Fence and Level are the arguments of merge.Purge. With them, the client purges the records that
	// it stores and judges its own edits. Fence is omitted if nothing was ever purged.
	Fence clock.Timestamp `json:"fence,omitzero"`
	Level int             `json:"level"`
	// Clock is a lower bound for the clock of the client. A fence that rises before the next pull of
	// the client either has at most this stamp, so the next edits of the client are above it, or has
	// a sequence above the cursor, so the client must pull everything again. Omitted if nothing was
	// ever written.
	Clock clock.Timestamp `json:"clock,omitzero"`
	// Seen says what the client has pulled when it has everything. The client repeats it in the items that it
	// makes from now on, and the journal keeps it there. Omitted if the client still lacks records.
	Seen record.Seen `json:"seen,omitzero"`
}

// resetLine tells a client to remove some buckets from all records that came from the server, because
// their records follow again.
type resetLine struct {
	Reset []string `json:"reset"` // the buckets
	Why   string   `json:"why"`   // see buckets.Reset
}

// leftLine tells a client to forget a record.
type leftLine struct {
	Seq   int64  `json:"seq"`
	Table string `json:"table"`
	ID    string `json:"id"`
	Left  bool   `json:"left"`
	// Erased says that the record has left because it was erased, so the client forgets what its user
	// sees of it elsewhere, for example in messages.
	Erased bool `json:"erased,omitempty"`
}

// servePullCursor answers GET /v1/pull?cursor=C&limit=M with the records that changed since the
// cursor, in chunks. Each chunk ends with a trailer. A client applies a chunk in one step when its
// trailer has arrived, and discards lines without a trailer. The lines of a chunk are
//
//	{"reset":["project/42"],"why":"grant"}
//	{"seq":7,"in":["project/42"],"table":"tasks","id":"42","data":{…}}
//	{"seq":8,"table":"tasks","id":"43","left":true}
//	{"cursor":"N5XQ.8~5f0c…","buckets":["project/42"],"fence":"2026-01-02T…","level":1,"clock":"2026-03-02T…","seen":{"epoch":"N5XQ","seq":8}}
//
// The first cursor is empty. Resets come first: the client removes these buckets from all records that
// came from the server, and all buckets that the trailer does not name if it names any. It forgets the
// records that are in no bucket then. A record replaces the client's version of it. A line with "left"
// tells the client to forget a record that has left its buckets; it also has "erased":true if the record
// was erased. The answer ends when the client has everything, or after about M records. A trailer after which
// more follows also says how far the client is: {…,"more":true,"reached":16,"last":10482}.
//
// If the header Accept names the media type columnsType with v=1, the records are sent as columns, which take
// half of the time on a slow network:
//
//	Accept: application/vnd.fieldlww.columns+jsonl;v=1, application/jsonl;q=0.5
func (s *Frontend) servePullCursor(w http.ResponseWriter, r *http.Request, m Sender) error {
	p := Page{Sender: m, chunk: firstRecords}
	w.Header().Add("Vary", "Accept")
	p.columns = accepts(r.Header.Values("Accept"), columnsType, "1")
	var err error
	if p.Cursor, err = cursorOf(r); err != nil {
		return err
	}
	if p.old, err = s.lensOf(r); err != nil {
		return err
	}
	if p.Limit, err = limitOf(r); err != nil {
		return Malformed(err)
	}
	reader, err := s.beginPull(w, r, m)
	if err != nil {
		return err
	}
	defer reader.leave()
	z := s.sealing(w, r, p.columns)
	return s.sendChunks(reader, z, func() ([]part, bool, error) { return s.nextChunk(r.Context(), &p, z) })
}

// nextChunk returns the next chunk of an answer, and whether more follow in it.
func (s *Frontend) nextChunk(ctx context.Context, p *Page, z *sealer) (parts []part, more bool, err error) {
	parts, more, err = s.pullChunk(ctx, p)
	if more = more && p.Limit > 0; err == nil && !z.admits(p.all, more) {
		return nil, false, nil
	}
	return parts, more, err
}

// cursorOf reads the cursor in the query of a request. Its failure has a code of its own: a client
// drops the items of a push that is refused as malformed, but the cursor says nothing about them.
func cursorOf(r *http.Request) (buckets.Cursor, error) {
	c, err := buckets.ParseCursor(r.URL.Query().Get("cursor"))
	if err != nil {
		return c, &failure{http.StatusBadRequest, "invalid_cursor", err.Error(), err}
	}
	return c, nil
}

// pullChunk returns the next chunk, and whether more chunks follow. It advances p past the chunk.
func (s *Frontend) pullChunk(ctx context.Context, p *Page) (parts []part, more bool, err error) {
	now, err := s.backend.Snapshot(ctx, p)
	if err != nil {
		return nil, false, err
	}
	at := p.Cursor
	resets, tells := at.Begin(now.Snapshot)
	if !p.begun {
		s.metrics.countPull(p.Cursor, now, len(resets) > 0)
		p.begun = true
	}
	tells = tells && (s.options.Buckets != nil || p.Cursor.Divided() || at.Divided())
	l := lines{columns: p.columns}
	for _, reset := range resets {
		l.add(resetLine{reset.Buckets, reset.Why})
	}
	read := chunk{s.filing(), at, now, p.old}
	for _, r := range now.Records {
		s.logUntranslated(ctx, p.Sender, read.addRecord(&l, r))
	}
	p.Cursor, p.all = now.after(at), now.isOfAll()
	p.Limit -= int64(len(now.Records))
	l.end(s.trailer(p.Cursor, now, tells))
	return l.parts, now.More, nil
}

// trailer returns the trailer of a chunk.
func (s *Frontend) trailer(at buckets.Cursor, now Snapshot, tells bool) trailer {
	t := trailer{
		Cursor: at.String(), More: now.More, Fence: now.Purged, Level: max(now.Level, 1),
		Clock: max(now.Purged, now.Sampled, min(now.Latest, greatest(s.options.Now()))),
	}
	if tells {
		t.Buckets = now.Buckets()
	}
	if now.More {
		t.Reached, t.Last = now.Reached, now.Seq
	} else {
		t.Seen = record.Seen{Epoch: now.Epoch, Seq: now.Seq}
	}
	return t
}

// appendLine appends a line.
func appendLine(dst []byte, line any) []byte {
	text, _ := json.Marshal(line) // the lines always have a JSON form
	return append(append(dst, text...), '\n')
}

// chunk is what the lines of a chunk are made from.
type chunk struct {
	of  buckets.Func // nil if there is only the bucket ""
	at  buckets.Cursor
	now Snapshot
	old *lens.Lens // of an old client; nil for one of the version that is stored
}

// addRecord adds the line for a record that was found: its normal form or, if the client may not
// read it, a line that says that it has left. It adds nothing if the record left each bucket under
// which it was found before the client began to load that bucket, because the client never had it there.
//
// A client that loads for the first time gets no record that was dead when it began, also at level 1, where the
// deletion is kept: each edit that it makes from now on is above the fence, because its clock follows the trailer, and
// says New, because it was shown no such record. So it begins a new life wherever it is judged. The client may have
// made edits before, with a clock below the fence: if one of them is of a dead record, it is shown until the server
// refuses it as gone. A record that has died since the load began is sent, because an earlier chunk may have
// brought it. A client that is reset needs the dead records, because its waiting edits may be older than the fence.
//
// All of this is decided on the form that is stored; only the fields are sent in the form of the client. The error says
// which fields are not sent, because they cannot be translated.
func (c chunk) addRecord(l *lines, r Found) error {
	isNew := func(name string) bool {
		granted, ok := c.now.Granted[name]
		_, begun := c.at.Range(granted)
		return ok && r.Seq > begun
	}
	n, in := merge.Purge(r.Record, c.now.Purged, c.now.Level), []string{""}
	switch {
	case c.of != nil:
		in = c.now.Has(c.of.Of(n, c.now.Purged))
	case n.Len() == 0, c.at.IsFirst() && n.Deleted() && merge.Purge(n, c.now.Purged, 2).Len() == 0 && !isNew(""):
		in = nil
	}
	if len(in) > 0 {
		sent, err := lowered(c.old, n)
		l.addRecord(record.Row{Record: sent, In: in, Seq: r.Seq})
		return err
	}
	under := []string{""}
	if r.Under != "" {
		json.Unmarshal([]byte(r.Under), &under) // the backend has made it
	}
	if slices.ContainsFunc(under, isNew) {
		l.add(leftLine{r.Seq, r.Key().Table, r.Key().ID, true, r.Erased()})
	}
	return nil
}

// appendNames appends the names of buckets as a JSON array.
func appendNames(dst []byte, names []string) []byte {
	if len(names) == 1 && names[0] == "" {
		return append(dst, `[""]`...)
	}
	text, _ := json.Marshal(names) // names always have a JSON form
	return append(dst, text...)
}
