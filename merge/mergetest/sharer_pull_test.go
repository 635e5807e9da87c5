package mergetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// place is a cursor of a sharer.
type place struct {
	Life  int
	C     int
	Load  map[string][2]int // for each bucket that is loading, the last row and where the load began
	Told  string
	Began bool
}

// Pull returns one record at a time.
func (s *sharer) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	var at place
	if cursor != "" {
		if err := json.Unmarshal([]byte(cursor), &at); err != nil {
			return nil, "", err
		}
	}
	all := s.disk.shares
	rights := maps.Clone(all.rights[client])
	if s.rightsOnce {
		if all.once[client] == nil {
			all.once[client] = rights
		}
		rights = all.once[client]
	}
	names := slices.Sorted(maps.Keys(rights))
	if names == nil {
		names = []string{}
	}
	lines := s.begins(&at, rights, names)
	line, seq := s.nextLine(at, rights, names)
	lines = append(lines, line...)
	if seq > 0 {
		at.C = max(at.C, seq)
		for bucket, l := range at.Load {
			at.Load[bucket] = [2]int{max(l[0], seq), l[1]}
		}
	} else {
		at.C, at.Load = s.disk.seq, nil
		delete(all.once, client)
	}
	text, _ := json.Marshal(names)
	tells := string(text) != at.Told
	if s.toldOnce {
		tells = all.told[client.String()] != string(text)
		all.told[client.String()] = string(text)
	}
	at.Told = string(text)
	next, _ := json.Marshal(at)
	told := map[string]any{"cursor": string(next)}
	if tells && !s.silent {
		told["buckets"] = names
	}
	if fence := s.disk.purge.fence; fence.stamp > 0 {
		told["fence"], told["level"], told["clock"] = fence.stamp, s.purger.level, s.purger.purgeRule.tells(s.purger)
	}
	if s.hints != nil {
		told["hints"] = s.hints(s, client)
	}
	trailer, _ := json.Marshal(told)
	s.env.Pause()
	if string(next) == cursor && len(lines) == 0 && len(told) == 1 {
		return nil, cursor, nil
	}
	return append(append(lines, trailer...), '\n'), string(next), nil
}

// begins begins a chunk: it returns the lines with resets.
func (s *sharer) begins(at *place, rights map[string]int64, names []string) (lines []byte) {
	load := func() { at.Load = map[string][2]int{} }
	if at.Load == nil {
		load()
	}
	switch {
	case !at.Began:
		at.Life, at.Began = s.disk.life, true
		for _, bucket := range names {
			at.Load[bucket] = [2]int{0, s.disk.seq}
		}
	case at.Life != s.disk.life || at.C > s.disk.seq:
		load()
		if at.Life = s.disk.life; !s.keepsC {
			at.C = 0
		}
		for _, bucket := range names {
			at.Load[bucket] = [2]int{0, s.disk.seq}
		}
		return reset(names, "epoch")
	}
	maps.DeleteFunc(at.Load, func(bucket string, _ [2]int) bool { return !slices.Contains(names, bucket) })
	why := map[string][]string{}
	for _, bucket := range names {
		grant, position := int(rights[bucket]), at.C
		if s.noGrant {
			grant = 0
		}
		if l, loads := at.Load[bucket]; loads {
			if position = max(l[0], l[1]); s.noB {
				position = l[0]
			}
		}
		if position >= max(s.disk.purge.fence.seq, grant) || s.noReset {
			continue
		}
		reason := map[bool]string{true: "grant", false: "fence"}[position < grant]
		why[reason] = append(why[reason], bucket)
		at.Load[bucket] = [2]int{0, s.disk.seq}
	}
	for _, reason := range slices.Sorted(maps.Keys(why)) {
		lines = append(lines, reset(why[reason], reason)...)
	}
	return lines
}

func reset(names []string, why string) []byte {
	text, _ := json.Marshal(map[string]any{"reset": names, "why": why})
	return append(text, '\n')
}

// nextLine returns the next line of a client and its sequence, which is 0 if nothing is left.
func (s *sharer) nextLine(at place, rights map[string]int64, names []string) (line []byte, seq int) {
	var key record.Key
	from := ""
	for _, bucket := range names {
		after, begun := at.C, 0
		if l, loads := at.Load[bucket]; loads {
			after, begun = l[0], l[1]
		}
		for k, r := range s.disk.shares.logs[bucket] {
			gone := s.isGone(bucket, k)
			if s.fromLog {
				gone = r.gone
			}
			if r.seq <= after || gone && r.seq <= begun && !s.sendsGone || seq > 0 && (r.seq > seq || r.seq == seq && k.Compare(key) >= 0) {
				continue
			}
			seq, key, from = r.seq, k, bucket
		}
	}
	if seq == 0 {
		return nil, 0
	}
	r := s.disk.rows[key].Record
	live := s.disk.shares.of(r, s.disk)
	in := slices.DeleteFunc(slices.Clone(live), func(bucket string) bool { return !slices.Contains(names, bucket) })
	switch {
	case s.leftOfAny && !slices.Contains(live, from):
		in = nil
	case s.ofLog && len(in) > 0:
		in = []string{from}
	case s.allIn && len(in) > 0:
		in = live
	}
	id, _ := json.Marshal(key.ID)
	if len(in) == 0 {
		if s.evictsDeleted {
			s.deletes(r)
		}
		return fmt.Appendf(nil, "{\"seq\":%d,\"table\":%q,\"id\":%s,\"left\":true}\n", seq, key.Table, id), seq
	}
	text, _ := json.Marshal(in)
	data := record.Mutation{Data: merge.Purge(r, s.disk.purge.fence.stamp, s.purger.level)}.AppendJSON(nil)
	return fmt.Appendf(nil, "{\"seq\":%d,\"in\":%s,%s\n", seq, text, data[1:]), seq
}
