package merge_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// vectorSteps maps each step of a story to its other members. A question mark follows a member that
// may be left out.
var vectorSteps = map[string]string{
	"open": "refused?", "wall": "", "edit": "set? delete? seen? refused?",
	"batch": "lines", "outbox": "", "answer": "refused?",
	"begin": "cursor", "pull": "of? settled? refused?", "time": "took offset", "clockSet": "",
	"shown": "record waiting?", "why": "is", "notices": "",
}

// vectorStory checks the form of a story. The tests of the clients run the stories.
func vectorStory(t *testing.T, v vector) {
	require.NotEmpty(t, v.Steps)
	for _, text := range v.Steps {
		action := strings.SplitN(string(text), `"`, 3)[1]
		others, ok := vectorSteps[action]
		require.True(t, ok, "%s", text)
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &members))
		delete(members, action)
		for _, other := range strings.Fields(others) {
			name, optional := strings.CutSuffix(other, "?")
			_, found := members[name]
			require.True(t, found || optional, "%s: %s", name, text)
			delete(members, name)
		}
		require.Empty(t, members, "%s", text)
	}
}

// vectorTicks runs a clock without a bound.
func vectorTicks(t *testing.T, v vector) {
	var wall time.Time
	var last clock.Timestamp
	if *v.Last != "" {
		last = clock.MustParseTimestamp(*v.Last)
	}
	c, err := clock.New(clock.Options{Now: func() time.Time { return wall }, MaxAhead: -1, Last: last})
	require.NoError(t, err)
	for _, text := range v.Steps {
		var step struct {
			Wall    time.Time
			Now     string
			Observe *clock.Timestamp
		}
		require.NoError(t, vectorStrict(text, &step))
		if step.Observe != nil {
			require.NoError(t, c.Observe(*step.Observe))
			continue
		}
		wall = step.Wall
		require.Equal(t, step.Now, c.Now().String(), "%s", text)
	}
}

// vectorBound runs the clock of a server at the default bound.
func vectorBound(t *testing.T, v vector) {
	wall, err := time.Parse(time.RFC3339, *v.Wall)
	require.NoError(t, err)
	c, err := clock.New(clock.Options{Now: func() time.Time { return wall }})
	require.NoError(t, err)
	var ahead *clock.AheadError
	require.ErrorAs(t, c.Observe(clock.MustParseTimestamp(*v.Refuses)), &ahead)
	require.NoError(t, c.Observe(clock.MustParseTimestamp(*v.Accepts)))
	require.Equal(t, *v.Accepts, c.Last().String())
}
