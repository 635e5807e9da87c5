package mergetest

import "strings"

// The names and values that devices write by default. Adjacent entries are easily confused, and a
// run writes adjacent entries.

// defaultIDs returns IDs that some databases and some code confuse, cut or change. They differ by table,
// case, a trailing space, a LIKE wildcard, a URL escape, a path separator, the spelling of a number,
// Unicode normal form, or the last of 1,001 characters.
func defaultIDs(tables []string) (ids []string) {
	for _, table := range tables[1:] {
		ids = append(ids, table+":a")
	}
	long := strings.Repeat("long", 250)
	return append(ids,
		"a", "A", "a ",
		"b", "b_", "b%",
		"c", "c/d", "c%2Fd", "c.d",
		"d", "d/../d", `d'"\`,
		"10", "010", "1e1", "9223372036854775808", "9223372036854775809",
		"é", "e\u0301", long+"x", long+"y",
	)
}

// defaultFields returns fields and values that some databases and some code confuse, cut or change. The names
// differ as the IDs do, look like indexes, paths or members of a record, or are long. The values look empty,
// or are numbers that a float64 or an integer type cannot represent. Others are strings that look like
// numbers or formats, strings that differ only in case, Unicode normal form, line ends or the last character,
// and values that code could merge although it must not. The fields tags/e and position hold what package record/fields
// writes: elements of a set, and positions. The field qty has the name of the counters that some steps write.
func defaultFields() map[string][]string {
	long := strings.Repeat("long", 95)
	return map[string][]string{
		"points": {"10", "9", "10000000000000001", "10000000000000000", "0", "0.125", "0.1"},
		"Points": {
			"9223372036854775807", "9223372036854775808", "18446744073709551616", "1e21", "1e300",
			"5e-324", "0.30000000000000004", "-9223372036854775808", "-1", "9007199254740993", "9007199254740992",
		},
		"d/points":    {"1", "2", `"x"`},
		"7":           {`"10"`, `"010"`, `"1e1"`, "10", `"2024-03-04T12:00:00+02:00"`, `"2024-03-04T10:00:00Z"`},
		"id":          {`"b"`, `"a%"`, `"100%d"`, `"a_"`, `"O'Neil"`, `"\\\"$1"`, `"a\u0000b"`, `"a"`},
		"box":         {`{"b":1}`, `{"b":2}`, `{"B":1}`, `{"b":null}`},
		"box.b":       {"1", "2", `"1"`, "true"},
		"tag_e":       {"true", "false", "null", `"true"`},
		"tag%2Fe":     {"1", "0", "true", `"1"`},
		"tag/e":       {`""`, "null", `" < "`, `" A` + long + `x"`, `" A` + long + `y"`},
		"tag/É":       {"true", "false", `{"<é>":[2.5,"x"]}`, `{"a":{},"b":[9007199254740993,[]]}`, `"10"`},
		"tag/E\u0301": {"[]", "[1]", "[2]", "{}"},
		"tags/e":      {"true"},
		"tags/E":      {"true"},
		"tags/e/f é ": {"true"},
		"position":    {`"V-eTc6CVA"`, `"V-eTc6CVa"`, `"V-eTc6C0V-m8-E7V8"`, `"Ek-m8-E7V7"`, `"kF-9o55E0"`},
		"qty":         {"5", "3"},

		strings.Repeat("long", 80) + "e\u0301 ": {`"x"`, `"X"`, `"\uFF5E"`, `"😀e\u0301\r\n"`, `"x "`},
	}
}
