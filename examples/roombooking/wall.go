package main

import "time"

// wall is the wall clock of the story. It stands still until it is set, so the story is the
// same each time.
type wall struct{ now time.Time }

// read returns the time.
func (w *wall) read() time.Time { return w.now }

// set sets the clock to a time on the day of the story.
func (w *wall) set(hour, minute int) { w.now = at(hour, minute) }

// at returns a time on the day of the story.
func at(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC) }
