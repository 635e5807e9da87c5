package mergetest

// judgeWhole looks whether a push during which the server died left only a part of an item
// behind. Known is what was known before it.
func (w *world) judgeWhole(b batch, known []prior) {
	if w.breach != nil || w.serving != nil {
		return
	}
	fresh := w.fresh()
	for i, it := range b.items {
		there, missing := "", ""
		for _, x := range it.writes {
			switch p := w.ledger.of(x.spot); {
			case known[i].doubt || !p.permits(x.write, true) || p.writes[x.write].state != unsure:
			case fresh[x.spot] == x.write:
				there = x.field
			case p.permits(fresh[x.spot], true) && fresh[x.spot] != p.best:
				// Another item of the batch is stored there.
			default:
				missing = x.field
			}
		}
		if there != "" && missing != "" {
			w.broken(lawWhole, "item %d of the batch, %s/%s: of its fields %s is stored, and %s is not", i, w.o.Table, it.id, there, missing)
		}
	}
}
