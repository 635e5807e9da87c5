package powersync

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Metadata is what the app writes to the column _metadata, as a JSON object, together with a
// change of a row. A table has this column if its option trackMetadata is set:
//
//	{"stamp":"2026-03-02T12:00:00.000000000Z/7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10",
//	 "base":{"title":"2026-03-02T11:00:00.000000000Z/91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20","done":null}}
//
// Other members are ignored, so an app can add its own.
type Metadata struct {
	// Stamp is the stamp of the change, from the hybrid logical clock of the device.
	Stamp clock.Stamp `json:"stamp"`
	// Base has the stamp that the app saw on each column that it changed, or null if the column was
	// never written. For a column that is not in Base, it is not known what the app saw.
	Base map[string]clock.Stamp `json:"base"`
	// New says that the app created the row.
	New bool `json:"new"`
}

// ParseMetadata reads the metadata of an entry. It reports false for a text that is not a JSON object
// with the member stamp: such an entry has no stamp. The error is a *record.Error.
func ParseMetadata(text string) (m Metadata, stamped bool, err error) {
	var has struct {
		Stamp json.RawMessage `json:"stamp"`
	}
	if json.Unmarshal([]byte(text), &has) != nil || has.Stamp == nil {
		return Metadata{}, false, nil
	}
	err = json.Unmarshal([]byte(text), &m)
	if err == nil && m.Stamp.Valid() {
		return m, true, nil
	}
	reason := record.ErrStamp
	// A stamp after the year 2262 comes from a wrong clock, and is retried with another one. A base never changes, so no
	// base is retried.
	var stamp clock.Stamp
	if cause := (*clock.ParseError)(nil); errors.As(json.Unmarshal(has.Stamp, &stamp), &cause) {
		reason = fmt.Errorf("%w: %w", reason, cause)
	}
	return Metadata{}, true, &record.Error{Path: "metadata", Offset: -1, Err: reason}
}
