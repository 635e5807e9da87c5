package lawtest

import (
	"fmt"
	"slices"
	"strings"
)

// The oracle of rights is written from the protocol, on a world of one record with the fields
// project, title and $deleted. It shares no code with package merge.
//
//	rights_oracle_test.go  what becomes of a batch
//	rights_engine_test.go  the same from the real Engine
//	rights_scope_test.go   the two compared, item by item, in batches of two and three
//	rights_secret_test.go  what an answer tells about a record that its author may not read
//	rights_retry_test.go   lost answers, retries, and other people's writes in between
//	rights_test.go         what is asked, journals, watermarks and costs

// deed is a write: the ranks of its time and its client, and its value. Client 1 is the actor. A
// deed with the time 0 is absent.
type deed struct{ at, by, value int8 }

// The values of the fields, in the order in which the rule compares them.
const (
	inA = iota // the actor may read project a
	inC        // the actor may put tasks into project c
	inX        // the actor may do nothing there
)

const (
	short  = iota // "b"
	long          // "much longer than a deletion"
	noText        // deleted
)

const (
	alive = iota
	gone
	wiped // $erased is true as well
)

// sheet is a record, or the writes of an item: project, title and $deleted.
type sheet [3]deed

func (d deed) absent() bool { return d.at == 0 }

func (d deed) less(e deed) bool {
	return d.at < e.at || d.at == e.at && (d.by < e.by || d.by == e.by && d.value < e.value)
}

func (s sheet) empty() bool { return s == sheet{} }

func (s sheet) join(t sheet) sheet {
	for i := range s {
		if s[i].less(t[i]) {
			s[i] = t[i]
		}
	}
	return s
}

// above returns the writes of s that would change t.
func (s sheet) above(t sheet) sheet {
	for i := range s {
		if !t[i].less(s[i]) {
			s[i] = deed{}
		}
	}
	return s
}

func (s sheet) newest() (d deed) {
	for _, e := range s {
		e.value = 0
		if d.less(e) {
			d = e
		}
	}
	return d
}

func (s sheet) deleted() bool { return s[2].at > 0 && s[2].value != alive }

func (s sheet) dead(fence int8) bool { return s.deleted() && s.newest().at <= fence }

// normal is the normal form of a stored record: no fields if it is dead. Items are not judged by what
// level 1 keeps of a dead record.
func (s sheet) normal(fence int8) sheet {
	if s.dead(fence) {
		return sheet{}
	}
	if d := s[1]; d.value == noText && d.at <= fence && (s[0].at > 0 || s[2].at > 0) {
		s[1] = deed{}
	}
	return s
}

// size is the size of a record as its limit counts it.
func (s sheet) size() int {
	if s.empty() {
		return 0
	}
	n := 1
	for i := range 2 {
		if s[i].at > 0 {
			n += len(fieldText(i, s[i])) + len(",") + max(0, len(`"deleted":true`)-len(valueText(i, s[i])))
		}
	}
	return n
}

// plea is an item.
type plea struct {
	writes sheet
	isNew  bool
	base   bool // the item says that its author saw no title
}

// text is the canonical JSON of an item, but for its key, which is the same for all.
func (p plea) text() string {
	var fields []string
	for _, i := range []int{2, 0, 1} {
		if p.writes[i].at > 0 {
			fields = append(fields, fieldText(i, p.writes[i]))
		}
	}
	text := `"data":{` + strings.Join(fields, ",") + "}"
	if p.base && p.writes[1].at > 0 {
		text += `,"base":{"title":null}`
	}
	if p.isNew {
		text += `,"new":true`
	}
	return text + "}"
}

var sheetNames = [3]string{"project", "title", "$deleted"}

func valueText(i int, d deed) string {
	return [3][3]string{
		{`"value":"a"`, `"value":"c"`, `"value":"x"`},
		{`"value":"b"`, `"value":"much longer than a deletion"`, `"deleted":true`},
		{`"value":false`, `"value":true`, `"value":true`},
	}[i][d.value]
}

func fieldText(i int, d deed) string {
	return fmt.Sprintf(`"%s":{%s,"updatedAt":"2026-03-02T12:00:00.%09dZ","clientId":"%02d000000-0000-0000-0000-000000000000"}`,
		sheetNames[i], valueText(i, d), d.at, d.by)
}

// sentence is what becomes of an item.
type sentence struct {
	code   string // why it is refused; empty if it is accepted
	silent bool   // accepted without outcomes
	joined sheet
}

// rightsWorld is a server with one record, and what it knows of the actor.
type rightsWorld struct {
	stored   sheet
	fence    int8
	level    int8
	whole    bool // see merge.Request
	full     bool // the storage is full
	most     int  // the size that a record may have, or 0 without a limit
	mayRead  func(r sheet) bool
	mayWrite func(seen, after sheet, m plea) bool
}

// judge returns what becomes of a batch, and the record afterwards, which has no fields if it is dead.
func (w rightsWorld) judge(batch []plea) ([]sentence, sheet) {
	all := make([]sentence, len(batch))
	seen := w.stored.normal(w.fence)
	for i := range all {
		all[i].code = "gone"
	}
	var turns, later []int
	if w.stored[2].value == wiped && !w.stored.dead(w.fence) {
		return all, seen
	}
	known := !w.stored.empty() || w.fence > 0 && w.level == 2
	lives := !known || !seen.empty()
	for i, p := range batch {
		begins := p.isNew
		for _, d := range p.writes {
			begins = begins && (d.absent() || d.at > w.fence)
		}
		if lives || begins {
			turns = append(turns, i)
		} else {
			later = append(later, i)
		}
	}
	order := func(i, j int) int {
		a, b := batch[i], batch[j]
		if x, y := a.writes.newest(), b.writes.newest(); x != y {
			if x.less(y) {
				return -1
			}
			return 1
		}
		return strings.Compare(a.text(), b.text())
	}
	slices.SortFunc(turns, order)
	slices.SortFunc(later, order)
	purges := w.fence > 0 && (known || w.whole)
	seen = w.turn(batch, turns, all, seen, purges && lives)
	if !seen.empty() {
		seen = w.turn(batch, later, all, seen, true)
	}
	return all, seen
}

// turn judges items one after another.
func (w rightsWorld) turn(batch []plea, turns []int, all []sentence, seen sheet, purges bool) sheet {
	first, last := seen, ""
	for _, i := range turns {
		p := batch[i]
		own := true
		for n, d := range p.writes {
			own = own && (d.absent() || d == seen[n] && d.by == 1)
		}
		all[i] = sentence{joined: p.writes}
		if purges {
			all[i].joined = w.remains(first, p.writes)
		}
		m := p
		m.writes = all[i].joined.above(seen)
		after := seen.join(m.writes)
		switch {
		case !seen.empty() && !seen.dead(w.fence) && !w.mayRead(seen) && p.text() != last:
			all[i].silent = own
			if !own {
				all[i].code = "forbidden"
			}
		case all[i].joined.empty():
			all[i].code = "gone"
		case !m.writes.empty() && !w.mayWrite(seen, after, m):
			all[i].code = "denied"
		case after.size() > seen.size() && w.most > 0 && after.size() > w.most:
			all[i].code = "record_full"
		case after.size() > seen.size() && w.full:
			all[i].code = "storage_full"
		}
		if all[i].code != "" || all[i].silent {
			all[i].joined = sheet{}
		} else {
			seen, last = after, p.text()
		}
	}
	return seen
}

// remains returns the writes of an item that are not gone, given the record that it meets.
func (w rightsWorld) remains(first, writes sheet) sheet {
	kept := writes
	for n, d := range writes {
		if d.absent() || d.at > w.fence {
			continue
		}
		late := n == 2 && d.value != alive
		earlier := false
		for _, e := range first {
			e.value, d.value = 0, 0
			earlier = earlier || e.at > 0 && e.less(d)
		}
		if first[n].absent() && !(late && earlier) {
			kept[n] = deed{}
		}
		if w.whole && writes[n] != first[n] {
			return sheet{}
		}
	}
	if w.whole && kept != writes {
		return sheet{}
	}
	return kept
}
