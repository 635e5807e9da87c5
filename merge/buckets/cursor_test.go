package buckets

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// plain is the position of a client with a number for each bucket, as the protocol is written: the
// oracle for Cursor.
type plain struct {
	epoch string
	c     int64
	loads map[string]*[2]int64 // the last row, and the sequence when the load began
	ended int64                // when the loads began whose buckets were taken away
}

// begin returns why each bucket is loaded again.
func (p *plain) begin(s Snapshot) map[string]string {
	why := make(map[string]string)
	reached := max(p.c, p.ended)
	for _, l := range p.loads {
		reached = max(reached, l[1])
	}
	if p.epoch != s.Epoch || reached > s.Seq {
		first := p.epoch == ""
		*p = plain{s.Epoch, 0, make(map[string]*[2]int64), 0}
		for b := range s.Granted {
			p.loads[b] = &[2]int64{0, s.Seq}
			switch {
			case !first:
				why[b] = WhyEpoch
			case s.Fence > 0:
				why[b] = WhyFence
			}
		}
		return why
	}
	for b, l := range p.loads {
		if _, ok := s.Granted[b]; !ok {
			delete(p.loads, b)
			p.ended = max(p.ended, l[1])
		}
	}
	for b, g := range s.Granted {
		at := p.c
		if l := p.loads[b]; l != nil {
			at = max(l[0], l[1])
		}
		switch {
		case at < g:
			why[b] = WhyGrant
		case at < s.Fence:
			why[b] = WhyFence
		default:
			continue
		}
		p.loads[b] = &[2]int64{0, s.Seq}
	}
	return why
}

func (p *plain) reach(x int64) {
	p.c = max(p.c, x)
	for _, l := range p.loads {
		l[0] = max(l[0], x)
	}
}

// TestCursorIsAPositionForEachBucket compares cursors with the oracle over random histories of
// grants, revocations, fences, restores and chunks. A cursor also passes through its text.
func TestCursorIsAPositionForEachBucket(t *testing.T) {
	most, resets := 0, 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := Snapshot{Epoch: "e", Seq: int64(r.IntN(3)), Granted: map[string]int64{"": 0}}
		if s.Seq > 0 {
			s.Granted["a"] = 1
		}
		var c Cursor
		p := plain{}
		for step := range 60 {
			events := r.IntN(4)
			for events > 0 {
				events--
				b := string(rune('a' + r.IntN(5)))
				switch r.IntN(12) {
				default:
					s.Seq++
				case 0, 1, 2, 3:
					s.Seq++
					s.Granted[b] = s.Seq
				case 4, 5:
					delete(s.Granted, b)
				case 6:
					s.Fence += r.Int64N(s.Seq - s.Fence + 1)
				case 7:
					if r.IntN(10) == 0 {
						s.Epoch += "x"
					}
				case 8:
					if r.IntN(20) == 0 && c.Reached() > 0 { // a restore without a new epoch, which the cursor shows
						s.Seq, events = r.Int64N(c.Reached()), 0
						s.Fence = min(s.Fence, s.Seq)
						maps.DeleteFunc(s.Granted, func(_ string, g int64) bool { return g > s.Seq })
					}
				}
			}
			why := make(map[string]string)
			told, _ := c.Begin(s)
			for _, reset := range told {
				require.True(t, slices.IsSorted(reset.Buckets))
				for _, b := range reset.Buckets {
					why[b] = reset.Why
				}
			}
			require.Equal(t, p.begin(s), why, "seed %d, step %d: %+v", seed, step, c)
			resets += len(why)
			most = max(most, len(c.loads))
			for i := 1; i < len(c.loads); i++ {
				a, b := c.loads[i-1], c.loads[i]
				require.True(t, a.after != b.after || a.begun != b.begun, "two loads that could be one: %+v", c)
			}
			c, p = ends(t, r, c, p, s)
			for b, g := range s.Granted {
				after, begun := p.c, int64(0)
				if l := p.loads[b]; l != nil {
					after, begun = l[0], l[1]
				}
				gotAfter, gotBegun := c.Range(g)
				require.Equal(t, after, gotAfter, "seed %d, step %d, bucket %q: %+v", seed, step, b, c)
				require.Equal(t, max(begun, after), max(gotBegun, gotAfter), "departures to skip in %q: %+v", b, c)
			}
			again, err := ParseCursor(c.String())
			require.NoError(t, err, c.String())
			require.Equal(t, c.String(), again.String())
			c = again
		}
	}
	require.Greater(t, most, 2, "the histories were too simple")
	require.Greater(t, resets, 5000)
}

// ends ends a chunk at a row that a client still lacks, or settles.
func ends(t *testing.T, r *rand.Rand, c Cursor, p plain, s Snapshot) (Cursor, plain) {
	least := s.Seq
	for _, g := range s.Granted {
		after, _ := c.Range(g)
		least = min(least, after)
	}
	if least == s.Seq || r.IntN(3) == 0 {
		c.Settle(s.Seq)
		p.c, p.loads, p.ended = s.Seq, make(map[string]*[2]int64), 0
		return c, p
	}
	x := least + 1 + r.Int64N(s.Seq-least)
	c.Reach(x)
	p.reach(x)
	return c, p
}

// TestFingerprintTellsListsApart: a client is told its buckets whenever the list has changed.
func TestFingerprintTellsListsApart(t *testing.T) {
	seen := make(map[string]bool)
	for _, names := range [][]string{{}, {""}, {"a"}, {"", "a"}, {"a", "b"}, {"ab"}, {"ab", "c"}, {"a", "bc"}, {"a", "b", "c"}} {
		s := Snapshot{Granted: make(map[string]int64)}
		for _, name := range names {
			s.Granted[name] = 0
		}
		require.False(t, seen[s.told()], "%q", names)
		seen[s.told()] = true
	}
}

func TestTextOfACursor(t *testing.T) {
	s := Snapshot{Epoch: "N5XQ", Seq: 8, Granted: map[string]int64{"": 0}}
	var c Cursor
	require.Empty(t, c.String())
	resets, tells := c.Begin(s)
	require.Empty(t, resets)
	require.True(t, tells)
	require.Equal(t, "N5XQ.0.8~first", c.String())
	c.Reach(3)
	require.Equal(t, "N5XQ.3.8~first", c.String())
	c, err := ParseCursor("N5XQ.3.8")
	require.NoError(t, err)
	require.Equal(t, "N5XQ.3.8", c.String(), "as in earlier versions")
	c.Settle(8)
	require.Equal(t, "N5XQ.8", c.String(), "as in earlier versions")
	_, tells = c.Begin(s)
	require.True(t, tells, "the one bucket is told in each chunk, as in earlier versions")
	c.Begin(Snapshot{Epoch: "other", Seq: 12, Granted: s.Granted})
	c.Reach(12)
	require.Equal(t, "other.12", c.String(), "it has caught up with its load")
	c, _ = ParseCursor("N5XQ.8")
	earlier, err := ParseCursor("N5XQ.9.8")
	require.NoError(t, err)
	require.Equal(t, "N5XQ.9", earlier.String(), "an earlier version kept the begin of a load until its end")
	s.Granted["b"], s.Seq = 9, 12
	resets, tells = c.Begin(s)
	require.Equal(t, []Reset{{[]string{"b"}, WhyGrant}}, resets)
	require.True(t, tells)
	require.Regexp(t, `^N5XQ\.8~[0-9a-f]{32}~9_0_12$`, c.String())
	_, tells = c.Begin(s)
	require.False(t, tells, "the client was told the same buckets")
	long := "e.8~a"
	for i := range maxLoads + 1 {
		long += fmt.Sprintf("~%d_0_99", i)
	}
	for _, text := range []string{"x", "8", ".8", "e.8.9.1", "e.-1", "e.+1", "e.1~a~+2_0_3", "e.8~first", "e.8~first~2_0_3", "e.1.8~first~2_0_3", "e.8~", "e.8~a~1", "e.8~a~2_3_2", "e.8~a~3_0_2", "e.8~a~3_0_9~3_0_9", "e.1.2~a~1_0_3", "e.99999999999999999999", long} {
		got, err := ParseCursor(text)
		if text == "e.8~" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrCursor, text)
		require.Zero(t, got)
	}
}

// TestFirstLoadEndsWithAReset: a client that was reset may have made edits since its first chunk, so it is
// not new any longer. A client with other buckets than "" does not keep whether it was.
func TestFirstLoadEndsWithAReset(t *testing.T) {
	first := func(change func(*Snapshot)) (is, again bool) {
		s := Snapshot{Epoch: "e", Seq: 8, Fence: 2, Granted: map[string]int64{"": 0}}
		var c Cursor
		require.False(t, c.IsFirst())
		c.Begin(s)
		require.True(t, c.IsFirst())
		c.Reach(3)
		c, err := ParseCursor(c.String())
		require.NoError(t, err)
		require.True(t, c.IsFirst())
		change(&s)
		c.Begin(s)
		is = c.IsFirst()
		c, err = ParseCursor(c.String())
		require.NoError(t, err)
		return is, c.IsFirst()
	}
	for name, change := range map[string]func(*Snapshot){
		"a fence":    func(s *Snapshot) { s.Seq, s.Fence = 10, 9 },
		"an epoch":   func(s *Snapshot) { s.Epoch = "other" },
		"a restore":  func(s *Snapshot) { s.Seq = 7 },
		"new rights": func(s *Snapshot) { s.Seq = 9; s.Granted["b"] = 9 },
	} {
		is, again := first(change)
		require.False(t, is, name)
		require.False(t, again, name)
	}
	is, again := first(func(s *Snapshot) { s.Seq, s.Fence = 10, 8 })
	require.True(t, is, "the client is not below the fence")
	require.True(t, again)
	is, again = first(func(s *Snapshot) { s.Granted = map[string]int64{} })
	require.True(t, is)
	require.False(t, again)
	c, err := ParseCursor("e.8.8~first")
	require.NoError(t, err)
	require.False(t, c.IsFirst(), "the load has ended")
}

// TestCursorStaysShort: a client that gets new buckets again and again before it has loaded the
// earlier ones begins again with all of them.
func TestCursorStaysShort(t *testing.T) {
	s := Snapshot{Epoch: "e", Seq: 1000, Granted: map[string]int64{"": 0}}
	var c Cursor
	c.Begin(s)
	c.Settle(s.Seq)
	restarts := 0
	for i := range 3 * maxLoads {
		s.Seq += 2
		s.Granted[fmt.Sprint(i)] = s.Seq - 1
		resets, _ := c.Begin(s)
		require.Len(t, resets, 1)
		if len(resets[0].Buckets) > 1 {
			require.Len(t, resets[0].Buckets, i+2, "all buckets")
			restarts++
		}
		c.Reach(int64(i + 1))
		require.LessOrEqual(t, len(c.loads), maxLoads)
		again, err := ParseCursor(c.String())
		require.NoError(t, err)
		c = again
	}
	require.Equal(t, 2, restarts)
}

// TestForgedCursorIsNoShortcut: with any cursor, a client gets no departure from before the grant,
// and a cursor with which it can go on.
func TestForgedCursorIsNoShortcut(t *testing.T) {
	s := Snapshot{Epoch: "e", Seq: 9, Fence: 2, Granted: map[string]int64{"": 0, "a": 4, "b": 7}}
	n := 0
	for _, text := range []string{"e.%d", "e.0.%d", "e.9~x~%d_0_9", "e.3~x~3_0_%d", "e.6~x~5_0_%d", "e.3~x~5_0_%d", "e.0~x~0_1_%d~7_7_8", "e.1~x~8_3_%d"} {
		for i := range 12 {
			text := fmt.Sprintf(text, i)
			c, err := ParseCursor(text)
			if err != nil {
				continue
			}
			c.Begin(s)
			again, err := ParseCursor(c.String())
			require.NoError(t, err, "%s became %s", text, c)
			resets, _ := again.Begin(s)
			require.Empty(t, resets, "%s became %s", text, c)
			for b, g := range s.Granted {
				after, begun := c.Range(g)
				require.GreaterOrEqual(t, max(after, begun), max(g, s.Fence), "%s in %q", text, b)
			}
			n++
		}
	}
	require.Greater(t, n, 40)
}
