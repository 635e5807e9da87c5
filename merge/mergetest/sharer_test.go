package mergetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// sharer is a correct backend with buckets. Its rule can add a mistake. Its cursors say everything in
// plain text, so that a rule can change any part of them.
type sharer struct {
	*purger
	shareRule
}

// shareRule holds the mistakes of a sharer, and some correct variations.
type shareRule struct {
	purgeRule

	noB           bool // a load does not note where it began
	noGrant       bool // cursors are not compared with grants
	grantFree     bool // a grant takes no sequence
	regrantOld    bool // a bucket that is granted again keeps the sequence of its first grant
	sendsGone     bool // a load sends all departures
	fromLog       bool // a load sends departures that came while it was loading or before, if the flag says live
	noDepartures  bool // departures are not stored
	noReset       bool // only a load of everything resets
	leftOfAny     bool // a departure from one bucket forgets the record
	silent        bool // the buckets of a client are never told
	toldOnce      bool // the server notes which buckets it told
	rightsOnce    bool // rights are read once for all pages of a pull
	keepsC        bool // after a restore, the cursor goes on
	ofLog         bool // a line names only the bucket in whose log it was found
	sharesSeq     bool // departures share a sequence with the row before
	newSeqOfDead  bool // a new life or an erasure gives the rows of the dead record a new sequence
	purgesAll     bool // all departures are purged, whatever the fence is
	evictsDeleted bool // a record that leaves is deleted
	allIn         bool // a line names all buckets of its record
	losesRights   bool // rights are lost in a restart
	folds         bool // buckets are compared without case

	mayRead  func(s *sharer, rights buckets.Rights) func(record.Record) bool
	mayWrite func(s *sharer, rights buckets.Rights) func(seen, after record.Record, m record.Mutation) error
	replies  func(s *sharer, client clock.ClientID, batch, answer []byte) []byte
	hints    func(s *sharer, client clock.ClientID) []string // what each page tells besides
}

// shares are the rights of the clients, and the log of each bucket.
type shares struct {
	shareRule
	rights map[clock.ClientID]map[string]int64
	logs   map[string]map[record.Key]logRow
	first  map[string]int64 // the sequences of first grants, of regrantOld
	told   map[string]string
	once   map[clock.ClientID]map[string]int64
}

// logRow is a row of the log of a bucket.
type logRow struct {
	seq  int
	gone bool
}

func (s *shares) copy() *shares {
	if s == nil {
		return nil
	}
	c := *s
	c.rights, c.logs = map[clock.ClientID]map[string]int64{}, map[string]map[record.Key]logRow{}
	for client, rights := range s.rights {
		c.rights[client] = maps.Clone(rights)
	}
	for bucket, rows := range s.logs {
		c.logs[bucket] = maps.Clone(rows)
	}
	return &c
}

// of returns the buckets of a record.
func (s *shares) of(r record.Record, d *disk) []string {
	return buckets.Func(Buckets).Of(r, d.purge.fence.stamp)
}

// log adds the rows of an update to the logs.
func (s *shares) log(before, after record.Record, d *disk) {
	if s == nil {
		return
	}
	key, is, was := after.Key(), s.of(after, d), s.of(before, d)
	put := func(bucket string, gone bool) {
		if s.logs[bucket] == nil {
			s.logs[bucket] = map[record.Key]logRow{}
		}
		if s.logs[bucket][key] = (logRow{d.seq, gone}); gone && s.noDepartures {
			delete(s.logs[bucket], key)
		}
	}
	for _, bucket := range is {
		put(bucket, false)
	}
	for bucket, rows := range s.logs {
		row, has := rows[key]
		if slices.Contains(is, bucket) || !has {
			continue
		}
		if slices.Contains(was, bucket) || s.newSeqOfDead && !row.gone {
			put(bucket, true)
		}
	}
	if s.sharesSeq && d.seq > 1 {
		for bucket, rows := range s.logs {
			if row := rows[key]; row.gone && row.seq == d.seq {
				s.logs[bucket][key] = logRow{d.seq - 1, true}
			}
		}
	}
}

func sharing(rule shareRule) newBackend {
	return over(func(m *memory) Backend {
		s := &sharer{rule.purgeRule.over(m), rule}
		if m.disk.shares == nil {
			m.disk.shares = &shares{rights: map[clock.ClientID]map[string]int64{}, logs: map[string]map[record.Key]logRow{}, first: map[string]int64{}, told: map[string]string{}, once: map[clock.ClientID]map[string]int64{}}
		}
		m.disk.shares.shareRule = rule
		if rule.losesRights && len(m.disk.rows) > 0 {
			m.disk.shares.rights = map[clock.ClientID]map[string]int64{schedule.Newcomer(): m.disk.shares.rights[schedule.Newcomer()]}
		}
		finds := m.finds
		m.finds = func(m *memory, stored *merge.Stored) {
			finds(m, stored)
			client := s.asked.Actor
			rights := buckets.Rights{Of: Buckets, Fence: stored.Fence, Read: func(bucket string) bool { return s.has(client, bucket) }}
			stored.MayRead, stored.MayWrite = rights.MayRead, rights.MayWrite
			if rule.mayRead != nil {
				stored.MayRead = rule.mayRead(s, rights)
			}
			if rule.mayWrite != nil {
				stored.MayWrite = rule.mayWrite(s, rights)
			}
		}
		return s
	})
}

// has reports whether a client has a bucket.
func (s *sharer) has(client clock.ClientID, bucket string) bool {
	if s.folds {
		for name := range s.disk.shares.rights[client] {
			if strings.EqualFold(name, bucket) {
				return true
			}
		}
	}
	_, ok := s.disk.shares.rights[client][bucket]
	return ok
}

func (s *sharer) Grant(client clock.ClientID, bucket string) error {
	all := s.disk.shares
	if s.has(client, bucket) {
		return nil
	}
	if all.rights[client] == nil {
		all.rights[client] = map[string]int64{}
	}
	if !s.grantFree {
		s.disk.seq++
	}
	seq := int64(s.disk.seq)
	if s.regrantOld {
		name := client.String() + bucket
		seq = cmp.Or(all.first[name], seq)
		all.first[name] = seq
	}
	all.rights[client][bucket] = seq
	return nil
}

func (s *sharer) Revoke(client clock.ClientID, bucket string) error {
	delete(s.disk.shares.rights[client], bucket)
	return nil
}

func (s *sharer) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	answer, err := s.purger.Push(client, batch)
	if err == nil && s.shareRule.replies != nil {
		answer = s.shareRule.replies(s, client, batch, answer)
	}
	return answer, err
}

// Purge purges the departures at or below the fence, and the rows of dead records that it drops.
func (s *sharer) Purge(retention time.Duration) (Purged, error) {
	purged, err := s.purger.Purge(retention)
	for bucket, rows := range s.disk.shares.logs {
		for key, r := range rows {
			if s.isGone(bucket, key) && (r.seq <= s.disk.purge.fence.seq || s.purgesAll) {
				delete(s.disk.shares.logs[bucket], key)
			}
		}
	}
	return purged, err
}

// isGone reports whether a record is not in a bucket now, whatever the log says.
func (s *sharer) isGone(bucket string, key record.Key) bool {
	return !slices.Contains(s.disk.shares.of(s.disk.rows[key].Record, s.disk), bucket)
}

// deletes deletes a record on the server.
func (s *sharer) deletes(r record.Record) {
	if r.Len() == 0 || r.Deleted() {
		return
	}
	m, err := r.Edit(clock.Stamp{Time: s.clock.Now(), Client: clock.ClientID{9}}).DeleteRecord().Mutation()
	if err == nil {
		r, _ = merge.Records(r, m.Data)
		s.disk.rows[r.Key()] = row{r, s.disk.rows[r.Key()].seq}
	}
}

// TestRightSharersPass checks correct backends with buckets, of both levels.
func TestRightSharersPass(t *testing.T) {
	t.Parallel()
	for level, n := range map[int]int{1: *seeds / 5, 2: *seeds / 2} {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			t.Parallel()
			Run(t, sharing(shareRule{purgeRule: purgeRule{level: level}}), some(Options{Seeds: max(n, 1)}))
		})
	}
}
