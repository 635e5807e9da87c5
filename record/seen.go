package record

import (
	"strconv"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Seen is a position in the history of a server: a client that has it has pulled every change up
// to the sequence, and perhaps later ones. A server tells it to a client, and the client puts it
// into the mutations that it makes next. It takes no part in a merge: it explains afterwards on
// which state an edit was made. A server must not trust it, because the client has written it.
// The zero Seen means that it is not known what the author had pulled.
type Seen struct {
	// Epoch names the history. A server that is restored from a backup begins another one, in
	// which the same sequences have another meaning. The rules for a table's name apply to it.
	Epoch string `json:"epoch"`
	// Seq is a sequence of the server; the client had every change up to it. It is at least 0,
	// and at most 2^53−1, so that JavaScript reads it without loss.
	Seq int64 `json:"seq"`
}

// UnmarshalJSON sets s from its JSON, by the rules of Decoder and under its default limits.
func (s *Seen) UnmarshalJSON(text []byte) error {
	var d Decoder
	var got Seen
	err := d.read(text, func() (err error) { got, err = d.seen(); return err })
	if err == nil {
		*s = got
	}
	return err
}

// appendMember appends the member "seen" of a mutation, or nothing if s is zero.
func (s Seen) appendMember(dst []byte) []byte {
	if s == (Seen{}) {
		return dst
	}
	dst = jsontext.AppendQuoted(append(dst, `,"seen":{"epoch":`...), s.Epoch)
	return append(strconv.AppendInt(append(dst, `,"seq":`...), s.Seq, 10), '}')
}

// seen reads the value of a member "seen".
func (d *Decoder) seen() (s Seen, err error) {
	names := [...]string{"epoch", "seq"}
	present, err := d.parser.known(names[:], func(i int) (err error) {
		if i == 0 {
			s.Epoch, err = d.keyPart()
		} else {
			s.Seq, err = d.parser.sequence()
		}
		return err
	})
	if err == nil {
		err = d.parser.missing(names[:], present)
	}
	return s, err
}

// sequence reads an integer from 0 to maxSeq.
func (p *parser) sequence() (int64, error) {
	if c := p.Peek(); c != '-' && (c < '0' || c > '9') {
		return 0, p.Expect('0')
	}
	start, from := p.Pos, len(p.Out)
	if err := p.Value(); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(p.Out[from:]), 10, 64)
	p.Out = p.Out[:from]
	if err != nil || n < 0 || n > maxSeq {
		p.Pos = start
		return 0, ErrNumber
	}
	return n, nil
}
