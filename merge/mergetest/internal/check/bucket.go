package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// Sight is the kit's knowledge of who may read which records, in a run on a backend with buckets.
type Sight struct {
	Rights map[[16]byte]oracle.Rights // by client
	tick   int                        // the number of changes of records and rights so far
	seen   map[[16]byte]map[string]int
	text   map[string]map[string]int
}

// For each client, seen has the last tick at which each record may have been readable. For each
// record, text has the last tick at which each of its secrets may have been in it.

// NewSight returns the Sight of a run in which no client has any rights yet.
func NewSight() *Sight {
	return &Sight{Rights: map[[16]byte]oracle.Rights{}, seen: map[[16]byte]map[string]int{}, text: map[string]map[string]int{}}
}

// Grant records that a client was granted a bucket, or that it lost the bucket.
func (j *Judge) Grant(client [16]byte, bucket string, granted bool) {
	if j.Sight.Rights[client] == nil {
		j.Sight.Rights[client] = oracle.Rights{}
	}
	j.Sight.Rights[client][bucket] = granted
	j.Changed()
}

// Changed notes which records each client may read after a change of records or rights.
func (j *Judge) Changed() {
	s := j.Sight
	if s == nil {
		return
	}
	s.tick++
	for _, id := range j.IDs {
		sets := j.bucketsOf(id)
		for client, rights := range s.Rights {
			if slices.ContainsFunc(sets, func(b oracle.Buckets) bool { return len(rights.In(b)) > 0 }) {
				mark(s.seen, client, id, s.tick)
			}
		}
		if p := j.Ledger.Histories[oracle.FieldKey{ID: id, Field: schedule.SecretField}]; p != nil {
			for x := range p.Writes {
				if p.Permits(x, true) {
					for _, secret := range secretsIn(x.Value) {
						mark(s.text, id, secret, s.tick)
					}
				}
			}
		}
	}
}

func mark[K comparable](all map[K]map[string]int, k K, name string, tick int) {
	if all[k] == nil {
		all[k] = map[string]int{}
	}
	all[k][name] = tick
}

// Tick returns the number of changes so far. A request that begins now may depend on all later ones.
func (j *Judge) Tick() int {
	if j.Sight == nil {
		return 0
	}
	return j.Sight.tick
}

// bucketsOf returns all sets of buckets in which a record may be. A push without an answer matters
// until a new device has pulled.
func (j *Judge) bucketsOf(id string) []oracle.Buckets {
	return j.Ledger.BucketsOf(id, schedule.BucketField, func(f *oracle.Fate) bool { return f.Came > j.Last.audited })
}

// view says what a client must do with a record at rest.
type view int

const (
	mayHold view = iota
	mustHold
	mustNotHold
)

// sees returns whether a client must hold a record, or must not.
func (j *Judge) sees(client [16]byte, id string) view {
	if j.Sight == nil {
		return mustHold
	}
	some, none := false, false
	for _, b := range j.bucketsOf(id) {
		if len(j.Sight.Rights[client].In(b)) > 0 {
			some = true
		} else {
			none = true
		}
	}
	switch {
	case some && none:
		return mayHold
	case some:
		return mustHold
	}
	return mustNotHold
}

// judgeHeld looks for records that a device holds although it may not read them.
func (j *Judge) judgeHeld(by Reader, found map[oracle.FieldKey]oracle.Write) {
	if j.Sight == nil || by == Newcomer() {
		return
	}
	for _, id := range j.IDs {
		if hasRecord(found, id) && j.sees(by.ID, id) == mustNotHold {
			j.Broken(law.Keeps, "%s holds  %s\nit is in    %s\n%s reads  %s", by.Name, j.place(id), listed(j.bucketsOf(id)), by.Name, j.rightsOf(by))
		}
	}
}

// hidden returns a function that reports whether the fields of a record need not be judged, because the
// client may not read the record. A new device may read everything, but an erased record is in no bucket, and
// need not be found.
func (j *Judge) hidden(by Reader) func(id string, found bool) bool {
	if j.Sight == nil {
		return func(string, bool) bool { return false }
	}
	views := map[string]view{}
	return func(id string, found bool) bool {
		v, known := views[id]
		if !known {
			v = j.sees(by.ID, id)
			views[id] = v
		}
		if by == Newcomer() {
			return v == mustNotHold && !found
		}
		return v != mustHold
	}
}

// Line is a line of a pull that names a record: that it left, or the buckets that it is in.
type Line struct {
	ID   string
	In   []string
	Left bool
}

// JudgeLine judges a line of a pull. The parameter since is the tick at which the request began.
func (j *Judge) JudgeLine(who Reader, l Line, since int) {
	s, id := j.Sight, l.ID
	if s == nil || who == Newcomer() {
		return
	}
	last, ever := s.seen[who.ID][id]
	switch {
	case l.Left && !ever:
		j.Broken(law.Unheard, "a pull tells %s that %s left, which %s was never entitled to read", who.Name, j.place(id), who.Name)
	case l.Left:
		j.Count("left")
	case !ever || last < since:
		j.Broken(law.Secret, "a pull returns %s to %s\nit is in    %s\n%s reads  %s", j.place(id), who.Name, listed(j.bucketsOf(id)), who.Name, j.rightsOf(who))
	case since == s.tick && !slices.ContainsFunc(j.bucketsOf(id), func(b oracle.Buckets) bool { return sameNames(s.Rights[who.ID].In(b), l.In) }):
		j.Broken(law.Named, "a pull returns %s to %s in %q\nit is in    %s\n%s reads  %s", j.place(id), who.Name, l.In, listed(j.bucketsOf(id)), who.Name, j.rightsOf(who))
	}
}

// JudgeTold judges the buckets that the last line of a page names.
func (j *Judge) JudgeTold(who Reader, told []string, since int) {
	if s := j.Sight; s != nil && who != Newcomer() && since == s.tick && !sameNames(s.Rights[who.ID].Names(), told) {
		j.Broken(law.Named, "a pull tells %s its buckets %q, but they are %s", who.Name, told, j.rightsOf(who))
	}
}

func sameNames(a oracle.Buckets, b []string) bool {
	b = slices.Clone(b)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func (j *Judge) rightsOf(who Reader) string {
	return fmt.Sprintf("%q", []string(j.Sight.Rights[who.ID].Names()))
}

func listed(all []oracle.Buckets) string {
	var texts []string
	for _, b := range all {
		texts = append(texts, fmt.Sprintf("%q", []string(b)))
	}
	return strings.Join(texts, " or ")
}

// JudgeAnswer looks for secrets in the answer to a push, which may repeat what was pushed.
func (j *Judge) JudgeAnswer(b Batch, answer []byte, since int) {
	var sent strings.Builder
	for _, it := range b.Items {
		sent.WriteString(it.ID + " " + string(it.Raw) + string(it.M.AppendJSON(nil)))
	}
	j.judgeBytes(Reader{schedule.Whose(b.Client), b.Client}, answer, sent.String(), since)
}

// JudgeBytes looks for secrets in the bytes of a pull. The pull may name the ID of a record that the client was
// entitled to before.
func (j *Judge) JudgeBytes(who Reader, lines []byte, since int) {
	if who != Newcomer() {
		j.judgeBytes(who, lines, "", since)
	}
}

// judgeBytes looks for secrets in an answer to a client: values and IDs of records that it may not read.
func (j *Judge) judgeBytes(who Reader, answer []byte, sent string, since int) {
	if j.Sight == nil {
		return
	}
	for _, secret := range secretsIn(string(answer)) {
		if !strings.Contains(sent, secret) && !j.mayRead(who, secret, since) {
			j.Broken(law.Secret, "the answer to %s contains %s, which %s may not read\n%s reads  %s\nanswer     %s", who.Name, secret, who.Name, who.Name, j.rightsOf(who), Spelling(answer))
			return
		}
	}
}

// mayRead reports whether an answer to a client may contain a secret.
func (j *Judge) mayRead(who Reader, secret string, since int) bool {
	for _, id := range j.IDs {
		last, ever := j.Sight.seen[who.ID][id]
		if ever && id == secret {
			return true
		}
		at, known := j.Sight.text[id][secret]
		if ever && last >= since && known && at >= since {
			return true
		}
	}
	return false
}

// secretsIn returns the secrets in a text.
func secretsIn(text string) (all []string) {
	for {
		at := strings.Index(text, schedule.SecretPrefix)
		if at < 0 || len(text) < at+schedule.SecretLen {
			return all
		}
		all = append(all, text[at:at+schedule.SecretLen])
		text = text[at+schedule.SecretLen:]
	}
}

// rulings returns the ruling of the guard on each item of a push.
func (j *Judge) rulings(a Answer) []oracle.Ruling {
	all := make([]oracle.Ruling, len(a.Items))
	if j.Sight == nil || a.Met {
		return all
	}
	byID := map[string][]int{}
	for i, it := range a.Items {
		if it.Bad == "" && !j.early(it) {
			byID[it.ID] = append(byID[it.ID], i)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		var batch []oracle.Entry
		for _, i := range byID[id] {
			it := a.Items[i]
			batch = append(batch, oracle.Entry{Writes: it.Writes, New: it.M.New, Text: string(it.M.AppendJSON(nil))})
		}
		open := func(f *oracle.Fate) bool { return f.Came > j.Last.audited && f.Came != j.Sendings }
		if j.Ledger.IsOpen(id, open) {
			continue
		}
		for n, r := range j.Ledger.Rulings(id, schedule.BucketField, a.Client, j.Sight.Rights[a.Client], batch) {
			all[byID[id][n]] = r
		}
	}
	return all
}

// judgeRights judges a reply by the ruling on its item, and reports whether nothing else is left to
// judge.
func (j *Judge) judgeRights(a Answer, i int) (done bool) {
	r, ruling := a.Replies[i], a.rulings[i]
	forbidden := r.Verdict == "refused" && r.Code == merge.Forbidden
	bare := !r.Retryable && !r.Changed && len(r.Fields) == 0 && len(r.Notes) == 0 && r.Detail == "" && r.Path == ""
	about := func() string { return j.At(a, i) + ": " + ReplyText(r) + "\nsent       " + a.Items[i].Text() }
	switch {
	case ruling == oracle.Open:
		if forbidden {
			j.Count("forbidden")
		}
		return forbidden
	case ruling == oracle.Passes && forbidden:
		j.Broken(law.Allowed, "%s\nits author may read the record, and adds no bucket without rights", about())
	case ruling == oracle.Passes:
		return false
	case ruling == oracle.Stands && forbidden:
		j.Broken(law.HandedOver, "%s\nthe item was accepted before, and every write of it stands", about())
	case ruling == oracle.Stands && (r.Verdict != "accepted" || !bare):
		j.Broken(law.Secret, "%s\nits author may no longer read the record: only the verdict may be told", about())
	case ruling == oracle.Stands:
		j.Count("retry after a hand-over")
		return false
	case ruling == oracle.Denied && r.Verdict == "refused" && r.Code == merge.Gone:
		return false
	case r.Verdict == "accepted":
		j.Broken(law.Rights, "%s\n%s", about(), map[oracle.Ruling]string{
			oracle.Unread: "its author may not read the record", oracle.Denied: "it puts the record into a bucket to which its author has no rights",
		}[ruling])
	case !forbidden || ruling == oracle.Unread && !bare:
		j.Broken(law.Secret, "%s\nits author may not read the record: the item must be forbidden, and nothing else may be told", about())
	default:
		j.Count("forbidden")
	}
	return true
}

// Reader is a client that pulls, and its name in reports.
type Reader struct {
	Name string
	ID   [16]byte
}

// Newcomer returns the reader that pulls everything from the beginning.
func Newcomer() Reader { return Reader{"a new device", schedule.Newcomer()} }
