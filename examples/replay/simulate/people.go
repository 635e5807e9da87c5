package main

// The simulated week begins on Monday 2026-03-02 at midnight UTC. True time is counted in
// milliseconds since 1970. Only a device's clock may differ from it.
const (
	second int64 = 1_000
	minute       = 60 * second
	hour         = 60 * minute
	day          = 24 * hour
	monday       = 1_772_409_600 * second
	end          = monday + 7*day
)

const mon, tue, wed, thu, fri, sat, sun = 0, 1, 2, 3, 4, 5, 6

// at returns the true time of a moment in the simulated week.
func at(weekday, h, m int) int64 {
	return monday + int64(weekday)*day + int64(h)*hour + int64(m)*minute
}

// person is a row of the table people, and owns devices.
type person struct{ id, name, role string }

var team = []person{
	{"ines", "Inês", "studio lead"},
	{"tomas", "Tomás", "sign painter"},
	{"zoe", "Zoë", "illustrator"},
	{"maud", "Maud", "producer"},
	{"piet", "Piet", "printer"},
	{"odile", "Odile", "bookbinder"},
	{"ruben", "Ruben", "exhibition builder"},
	{"noor", "Noor", "office"},
	{"leila", "Leila ليلى", "lettering, Arabic and Latin"},
	{"kofi", "Kofi", "photographer"},
	{"hana", "Hana 花", "web"},
	{"sil", "Sílvia", "apprentice"},
}

// stretch is a period without a network.
type stretch struct{ from, to int64 }

// gear describes a device: when its owner uses it, and how its clock and network fail.
type gear struct {
	name     string // unique, in the form owner-kind
	from, to int    // hours of the day in use
	days     int    // days of the week in use, from Monday
	pace     int    // mean minutes between two uses
	skew     int64  // device time minus true time when the week begins
	drift    int64  // milliseconds that the clock gains per hour
	stepAt   int64  // when the clock is set back by stepBy; 0 means never
	stepBy   int64
	offline  []stretch
}

var (
	train  = stretch{at(tue, 13, 0), at(tue, 16, 30)} // on the way to the fair and back
	later  = stretch{at(tue, 13, 0), at(tue, 17, 10)} // home by a later train
	site   = stretch{at(tue, 9, 0), at(wed, 16, 0)}   // building the stand in a steel hall
	cellar = stretch{at(wed, 9, 30), at(wed, 12, 45)} // the print room has thick walls
	flight = stretch{at(wed, 20, 0), at(thu, 8, 15)}  // flight mode for the night
	moving = stretch{at(thu, 14, 0), at(thu, 15, 0)}  // the hour of the cloned disk
	router = stretch{at(thu, 9, 0), at(thu, 13, 30)}  // half of the studio is cut off
	tour   = stretch{at(fri, 10, 0), at(fri, 16, 0)}  // photographs on the coast
	cabin  = stretch{at(fri, 17, 0), at(sun, 18, 20)} // a weekend without a network
)

var equipment = []gear{
	{name: "ines-laptop", from: 8, to: 18, days: 5, pace: 11, skew: 120, offline: []stretch{train}},
	{name: "ines-phone", from: 7, to: 22, days: 7, pace: 31, drift: 1_420}, // gains 4 minutes in the week
	{name: "tomas-laptop", from: 9, to: 18, days: 5, pace: 12, skew: 2 * second, offline: []stretch{later, router}},
	{name: "tomas-phone", from: 8, to: 21, days: 6, pace: 40, skew: -300},
	{name: "zoe-laptop", from: 10, to: 19, days: 7, pace: 13, skew: -650, offline: []stretch{cabin}},
	{name: "zoe-tablet", from: 9, to: 22, days: 7, pace: 40, skew: -90 * second, offline: []stretch{cabin}},
	{name: "maud-laptop", from: 8, to: 17, days: 5, pace: 10, skew: 200, stepAt: at(wed, 11, 0), stepBy: 25 * minute},
	{name: "maud-phone", from: 7, to: 21, days: 6, pace: 38, skew: 40, offline: []stretch{flight}},
	{name: "piet-desktop", from: 8, to: 16, days: 5, pace: 12, skew: -40 * minute, offline: []stretch{moving}},
	{name: "odile-tablet", from: 9, to: 17, days: 5, pace: 13, skew: -7 * minute, offline: []stretch{cellar}},
	{name: "ruben-laptop", from: 8, to: 17, days: 5, pace: 14, skew: 900, offline: []stretch{site}},
	{name: "ruben-phone", from: 8, to: 20, days: 6, pace: 36, skew: 75 * second, offline: []stretch{router}},
	{name: "noor-desktop", from: 8, to: 17, days: 5, pace: 10, skew: -15},
	{name: "noor-phone", from: 8, to: 20, days: 7, pace: 45, skew: 10},
	{name: "leila-laptop", from: 9, to: 18, days: 5, pace: 12, skew: 35 * second, offline: []stretch{router}},
	{name: "kofi-laptop", from: 10, to: 20, days: 6, pace: 14, skew: -4 * second, offline: []stretch{tour}},
	{name: "kofi-phone", from: 8, to: 22, days: 7, pace: 34, skew: 60, offline: []stretch{tour}},
	{name: "hana-laptop", from: 11, to: 20, days: 5, pace: 11, skew: 5, offline: []stretch{router, tour}},
	{name: "sil-laptop", from: 9, to: 17, days: 4, pace: 12, skew: -3 * minute, offline: []stretch{site}},
	{name: "sil-phone", from: 8, to: 22, days: 7, pace: 42, skew: 450},
}
