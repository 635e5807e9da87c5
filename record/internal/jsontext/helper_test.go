package jsontext_test

import (
	"flag"
	"testing"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// standard are the default limits of package record.
var standard = jsontext.Limits{Depth: 32, Size: 1 << 20}

// canonical reads a text that is one value, and returns its canonical form.
func canonical(text string) (string, error) { return read(text, standard) }

// read is like canonical, but with the given limits.
func read(text string, limits jsontext.Limits) (string, error) {
	var r jsontext.Reader
	r.Reset([]byte(text), limits)
	err := r.Value()
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return "", err
	}
	return string(r.Out), nil
}

// TestMain checks each property 1,000 times by default. The flag -rapid.checks overrides the
// number.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}
