package lawtest

// The laws of partial replication.
const (
	lawSecret     law = "a client receives only what it may read"
	lawLeak       law = "left names only a record that the client could once read"
	lawPullWrites law = "a pull writes nothing"
	lawLacks      law = "a client in sync holds what it may read"
	lawKeeps      law = "a client in sync holds nothing that it may not read"
	lawVersion    law = "a client in sync holds the stored version"
	lawValues     law = "a row has its values if, and only if, its record may be read"
	lawShows      law = "a client in sync shows no record that has left"
	lawOverlay    law = "an accepted item is shown until a pull brings it"
	lawEnds       law = "a pull ends"
	lawAnswered   law = "an item does not stay"
	lawRights     law = "a client changes only what it may read"
	lawAgain      law = "an accepted item that still stands is accepted again, and never changes anything twice"
)

// settled returns the law, if any, that a client breaks that has everything.
func (x *viewSearch) settled(s *viewState) law {
	for k, r := range s.records {
		in, h := x.in(s, k), s.held[k]
		if k == 1 && x.derives && r.kind != viewAbsent && !x.rules.rowOfClient && !x.rules.rowAtSweep {
			in = x.placeOfRow(s)
		}
		may := in&s.has != 0
		switch {
		case may && h.kind == viewAbsent:
			return lawLacks
		case !may && h.kind != viewAbsent:
			return lawKeeps
		case may && h.seq != r.seq:
			return lawVersion
		case may && h.kind != x.rendition(s, k):
			return lawValues
		case !may && x.shows(s, k) && s.item.seen:
			return lawShows
		}
	}
	return ""
}

// mostChunks is more than the number of chunks of any pull.
const mostChunks = 20

// toEnd pulls until nothing is left.
func (x *viewSearch) toEnd(s *viewState) law {
	once := x.rules.rightsOnce && s.paging // then the first end belongs to an earlier pull
	for range mostChunks {
		settled, broken := x.pull(s)
		switch {
		case broken != "":
			return broken
		case settled && !once:
			return x.settled(s)
		case settled:
			once = false
		}
	}
	return lawEnds
}

// atEnd returns the law, if any, that is broken if nothing happens any more but pulls, and the
// answer to the item.
func (x *viewSearch) atEnd(s viewState) law {
	if broken := x.toEnd(&s); broken != "" {
		return broken
	}
	if s.tab.exists { // it comes after everything
		broken := x.apply(&s, s.tab, true)
		s.tab = viewChunk{}
		if broken == "" && s.cursor.seq == s.seq && s.cursor.n == 0 { // nothing makes the client pull
			broken = x.settled(&s)
		}
		if broken == "" {
			broken = x.toEnd(&s)
		}
		if broken != "" {
			return broken
		}
	}
	if !s.item.waits {
		return ""
	}
	broken := x.push(&s, true)
	if broken == "" {
		broken = x.toEnd(&s)
	}
	if broken != "" {
		return broken
	}
	if s.item.exists() {
		return lawAnswered
	}
	return ""
}
