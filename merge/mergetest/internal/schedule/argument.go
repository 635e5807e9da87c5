package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Argument describes an argument of a step, which follows the step's name: how it is written, read
// and shrunk.
type Argument struct {
	least   int  // the number of its words
	many    bool // whether it may have more words
	isID    bool // whether it is the ID of a record
	text    func(s Step) string
	read    func(s *Step, words []string) error
	Plainer func(s Step) [][]Step // smaller variants of the step; nil if it cannot shrink
}

// OfRecord is the ID of a record.
func OfRecord() Argument {
	return Argument{
		least: 1, isID: true,
		text: func(s Step) string { return AsWord(s.ID) },
		read: func(s *Step, words []string) error {
			s.ID = fromWord(words[0])
			return nil
		},
	}
}

// Assignments are at least the given number of fields with their values, written as
// name=value.
func Assignments(least int) Argument {
	return Argument{
		least: least, many: true,
		text: func(s Step) string { return assigned(s.Sets) },
		read: func(s *Step, words []string) (err error) {
			s.Sets, err = parseSets(words)
			return err
		},
		Plainer: fewerSets,
	}
}

// fewerSets returns steps with one assignment fewer, or with a long value replaced.
func fewerSets(s Step) (all [][]Step) {
	for i := range s.Sets {
		if len(s.Sets) > 1 {
			all = append(all, s.with(func(p *Step) { p.Sets = slices.Delete(slices.Clone(s.Sets), i, i+1) }))
		}
	}
	for i, a := range s.Sets {
		if len(a.Value) > 40 {
			all = append(all, s.with(func(p *Step) { p.Sets = slices.Clone(s.Sets); p.Sets[i].Value = "1" }))
		}
	}
	return all
}

// FlawName is the name of a flaw of an item.
func FlawName() Argument {
	return Argument{
		least: 1,
		text:  func(s Step) string { return s.Bad },
		read: func(s *Step, words []string) error {
			s.Bad = words[0]
			return nil
		},
	}
}

// CountOf is a non-negative number. If the number is greater than the parameter few, shrinking first tries
// each number from 1 to few.
func CountOf(few int) Argument {
	return Argument{
		least: 1,
		text:  func(s Step) string { return strconv.Itoa(s.N) },
		read: func(s *Step, words []string) (err error) {
			if s.N, err = strconv.Atoi(words[0]); err == nil && s.N < 0 {
				err = errStep
			}
			return err
		},
		Plainer: func(s Step) (all [][]Step) {
			for n := 1; s.N > few && n <= few; n++ {
				all = append(all, s.with(func(p *Step) { p.N = n }))
			}
			if s.N > 0 {
				all = append(all, s.with(func(p *Step) { p.N /= 2 }), s.with(func(p *Step) { p.N-- }))
			}
			return all
		},
	}
}

// Duration is the length of a wait.
func Duration() Argument {
	return Argument{
		least: 1,
		text:  func(s Step) string { return s.By.String() },
		read:  readDuration,
		Plainer: func(s Step) (all [][]Step) {
			for _, by := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
				if s.By > by {
					all = append(all, s.with(func(p *Step) { p.By = by }))
				}
			}
			return all
		},
	}
}

// Lead is how far a clock is ahead of the time, or behind it if negative.
func Lead() Argument {
	return Argument{
		least: 1,
		text:  func(s Step) string { return map[bool]string{true: "+"}[s.By >= 0] + s.By.String() },
		read:  readDuration,
	}
}

func readDuration(s *Step, words []string) (err error) {
	s.By, err = time.ParseDuration(words[0])
	return err
}

// OfBucket is the name of a bucket. The empty name is written as two quotation marks.
func OfBucket() Argument {
	return Argument{
		least: 1,
		text: func(s Step) string {
			if s.Bucket == "" {
				return `""`
			}
			return AsWord(s.Bucket)
		},
		read: func(s *Step, words []string) error {
			if s.Bucket = fromWord(words[0]); words[0] == `""` {
				s.Bucket = ""
			}
			return nil
		},
	}
}

// OtherDevice is the name of another device.
func OtherDevice() Argument {
	return Argument{
		least: 1,
		text:  func(s Step) string { return People()[s.Whom] },
		read: func(s *Step, words []string) (err error) {
			s.Whom, err = person(words[0])
			return err
		},
	}
}

func person(name string) (int, error) {
	i := slices.Index(People(), name)
	if i < 0 {
		return 0, fmt.Errorf("%w: there is no device %q", errStep, name)
	}
	return i, nil
}

var escape = regexp.MustCompile(`\\u[0-9a-f]{4}`)

// fromWord returns the name that AsWord wrote as a word.
func fromWord(word string) string {
	return escape.ReplaceAllStringFunc(word, func(text string) string {
		n, _ := strconv.ParseUint(text[2:], 16, 16) // the escape has four digits
		return string(rune(n))
	})
}

func parseSets(words []string) (sets []Assignment, err error) {
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		name = fromWord(name)
		if !ok || CheckName(name) != nil {
			return nil, errStep
		}
		sets = append(sets, Assignment{name, value})
	}
	return sets, nil
}
