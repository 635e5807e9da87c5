package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// Spelling returns the text of an item, or its beginning, on one line.
func Spelling(raw []byte) string {
	text := strings.NewReplacer("\t", `\t`, "\r", `\r`, "\n", `\n`).Replace(string(raw))
	if runes := []rune(text); len(runes) > 400 {
		return string(runes[:400]) + "…"
	}
	return text
}

// Elided replaces the middle lines with their number, if there are more than 2*ends+1 lines.
func Elided(lines []string, ends int) []string {
	if len(lines) <= 2*ends+1 {
		return lines
	}
	more := fmt.Sprintf("… %d more …", len(lines)-2*ends)
	return slices.Concat(lines[:ends], []string{more}, lines[len(lines)-ends:])
}

// Text describes an item briefly.
func (it *Item) Text() string {
	var parts []string
	for _, x := range it.Writes {
		parts = append(parts, short(x))
	}
	if it.Bad != "" {
		parts = append(parts, "("+strings.TrimSuffix(it.Bad+": "+it.Words, ": ")+")")
	}
	return schedule.Clipped(it.ID) + " " + strings.Join(Elided(parts, 20), " ")
}

// ReplyText describes a reply briefly.
func ReplyText(r merge.Reply) string {
	text := r.Verdict
	if r.Code != "" {
		text += ", " + string(r.Code)
	}
	if r.Retryable {
		text += ", retryable"
	}
	if r.Changed {
		text += ", changed"
	}
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		fields = append(fields, ", "+schedule.Clipped(name)+" "+r.Fields[name].Outcome)
	}
	text += strings.Join(Elided(fields, 20), "")
	for _, note := range r.Notes {
		text += ", note " + string(note)
	}
	return text
}

// Listed describes the fields of records briefly, one record per line.
func Listed(all map[oracle.FieldKey]oracle.Write) string {
	fields := map[string][]string{}
	for _, k := range slices.SortedFunc(maps.Keys(all), oracle.CompareFields) {
		fields[k.ID] = append(fields[k.ID], short(oracle.Written{FieldKey: k, Write: all[k]}))
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		lines = append(lines, schedule.Clipped(id)+" "+strings.Join(Elided(fields[id], 20), "  "))
	}
	return cmp.Or(strings.Join(lines, "\n"), "nothing new")
}

// short describes a write briefly.
func short(x oracle.Written) string {
	return fmt.Sprintf("%s=%s (%s %s)", schedule.Clipped(x.Field), shownValue(x.Write), schedule.Whose(x.Client), When(x.Time))
}

// shownValue returns the value of a write, clipped.
func shownValue(w oracle.Write) string {
	if w.Deleted {
		return "deleted"
	}
	return schedule.Clipped(w.Value)
}

// When returns the time from the start to a stamp, such as +5m0s, followed by the counter of the
// stamp if it is not 0.
func When(at int64) string {
	t := time.Duration(at - schedule.Start().UnixNano())
	counter := ""
	if n := at % 1e6; n > 0 {
		counter = fmt.Sprintf("#%d", n)
	}
	sign := map[bool]string{true: "+"}[t >= 0]
	return sign + t.Truncate(time.Millisecond).String() + counter
}

// Stamped describes a stamp that may be missing.
func Stamped(at int64) string {
	if at == 0 {
		return "no stamp"
	}
	return "stamped " + When(at)
}

// Unread describes where an answer becomes unreadable, and quotes its beginning.
func Unread(text []byte, err error) string {
	begins := string(text)
	if len(begins) > 300 {
		begins = begins[:300] + "…"
	}
	return fmt.Sprintf("%s%v\nthe answer begins  %s", unreadMember(text), err, strings.ToValidUTF8(begins, "\uFFFD"))
}

// unreadMember names the first member of a reply that cannot be read, if one member is the
// cause.
func unreadMember(text []byte) string {
	var replies []map[string]json.RawMessage
	if json.Unmarshal(text, &replies) != nil {
		return ""
	}
	for i, members := range replies {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			alone, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
			if err != nil || json.Unmarshal(alone, new(merge.Reply)) != nil {
				return fmt.Sprintf("%s of reply %d: ", name, i)
			}
		}
	}
	return ""
}
