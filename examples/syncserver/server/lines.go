package server

import (
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/record"
)

// columnsType is the media type of a pull whose records are sent as columns; see record.AppendColumns.
const columnsType = "application/vnd.fieldlww.columns+jsonl"

// lines are the lines of a chunk of a pull. They are divided into parts. No part has text of records in
// different buckets, so each part can be compressed by itself; see sealer.
type lines struct {
	parts   []part
	columns bool         // whether records are sent as columns
	rows    []record.Row // that are still to be written as columns
}

// part is a part of a chunk.
type part struct {
	text []byte
	in   []string // the buckets of all of its records; nil if it has lines of another kind
}

// add adds a line of another kind than a record.
func (l *lines) add(line any) {
	if n := len(l.parts); n == 0 || l.parts[n-1].in != nil {
		l.parts = append(l.parts, part{})
	}
	last := &l.parts[len(l.parts)-1]
	last.text = appendLine(last.text, line)
}

// addRecord adds a record. As columns, records are written at the end of the chunk, and records in the same
// buckets are together. The order of the lines of a chunk does not matter.
func (l *lines) addRecord(r record.Row) {
	if l.columns {
		l.rows = append(l.rows, r)
		return
	}
	if n := len(l.parts); n == 0 || !slices.Equal(l.parts[n-1].in, r.In) {
		l.parts = append(l.parts, part{in: r.In})
	}
	last := &l.parts[len(l.parts)-1]
	last.text = strconv.AppendInt(append(last.text, `{"seq":`...), r.Seq, 10)
	last.text = appendNames(append(last.text, `,"in":`...), r.In)
	brace := len(last.text)
	last.text = record.Mutation{Data: r.Record}.AppendJSON(last.text)
	last.text[brace] = ',' // the members of the mutation follow
	last.text = append(last.text, '\n')
}

// end adds the last line of the chunk.
func (l *lines) end(t trailer) {
	slices.SortStableFunc(l.rows, func(a, b record.Row) int { return slices.Compare(a.In, b.In) })
	for len(l.rows) > 0 {
		in := l.rows[0].In
		n := slices.IndexFunc(l.rows, func(r record.Row) bool { return !slices.Equal(r.In, in) })
		if n < 0 {
			n = len(l.rows)
		}
		l.parts = append(l.parts, part{record.AppendColumns(nil, l.rows[:n]), in})
		l.rows = l.rows[n:]
	}
	l.add(t)
}
