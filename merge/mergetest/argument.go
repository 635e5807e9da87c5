package mergetest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// argument is what stands behind the name of a step: how it is written, read and made smaller.
type argument struct {
	least   int  // how many words it has
	many    bool // or more
	isID    bool // it is the ID of a record
	text    func(s step) string
	read    func(s *step, words []string) error
	plainer func(s step) [][]step // nil if it cannot become smaller
}

// ofRecord is the ID of a record.
func ofRecord() argument {
	return argument{
		least: 1, isID: true,
		text: func(s step) string { return asWord(s.id) },
		read: func(s *step, words []string) error {
			s.id = fromWord(words[0])
			return nil
		},
	}
}

// assignments are at least so many fields with their values.
func assignments(least int) argument {
	return argument{
		least: least, many: true,
		text: func(s step) string { return assigned(s.sets) },
		read: func(s *step, words []string) (err error) {
			s.sets, err = parseSets(words)
			return err
		},
		plainer: fewerSets,
	}
}

// fewerSets leaves out assignments, and replaces long values.
func fewerSets(s step) (all [][]step) {
	for i := range s.sets {
		if len(s.sets) > 1 {
			all = append(all, s.with(func(p *step) { p.sets = slices.Delete(slices.Clone(s.sets), i, i+1) }))
		}
	}
	for i, a := range s.sets {
		if len(a.value) > 40 {
			all = append(all, s.with(func(p *step) { p.sets = slices.Clone(s.sets); p.sets[i].value = "1" }))
		}
	}
	return all
}

// flawName is what is wrong with an item.
func flawName() argument {
	return argument{
		least: 1,
		text:  func(s step) string { return s.bad },
		read: func(s *step, words []string) error {
			s.bad = words[0]
			return nil
		},
	}
}

// countOf is a number that is not negative. A greater one than few is first replaced by few and less.
func countOf(few int) argument {
	return argument{
		least: 1,
		text:  func(s step) string { return strconv.Itoa(s.n) },
		read: func(s *step, words []string) (err error) {
			if s.n, err = strconv.Atoi(words[0]); err == nil && s.n < 0 {
				err = errStep
			}
			return err
		},
		plainer: func(s step) (all [][]step) {
			for n := 1; s.n > few && n <= few; n++ {
				all = append(all, s.with(func(p *step) { p.n = n }))
			}
			if s.n > 0 {
				all = append(all, s.with(func(p *step) { p.n /= 2 }), s.with(func(p *step) { p.n-- }))
			}
			return all
		},
	}
}

// duration is how long something takes.
func duration() argument {
	return argument{
		least: 1,
		text:  func(s step) string { return s.by.String() },
		read:  readDuration,
		plainer: func(s step) (all [][]step) {
			for _, by := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
				if s.by > by {
					all = append(all, s.with(func(p *step) { p.by = by }))
				}
			}
			return all
		},
	}
}

// lead is how far a clock is ahead of the time, or behind it.
func lead() argument {
	return argument{
		least: 1,
		text:  func(s step) string { return map[bool]string{true: "+"}[s.by >= 0] + s.by.String() },
		read:  readDuration,
	}
}

func readDuration(s *step, words []string) (err error) {
	s.by, err = time.ParseDuration(words[0])
	return err
}

// otherDevice is another device.
func otherDevice() argument {
	return argument{
		least: 1,
		text:  func(s step) string { return people()[s.whom] },
		read: func(s *step, words []string) (err error) {
			s.whom, err = person(words[0])
			return err
		},
	}
}

func person(name string) (int, error) {
	i := slices.Index(people(), name)
	if i < 0 {
		return 0, fmt.Errorf("%w: who is %q?", errStep, name)
	}
	return i, nil
}

var escape = regexp.MustCompile(`\\u[0-9a-f]{4}`)

// fromWord returns the name that a word of a step stands for.
func fromWord(word string) string {
	return escape.ReplaceAllStringFunc(word, func(text string) string {
		n, _ := strconv.ParseUint(text[2:], 16, 16) // it has four digits
		return string(rune(n))
	})
}

func parseSets(words []string) (sets []assignment, err error) {
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		name = fromWord(name)
		if !ok || checkName(name) != nil {
			return nil, errStep
		}
		sets = append(sets, assignment{name, value})
	}
	return sets, nil
}
