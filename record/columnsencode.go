package record

import (
	"slices"
	"strconv"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// AppendColumns appends rows to dst as columns: chunks of up to 1,000 records, each on a line of its
// own, which a decoder can read as soon as it has arrived. The order of rows is kept. For example:
//
//	{"packed":1,"names":["done","title"],"kinds":[["tasks",[0,1]]],"clients":["7f3c…"],
//	"kind":[0,0],"id":["1","2"],"stamps":[1,1],"ms":[1795366637000,450],"client":[0,0],
//	"values":[[true,false],["a","b"]]}
//
// A chunk is one JSON object on one line, without white space. Its members have this order. A member in
// brackets is left out if it is empty, and seq and tick are left out if they would have only zeros.
//
//	packed    1, the version of the form
//	[in]      the buckets of all records of the chunk
//	names     the names of fields, in the order of their first use in kinds
//	kinds     [[table,[name,…]],…] in the order of their first use in kind. A name is an index of
//	          names. The names of a kind ascend by the bytes of their UTF-8.
//	clients   client IDs, in the order of their first use in client
//	kind      for each record, an index of kinds, which gives its table and its w fields
//	id        for each record, its ID
//	[seq]     for each record, its sequence minus the sequence before, or minus 0
//	stamps    for each record, the number s of different stamps of its fields
//	[stamp]   for each field of a record with 1 < s < w, an index of the record's stamps
//	ms        for each stamp of a record, in the order of first use: its milliseconds since 1970, minus
//	          the milliseconds of the stamp before it in the record. The first stamp of a record is
//	          relative to the first stamp of the last record that has one, or to 0
//	[tick]    for each stamp, its counter: the six digits below the millisecond
//	client    for each stamp, an index of clients
//	[deleted] the deleted fields, as ascending positions among all fields of the chunk, in the order of
//	          records and names, from 0
//	values    for each name, the values of its fields in the order of records, as canonical JSON; null
//	          for a deleted field
//
// If a record has one stamp, all of its fields have it. If it has as many as fields, they are in the
// order of the fields. No two entries of names, kinds and clients are equal, nor two stamps of a record,
// and each entry is used. A record without fields has no stamps. The field $deleted is like any other.
// Base and New of a mutation have no place here, because columns are for state.
//
// A chunk ends before a record if it has 1,000 records, or if its size has reached 256 KiB, or if the
// record is in other buckets. The size is the length of the JSON of all IDs and values, plus 16 bytes for
// each of them. All records of a chunk are in the same buckets, so that the length of a chunk says
// nothing about records in other buckets. If they shared lists of names and clients, somebody who writes
// into one bucket could guess from the length what another one contains.
//
// The form is canonical: the same rows always give the same bytes, and Decoder.Columns accepts no other
// ones. Keys are not checked, as by Mutation.AppendJSON. A chunk begins with {"packed": and a row of a
// pull does not, so both can be in one page.
func AppendColumns(dst []byte, rows []Row) []byte {
	var e columnEncoder
	for i := range rows {
		if e.isFull(&rows[i]) {
			dst = e.flush(dst)
		}
		e.add(&rows[i])
	}
	return e.flush(dst)
}

// columnEncoder collects the columns of a chunk. Each column is a list in JSON, and each element ends
// with a comma.
type columnEncoder struct {
	records, fields, size int
	in                    []string
	names                 []string
	nameIndex             map[string]int
	kindIndex             map[string]int // by the JSON of the kind
	kindOf                map[kindKey]int
	clientIndex           map[clock.ClientID]int
	seen                  stampSet

	lists struct{ names, kinds, clients, kind, id, seq, stamps, stamp, ms, tick, client, deleted []byte }
	// values are the columns of values, by name.
	values          [][]byte
	seq, first      int64 // of the record before
	hasSeq, hasTick bool
}

// kindKey is a table with the names of fields.
type kindKey struct {
	table string
	names *names
}

// isFull reports whether the chunk ends before a row.
func (e *columnEncoder) isFull(r *Row) bool {
	return e.records > 0 && (e.records == columnRecords || e.size >= columnBytes || !slices.Equal(e.in, r.In))
}

// add adds a row to the chunk.
func (e *columnEncoder) add(row *Row) {
	if e.records == 0 {
		e.begin(row.In)
	}
	e.records++
	l := &e.lists
	l.kind = appendElement(l.kind, int64(e.kind(&row.Record)))
	before := len(l.id)
	l.id = append(jsontext.AppendQuoted(l.id, row.Record.key.ID), ',')
	e.size += len(l.id) - before - 1 + columnExtra
	l.seq = appendElement(l.seq, row.Seq-e.seq)
	e.hasSeq = e.hasSeq || row.Seq != 0
	e.seq = row.Seq
	e.addStamps(&row.Record)
	e.addValues(&row.Record)
}

// begin begins a chunk.
func (e *columnEncoder) begin(in []string) {
	*e = columnEncoder{
		in: in, nameIndex: make(map[string]int), kindIndex: make(map[string]int), kindOf: make(map[kindKey]int),
		clientIndex: make(map[clock.ClientID]int), seen: e.seen, values: e.values[:0],
	}
}

// kind returns the index of the kind of a record.
func (e *columnEncoder) kind(r *Record) int {
	key := kindKey{r.key.Table, r.names}
	if i, ok := e.kindOf[key]; ok {
		return i
	}
	text := append(jsontext.AppendQuoted([]byte{'['}, r.key.Table), ",["...)
	for _, name := range r.nameList() {
		i, ok := e.nameIndex[name]
		if !ok {
			i = len(e.nameIndex)
			e.nameIndex[name] = i
			e.names = append(e.names, name)
			e.lists.names = append(jsontext.AppendQuoted(e.lists.names, name), ',')
			e.values = slices.Grow(e.values, 1)[:i+1]
			e.values[i] = e.values[i][:0]
		}
		text = appendElement(text, int64(i))
	}
	text = append(closed(text), ']')
	i, ok := e.kindIndex[string(text)] // another Builder may have made the names
	if !ok {
		i = len(e.kindIndex)
		e.kindIndex[string(text)] = i
		e.lists.kinds = append(append(e.lists.kinds, text...), ',')
	}
	e.kindOf[key] = i
	return i
}

// addStamps adds the stamps of a record.
func (e *columnEncoder) addStamps(r *Record) {
	l, began := &e.lists, len(e.lists.stamp)
	e.seen.begin()
	last := e.first
	for i := range r.writes {
		s := r.writes[i].stamp
		at, found := e.seen.add(s)
		l.stamp = appendElement(l.stamp, int64(at))
		if found {
			continue
		}
		ms := s.Time.Millis()
		l.ms = appendElement(l.ms, ms-last)
		if last = ms; at == 0 {
			e.first = ms
		}
		e.hasTick = e.hasTick || s.Time.Counter() != 0
		l.tick = appendElement(l.tick, int64(s.Time.Counter()))
		client, ok := e.clientIndex[s.Client]
		if !ok {
			client = len(e.clientIndex)
			e.clientIndex[s.Client] = client
			l.clients, _ = s.Client.AppendText(append(l.clients, '"'))
			l.clients = append(l.clients, `",`...)
		}
		l.client = appendElement(l.client, int64(client))
	}
	n := len(e.seen.list)
	l.stamps = appendElement(l.stamps, int64(n))
	if n <= 1 || n == len(r.writes) {
		l.stamp = l.stamp[:began]
	}
}

// addValues adds the values of a record.
func (e *columnEncoder) addValues(r *Record) {
	column := -1
	for i, name := range r.nameList() {
		if column++; column >= len(e.names) || e.names[column] != name { // names are often in order
			column = e.nameIndex[name]
		}
		v, values := r.value(i), &e.values[column]
		before := len(*values)
		switch v {
		case deletedText:
			e.lists.deleted = appendElement(e.lists.deleted, int64(e.fields))
			*values = append(*values, "null,"...)
		case "":
			*values = append(*values, "null,"...)
		default:
			*values = append(append(*values, v...), ',')
		}
		e.size += len(*values) - before - 1 + columnExtra
		e.fields++
	}
}

// flush appends the chunk to dst, and begins another one. It appends nothing if the chunk is empty.
func (e *columnEncoder) flush(dst []byte) []byte {
	if e.records == 0 {
		return dst
	}
	l := &e.lists
	dst = append(dst, `{"packed":`+columnVersion...)
	if len(e.in) > 0 {
		var in []byte
		for _, name := range e.in {
			in = append(jsontext.AppendQuoted(in, name), ',')
		}
		dst = appendList(dst, "in", in)
	}
	dst = appendList(dst, "names", l.names)
	dst = appendList(dst, "kinds", l.kinds)
	dst = appendList(dst, "clients", l.clients)
	dst = appendList(dst, "kind", l.kind)
	dst = appendList(dst, "id", l.id)
	if e.hasSeq {
		dst = appendList(dst, "seq", l.seq)
	}
	dst = appendList(dst, "stamps", l.stamps)
	if len(l.stamp) > 0 {
		dst = appendList(dst, "stamp", l.stamp)
	}
	dst = appendList(dst, "ms", l.ms)
	if e.hasTick {
		dst = appendList(dst, "tick", l.tick)
	}
	dst = appendList(dst, "client", l.client)
	if len(l.deleted) > 0 {
		dst = appendList(dst, "deleted", l.deleted)
	}
	dst = append(dst, `,"values":[`...)
	for _, column := range e.values {
		dst = append(closed(append(append(dst, '['), column...)), ',')
	}
	e.records = 0
	return append(closed(dst), "}\n"...)
}

// appendElement appends an integer and a comma.
func appendElement(dst []byte, n int64) []byte { return append(strconv.AppendInt(dst, n, 10), ',') }

// appendList appends a member with a list whose elements end with commas.
func appendList(dst []byte, name string, elements []byte) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":[`...)
	return closed(append(dst, elements...))
}

// closed closes the list at the end of dst: it replaces the comma after the last element.
func closed(dst []byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst = dst[:last]
	}
	return append(dst, ']')
}
