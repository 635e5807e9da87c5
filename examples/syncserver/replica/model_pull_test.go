package replica_test

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// portion is how much of the answer to a pull arrives.
type portion int

const (
	whole     portion = iota
	noLine            // a reset, or nothing, and then a trailer
	untilLine         // the line of the record, and then a trailer that says that more is to come
)

// begin returns where a chunk begins, and why the client is reset, or "".
func (x *modelSearch) begin(s *modelState, at modelCursor) (from modelCursor, why string) {
	load := modelCursor{pulled: true, epoch: s.epoch, begun: s.seq, loads: true}
	switch {
	case !at.pulled:
		load.first = x.live
		return load, ""
	case at.epoch != s.epoch || max(at.seq, at.begun) > s.seq:
		return load, replica.WhyEpoch
	case max(at.seq, at.begun) < s.floor:
		return load, replica.WhyFence
	}
	return at, ""
}

// spares reports whether a chunk that begins at a cursor leaves out the record because it is dead: the client has never
// held it.
func (x *modelSearch) spares(s *modelState, at modelCursor) bool {
	return at.first && (s.changed <= at.begun || x.wire.sparesAll) && dead(x.rec(s.stored), s.fence)
}

// chunk returns a chunk for a cursor. It is nil if the portion is not less than the whole.
func (x *modelSearch) chunk(s *modelState, text string, p portion) []byte {
	at, why := x.begin(s, parseModelCursor(text))
	var lines []byte
	if why != "" && !x.wire.noReset {
		lines = fmt.Appendf(lines, `{"reset":[""],"why":%q}`+"\n", why)
	}
	n := merge.Purge(x.rec(s.stored), timeOf(s.fence), s.level)
	line := s.stored != "" && s.changed > at.seq
	switch {
	case p != whole && !line && (why == "" || p == untilLine):
		return nil
	case p == noLine || !line || x.spares(s, at):
	case n.Len() > 0:
		mutation := record.Mutation{Data: n}.AppendJSON(nil)
		lines = fmt.Appendf(lines, `{"seq":%d,"in":[""],%s`+"\n", s.changed, mutation[1:])
	case at.loads && s.changed <= at.begun:
	default:
		lines = fmt.Appendf(lines, `{"seq":%d,"table":"tasks","id":"1","left":true}`+"\n", s.changed)
	}
	switch p {
	case whole:
		at = modelCursor{pulled: true, epoch: s.epoch, seq: s.seq}
	case untilLine:
		at.seq = s.changed
	}
	return append(lines, x.trailer(s, at, p != whole)...)
}

// trailer returns the last line of a chunk.
func (x *modelSearch) trailer(s *modelState, at modelCursor, more bool) []byte {
	line := fmt.Appendf(nil, `{"cursor":%q`, at)
	if more && !x.wire.alwaysSettled {
		line = append(line, `,"more":true`...)
	}
	if s.fence != "" && !x.wire.noFence {
		line = fmt.Appendf(line, `,"fence":%q`, s.fence)
	}
	if told := max(s.fence, s.sampled, s.greatest); told != "" {
		line = fmt.Appendf(line, `,"clock":%q`, told)
	}
	if x.wire.namesBucket {
		line = append(line, `,"buckets":[""]`...)
	}
	return fmt.Appendf(line, `,"level":%d}`+"\n", s.level)
}

// pull lets a client pull.
func (x *modelSearch) pull(s *modelState, i int) {
	for p, name := range [...]string{whole: "pulls", noLine: "pulls no more than what precedes the record", untilLine: "pulls no more than the record"} {
		if portion(p) != whole && !x.portions {
			continue
		}
		t := *s
		r := x.open(&t, i, "")
		lines := x.chunk(&t, r.Cursor(), portion(p))
		if lines == nil {
			continue
		}
		before, loading := r.Shown(modelKey), s.clients[i].loading()
		x.pulled(&t, i, r, lines, portion(p))
		broken := law("")
		switch {
		case portion(p) == whole:
			broken = x.checkSynced(&t, i, r)
		case portion(p) == noLine && !loading && !t.clients[i].loading():
			broken = x.checkStays(before, r)
		}
		if broken == "" {
			broken = x.checkClient(&t, i, r)
		}
		x.visit(t, byClient(i, name), broken)
	}
}

// pulled applies a chunk.
func (x *modelSearch) pulled(s *modelState, i int, r *replica.Replica, lines []byte, p portion) {
	c := &s.clients[i]
	at := c.cursor()
	if at.pulled && at.epoch != s.epoch {
		x.release(c)
	}
	from, _ := x.begin(s, at)
	pull := r.BeginPull()
	if err := r.Pulled(&pull, lines); err != nil {
		panic(err)
	}
	if neverHeld := x.spares(s, from) || x.live && c.ideal == "" && s.changed <= from.seq; p != noLine && !neverHeld {
		c.ideal = s.ideal
	}
	c.fence, c.level = s.fence, s.level
	for j := range c.edits {
		if p == whole || at.epoch != s.epoch {
			c.edits[j].answered = 0
		}
	}
	x.save(s, i, r)
}

// release notes which writes a client need not send again to a restored server: a later write of the
// field replaces them, its own or one that it pulled before its last settled pull ended; the fence has
// passed the deletion; or the record is dead. A write that a pulled one replaces is sent again until a
// settled pull has followed its answer: the author of the other may be gone.
func (x *modelSearch) release(c *modelClient) {
	ideal := x.rec(c.ideal)
	own := record.New(modelKey)
	for _, e := range c.edits {
		own = join(own, x.rec(e.data))
	}
	for j := range c.edits {
		e := &c.edits[j]
		for name, w := range x.rec(e.data).All() {
			bit := uint8(1) << slices.Index(modelFields[:], name)
			v, _ := ideal.Get(name)
			mine, _ := own.Get(name)
			isOld, isForgotten := w.Stamp.Time <= timeOf(c.fence), v.Compare(w) > 0 && e.answered&bit == 0
			if isForgotten || mine.Compare(w) > 0 || isOld && (w.Deleted() || dead(ideal, c.fence)) {
				e.released |= bit
			}
		}
	}
}
