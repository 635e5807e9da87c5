package replica_test

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// texts returns all members that may hold stamps.
func (s *modelState) texts() []*string {
	texts := make([]*string, 0, 32)
	for _, v := range []*modelServer{&s.modelServer, &s.backup} {
		texts = append(texts, &v.stored, &v.ideal, &v.fence, &v.greatest, &v.sampled)
	}
	for i := range s.clients {
		c := &s.clients[i]
		texts = append(texts, &c.disk, &c.ideal, &c.fence)
		for j := range c.edits {
			texts = append(texts, &c.edits[j].data)
		}
	}
	return append(texts, &s.copied)
}

// times returns the times in the texts, sorted.
func (s *modelState) times() (times []string) {
	for _, text := range s.texts() {
		for rest := *text; ; {
			at := strings.Index(rest, timePrefix)
			if at < 0 {
				break
			}
			found := rest[at : at+timeLength]
			if i, ok := slices.BinarySearch(times, found); !ok {
				times = slices.Insert(times, i, found)
			}
			rest = rest[at+timeLength:]
		}
	}
	return times
}

// canonical renames times and sequences, so that only their order counts. Times get even ranks,
// so that a new one fits into each gap. If the clients are alike, it orders them, and reports whether
// they changed places. It returns a hash of the state.
func (s *modelState) canonical(alike bool) (h [sha256.Size]byte, swapped bool) {
	times := s.times()
	for _, text := range s.texts() {
		*text = renamed(*text, times)
	}
	s.renumber()
	for i := range s.clients {
		s.clients[i].disk = renumberedAnswers(s.clients[i].disk)
	}
	h = s.hash()
	if !alike {
		return h, false
	}
	t := *s
	t.clients[0], t.clients[1] = t.clients[1], t.clients[0]
	for _, text := range t.texts() {
		*text = withSwappedIDs(*text)
	}
	if other := t.hash(); string(other[:]) < string(h[:]) {
		*s = t
		return other, true
	}
	return h, false
}

// renamed returns a text in which each time has the rank that follows from its position.
func renamed(text string, times []string) string {
	at := strings.Index(text, timePrefix)
	if at < 0 {
		return text
	}
	b := []byte(text)
	for at < len(b) {
		i, _ := slices.BinarySearch(times, text[at:at+timeLength])
		copy(b[at:], timeAt(2*i+2))
		next := strings.Index(text[at+timeLength:], timePrefix)
		if next < 0 {
			break
		}
		at += timeLength + next
	}
	return string(b)
}

// withSwappedIDs returns a text in which the IDs of the two clients are swapped. The IDs differ in
// one byte.
func withSwappedIDs(text string) string {
	at := strings.Index(text, idSuffix)
	if at < 0 {
		return text
	}
	b := []byte(text)
	for at < len(b) {
		b[at-1] ^= 'a' ^ 'b'
		next := strings.Index(text[at+len(idSuffix):], idSuffix)
		if next < 0 {
			break
		}
		at += len(idSuffix) + next
	}
	return string(b)
}

// renumber renumbers the sequences.
func (s *modelState) renumber() {
	if s.stored == "" {
		s.changed = 0
	}
	if s.backup.stored == "" {
		s.backup.changed = 0
	}
	used := [256]bool{0: true}
	s.eachSequence(func(seq *int) { used[*seq] = true })
	var numbers [256]int
	n := 0
	for seq := range used {
		if used[seq] {
			numbers[seq] = n
			n++
		}
	}
	s.eachSequence(func(seq *int) { *seq = numbers[*seq] })
}

// eachSequence visits the sequences, also those in the saved cursors.
func (s *modelState) eachSequence(visit func(*int)) {
	for _, v := range []*modelServer{&s.modelServer, &s.backup} {
		visit(&v.seq)
		visit(&v.changed)
		visit(&v.floor)
		visit(&v.sampledSeq)
	}
	for i := range s.clients {
		c := &s.clients[i]
		for j := range c.edits {
			if e := &c.edits[j]; e.data != "" && e.synced >= 0 {
				visit(&e.synced)
			}
		}
		before, rest, _ := strings.Cut(c.disk, cursorMember)
		text, after, _ := strings.Cut(rest, `"`)
		if at := parseModelCursor(text); at.pulled {
			visit(&at.seq)
			visit(&at.begun)
			c.disk = before + cursorMember + at.String() + `"` + after
		}
	}
}

// renumberedAnswers returns a disk in which the accepted items have the numbers from 1 on.
func renumberedAnswers(disk string) string {
	n := 0
	disk = acceptedKey.ReplaceAllStringFunc(disk, func(string) string {
		n++
		return fmt.Sprintf("accepted/%020d", n)
	})
	return answeredMember.ReplaceAllString(disk, fmt.Sprintf(`,"answered":%d`, n))
}

var (
	acceptedKey    = regexp.MustCompile(`accepted/[0-9]{20}`)
	answeredMember = regexp.MustCompile(`,"answered":[0-9]+`)
)

func (s *modelState) hash() [sha256.Size]byte {
	h := make([]byte, 0, 4096)
	add := func(numbers ...int) {
		for _, n := range numbers {
			h = append(h, byte(n))
		}
	}
	for _, text := range s.texts() {
		h = append(append(h, *text...), 0)
	}
	for _, v := range []*modelServer{&s.modelServer, &s.backup} {
		add(v.seq, v.changed, v.floor, v.sampledSeq, v.level)
	}
	for i := range s.clients {
		c := &s.clients[i]
		add(c.level)
		for j := range c.edits {
			if e := &c.edits[j]; e.data != "" {
				add(e.synced, e.level, e.epoch, int(e.accepted), int(e.told), int(e.released))
				if e.sawDeleted {
					add(1)
				}
				if e.isNew {
					add(2)
				}
				if e.answered != 0 {
					add(3, int(e.answered))
				}
			}
		}
		add(0)
	}
	add(s.epoch, s.copyEpoch, s.backups, s.others)
	return sha256.Sum256(h)
}
