package violation_test

import (
	"slices"
	"strings"
)

// all returns all violations. For a group with too many, it returns the first ones and one
// that represents the whole group.
func (o oracle) all(most int) []wrong {
	var all []wrong
	for _, found := range [][]wrong{o.overlaps(), o.tooMany(), o.stale(), o.twice(), o.undated()} {
		byScope := map[string][]wrong{}
		for _, w := range found { // sorted by key
			byScope[w.scope] = append(byScope[w.scope], w)
		}
		for scope, list := range byScope {
			if len(list) <= most {
				all = append(all, list...)
				continue
			}
			all = append(append(all, list[:most]...), o.group(list[0].rule, scope, list))
		}
	}
	return all
}

// group returns the violation that represents a whole group.
func (o oracle) group(rule, scope string, list []wrong) wrong {
	w := wrong{rule: rule, scope: scope, about: list[0].about, total: len(list)}
	for _, r := range o.records {
		one := []plain{r}
		s, _ := r.read("slot")
		if rule == "overlap" && r.table == "bookings" && !r.deleted && s["room"] == scope {
			w.time = max(w.time, greatest(one, "slot"))
		}
		// A deleted person stays in the group, with the tasks that refer to that person.
		if rule == "person" && (r.table == "people" && r.id == scope || r.table == "tasks" && !r.deleted && r.fields["who"].Value == scope) {
			w.time = max(w.time, greatest(one, "who", "left"))
		}
	}
	return w
}

// overlaps compares every booking with every other one, hour by hour.
func (o oracle) overlaps() (all []wrong) {
	bookings := o.table("bookings")
	takes := func(p plain, room string, hour float64) bool {
		s, ok := p.read("slot")
		return ok && s["room"] == room && s["from"].(float64) <= hour && hour < s["to"].(float64)
	}
	for i, a := range bookings {
		for _, b := range bookings[i+1:] {
			for _, room := range rooms {
				meet := false
				for hour := range 10 {
					meet = meet || takes(a, room, float64(hour)) && takes(b, room, float64(hour))
				}
				if meet {
					pair := []plain{a, b}
					about := newcomer(pair, "slot")
					all = append(all, wrong{"overlap", room, about.id, othersOf(pair, about), 1, greatest(pair, "slot")})
				}
			}
		}
	}
	return all
}

// tooMany adds up the units of every event.
func (o oracle) tooMany() (all []wrong) {
	for _, event := range o.table("events") {
		seats, limited := event.fields["seats"].Value.(float64)
		sum := 0.0
		var takers []plain
		for _, p := range o.table("attendees") {
			place, ok := p.read("place")
			if ok && place["event"] == event.id && place["units"].(float64) > 0 {
				sum += place["units"].(float64)
				takers = append(takers, p)
			}
		}
		if limited && sum > seats {
			about := newcomer(takers, "place")
			time := max(greatest(takers, "place"), greatest([]plain{event}, "seats"))
			all = append(all, wrong{"seats", event.id, about.id, othersOf(takers, about), 1, time})
		}
	}
	return all
}

// stale looks up the person of every task.
func (o oracle) stale() (all []wrong) {
	for _, task := range o.table("tasks") {
		who, _ := task.fields["who"].Value.(string)
		person, known := o.find("people", who)
		if who != "" && (!known || person.deleted || person.fields["left"].Value == true) {
			all = append(all, wrong{"person", who, task.id, who, 1, greatest([]plain{task, person}, "who", "left")})
		}
	}
	return all
}

// twice looks for users with the same address.
func (o oracle) twice() (all []wrong) {
	byEmail := map[string][]plain{}
	for _, user := range o.table("users") {
		if email, _ := user.fields["email"].Value.(string); email != "" {
			byEmail[email] = append(byEmail[email], user)
		}
	}
	for email, users := range byEmail {
		if len(users) > 1 {
			about := newcomer(users, "email")
			all = append(all, wrong{"email", email, about.id, othersOf(users, about), 1, greatest(users, "email")})
		}
	}
	return all
}

// undated looks for finished tasks without a date.
func (o oracle) undated() (all []wrong) {
	for _, task := range o.table("tasks") {
		when := task.fields["when"].Value
		if task.fields["done"].Value == true && (when == nil || when == "") {
			all = append(all, wrong{"done", task.id, task.id, "", 1, greatest([]plain{task}, "done", "when")})
		}
	}
	return all
}

// compare orders violations so that tests can compare lists of them.
func (w wrong) compare(v wrong) int {
	for _, c := range []int{
		strings.Compare(w.rule, v.rule), strings.Compare(w.scope, v.scope), strings.Compare(w.about, v.about),
		strings.Compare(w.others, v.others), w.total - v.total,
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

func sortedWrongs(all []wrong) []wrong {
	slices.SortFunc(all, wrong.compare)
	return all
}
