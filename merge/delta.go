package merge

import "github.com/fieldlww/fieldlww/record"

// Delta returns the writes in want that win over the writes in have, and no others. A replica with
// the state "have" needs only these writes to reach the state "want": Join(have, Delta(have, want))
// equals Join(have, want), which is want if want was joined from have. The Delta is empty if want
// has nothing new.
func Delta(have, want Collection) Collection {
	var (
		out     []record.Record
		builder record.Builder
		i       int
	)
	for _, w := range want.records {
		for i < len(have.records) && have.records[i].Key().Compare(w.Key()) < 0 {
			i++
		}
		if i == len(have.records) || have.records[i].Key() != w.Key() {
			out = append(out, w)
		} else if news, ok := recordDelta(&builder, have.records[i], w); ok {
			out = append(out, news)
		}
	}
	return Collection{out}
}

// recordDelta returns the fields of want that win over the fields of have, and reports whether
// there are any.
func recordDelta(b *record.Builder, have, want record.Record) (record.Record, bool) {
	news, err := b.Record(want.Key(), func(yield func(string, record.FieldValue) bool) {
		i := 0
		for name, w := range want.All() {
			var before record.FieldValue
			for ; i < have.Len(); i++ {
				if at, v := have.At(i); at >= name {
					if at == name {
						before = v
					}
					break
				}
			}
			if w.Compare(before) > 0 && !yield(name, w) {
				return
			}
		}
	})
	return news, err == nil && news.Len() > 0
}
