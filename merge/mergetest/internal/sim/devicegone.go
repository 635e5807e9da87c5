package sim

import (
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// newItem returns an item of the device, with what its author knows.
func (d *device) newItem(id string, m record.Mutation) *check.Item {
	it := check.NewItem(id, m)
	it.Author = check.Author{Pulled: d.pulled, Fence: int64(d.fence)}
	return it
}

// accepted confirms the writes of an accepted item that are not gone. Once the device knows of a
// fence, or if the server has buckets, it keeps these writes apart until its next pull, which returns
// them.
func (d *device) accepted(it *check.Item, r merge.Reply) {
	kept := map[string]record.FieldValue{}
	for name, v := range it.M.Data.All() {
		if !check.IsGone(r, name) {
			kept[name] = v
		}
	}
	if d.fence > 0 || d.w.Sight != nil {
		over := check.NewItem(it.ID, record.Mutation{Data: check.RecordOf(it.M.Data.Key(), kept), New: it.M.New})
		over.Left = it.Left
		d.overlay = append(d.overlay, over)
		return
	}
	for name, v := range kept {
		d.confirm(it.ID, name, v)
		if d.client != nil {
			d.client.joined = append(d.client.joined, check.WrittenOf(oracle.FieldKey{ID: it.ID, Field: name}, v.Value, v.Stamp))
		}
	}
}

// judged returns a record as the device shows it under a fence: the device judges its accepted
// and its waiting items as the server will.
func (d *device) judged(id string, waiting []*check.Item) record.Record {
	stored := merge.Stored{Records: []record.Record{check.RecordOf(d.w.Key(id), d.confirmed[id])}, Fence: d.fence, Level: d.level}
	request := merge.Request{AnyClient: true, Wall: d.w.Now}
	for _, items := range [][]*check.Item{d.overlay, waiting} {
		for _, it := range items {
			if it.ID == id && it.Bad == "" && len(it.Writes) > 0 && !d.isLeft(it) {
				request.Items = append(request.Items, record.Item{Mutation: it.M})
			}
		}
	}
	if len(request.Items) > 0 {
		engine := merge.Engine{MaxAhead: -1}
		answer, err := engine.Prepare(request).Apply(stored)
		d.w.Must(err)
		if len(answer.Updates) > 0 {
			return answer.Updates[0].After
		}
	}
	return merge.Purge(stored.Records[0], d.fence, d.level)
}
