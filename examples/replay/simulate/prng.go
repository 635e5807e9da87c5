package main

import (
	"encoding/binary"
	"math/bits"

	"github.com/fieldlww/fieldlww/clock"
)

// prng is SplitMix64 (Steele, Lea and Flood 2014). It is implemented here because the history must
// not change when the generators of the standard library do.
type prng uint64

func (p *prng) next() uint64 {
	*p += 0x9e3779b97f4a7c15
	z := uint64(*p)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n), using integer arithmetic only.
func (p *prng) below(n int) int {
	high, _ := bits.Mul64(p.next(), uint64(n))
	return int(high)
}

// oneIn returns true once in n calls on average.
func (p *prng) oneIn(n int) bool { return p.below(n) == 0 }

// pick returns one of the choices.
func pick[T any](p *prng, choices []T) T { return choices[p.below(len(choices))] }

// shortID returns a short ID that is easy to type after -explain.
func (p *prng) shortID(prefix string) string {
	const letters = "23456789abcdefghjkmnpqrstvwxyz"
	id := []byte(prefix + "-")
	for range 5 {
		id = append(id, letters[p.below(len(letters))])
	}
	return string(id)
}

// clientID returns a UUID of version 4 (RFC 9562) from the bits of this generator.
func (p *prng) clientID() clock.ClientID {
	var id clock.ClientID
	binary.BigEndian.PutUint64(id[:8], p.next())
	binary.BigEndian.PutUint64(id[8:], p.next())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
