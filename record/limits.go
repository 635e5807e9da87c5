package record

import "cmp"

// Limits bound the input that a Decoder accepts. In every member 0 selects the default, and a
// negative number switches the limit off. Limits belong to admission, where data is
// untrusted. A join has none, so servers with different limits still converge, and a trusted
// Decoder has none by default.
//
// Some limits are fixed: a number has at most 1,000 characters, and an object of the wire
// format has at most 64 unknown members. Reading any number costs at most about 30 times as
// much, byte for byte, as reading a short string.
type Limits struct {
	// Bytes is the greatest length of the input. Default 16 MiB; off means 1 GiB.
	Bytes int
	// Depth is the greatest nesting depth of arrays and objects in one value. A scalar has
	// depth 0. Default 32; off means 1,000.
	Depth int
	// Fields is the greatest number of fields of one record. Default 10,000.
	Fields int
	// Value is the greatest length of one value, in bytes of canonical JSON.
	// Default 1 MiB.
	Value int
	// Name is the greatest length of a table, ID or field name, in bytes. The default of
	// 1,024 is also the maximum: longer names are refused everywhere.
	Name int
	// Items is the greatest number of mutations in one batch. Default 100,000.
	Items int
	// Exact refuses numbers that would be rounded, with ErrInexact. A number is exact if its
	// canonical form, read as decimal digits, is the same number: 1.50, 0.1, 1e23 and
	// 9007199254740993 are exact; 99999999999999999.99 is not, nor is 18446744073709551616,
	// which becomes 18446744073709552000. By default, a number that is not exact becomes the
	// nearest float64.
	Exact bool
}

// Limits that cannot be switched off: offsets have 31 bits, and nesting uses stack space.
const (
	mostBytes   = 1 << 30
	mostDepth   = 1000
	mostMembers = 64
)

// inForce returns the limits that apply. A limit of 0 is the default, which is off for trusted
// input. A limit that is off becomes the greatest value that is possible.
func (l Limits) inForce(trusted bool) Limits {
	of := func(limit, standard, most int) int {
		if limit < 0 || limit == 0 && trusted {
			return most
		}
		return min(cmp.Or(limit, standard), most)
	}
	return Limits{
		Bytes:  of(l.Bytes, 16<<20, mostBytes),
		Depth:  of(l.Depth, 32, mostDepth),
		Fields: of(l.Fields, 10_000, mostBytes),
		Value:  of(l.Value, 1<<20, mostBytes),
		Name:   of(l.Name, maxName, maxName),
		Items:  of(l.Items, 100_000, mostBytes),
		Exact:  l.Exact,
	}
}
