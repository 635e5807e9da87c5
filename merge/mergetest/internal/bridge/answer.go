package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Answer is the answer to a call.
type Answer struct {
	Result json.RawMessage `json:"result"`
	Error  *string         `json:"error"`
	Code   any             `json:"code"` // only the text stamp has a meaning
}

// parseAnswer reads an answer, which must be one JSON object without other members.
func parseAnswer(line []byte) (a Answer, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err = d.Decode(&a); err == nil && bytes.TrimSpace(line)[0] != '{' {
		err = fmt.Errorf("not an object")
	}
	if _, more := d.Token(); err == nil && more != io.EOF {
		err = fmt.Errorf("data after the object")
	}
	if err != nil {
		return a, fmt.Errorf("the program wrote a line that is not an answer (%v): %s", err, clipped(line))
	}
	return a, nil
}

// clipped returns the beginning of a line.
func clipped(line []byte) []byte {
	const most = 300
	if line = bytes.TrimSpace(bytes.ToValidUTF8(line, []byte("\uFFFD"))); len(line) > most {
		return append(bytes.ToValidUTF8(line[:most:most], nil), "…"...)
	}
	return line
}
