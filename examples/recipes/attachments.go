package recipes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// A photo does not belong in a field: values are limited, and every pull would bring it. The field has a
// name made of the content, and the content is a blob somewhere else. A client uploads the blob first, and
// then pushes the write of the field. Since the name belongs to the content, a blob never changes, and
// names merge like any other value.
//
// The server must not accept a name before it has the blob, or other clients pull a photo that they
// cannot show. So a guard refuses such an item with a code of its own. The refusal is retryable: the client
// keeps the item, uploads the blob, and sends the item again. A client that no longer has the content
// drops the item.
//
// A blob without a record is an orphan: its push never came, or its field was overwritten. It may be
// wanted again, by a device that is still offline or by an undo. So it stays for the retention, counted
// from the last time it was in use, and is collected afterwards.
//
// Serve a blob only to users who may read a record that names it. A name is a hash and not a secret: anyone
// who has the content can compute it. When a record is erased, remove its blobs too, unless another record
// names them.

// MissingAttachment is the code of an item that names a blob which is not stored.
const MissingAttachment merge.Code = "attachment_missing"

// BlobName returns the name of a content. A server computes it again when a blob is uploaded, and refuses
// the upload if the client has stated another name.
func BlobName(content []byte) string {
	sum := sha256.Sum256(content)
	return blobPrefix + hex.EncodeToString(sum[:])
}

const blobPrefix = "sha256-"

// isBlobName reports whether a text has the form of a name.
func isBlobName(text string) bool {
	sum, found := strings.CutPrefix(text, blobPrefix)
	raw, err := hex.DecodeString(sum)
	return found && err == nil && len(raw) == sha256.Size && sum == strings.ToLower(sum)
}

// Blobs keeps blobs by name, and for each the last time at which it was in use, which is at first the time of
// its upload. In a database this is one table. Its methods may be called from any number of goroutines.
type Blobs interface {
	// Use notes that blobs are in use at a time, and reports which of them are stored. A time that is
	// earlier than the noted one changes nothing.
	Use(names []string, at time.Time) (stored map[string]bool, err error)
	// Collect removes the blobs that were last in use before a time. A blob is either removed before a call
	// of Use, which then reports that it is not stored, or noted first, and stays.
	Collect(before time.Time) error
}

// Attachments connects the fields of an app with blobs.
type Attachments struct {
	Blobs Blobs
	// IsName reports whether a field holds the name of a blob.
	IsName func(table, field string) bool
}

// Guard returns the guard for one push, whose items are given. It looks the blobs up now, because a guard
// must not: a guard is a pure function. The blobs are noted as in use, so none of them is collected
// before the push is stored. An error means that the push may succeed later: answer it with the status
// 503.
func (a Attachments) Guard(items []record.Item, at time.Time) (merge.Guard, error) {
	var names []string
	for _, item := range items {
		names = append(names, a.names(item.Mutation.Data)...)
	}
	stored, err := a.Blobs.Use(names, at)
	if err != nil {
		return nil, fmt.Errorf("look up attachments: %w", err)
	}
	return func(_ clock.ClientID, m record.Mutation) error {
		for field, w := range m.Data.All() {
			if !a.IsName(m.Data.Key().Table, field) || isNothing(w.Value) {
				continue
			}
			path := "data." + record.PathName(field) + ".value"
			switch name, _ := w.Value.Text(); {
			case !isBlobName(name):
				return &merge.Refusal{Code: merge.Invalid, Path: path}
			case !stored[name]:
				return &merge.Refusal{Code: MissingAttachment, Path: path, Retryable: true}
			}
		}
		return nil
	}, nil
}

// Collect removes the orphans. It gets all stored records. If the blobs of each workspace are kept apart, it may get
// one workspace at a time. Call it daily, with the retention of the server and one day more, because
// it notes only once a day what is in use. Then a client that was away for less than the retention finds the blobs that
// its edits name, and those that it undoes.
func (a Attachments) Collect(stored merge.Collection, now time.Time, retention time.Duration) error {
	var names []string
	for r := range stored.All() {
		names = append(names, a.names(r)...)
	}
	if _, err := a.Blobs.Use(names, now); err != nil {
		return fmt.Errorf("note attachments: %w", err)
	}
	return a.Blobs.Collect(now.Add(-retention))
}

// names returns the names of blobs in the fields of a record. A deleted record has them too, until it is
// purged, because it may be restored.
func (a Attachments) names(r record.Record) (names []string) {
	for field, w := range r.All() {
		if name, ok := w.Value.Text(); ok && a.IsName(r.Key().Table, field) && isBlobName(name) {
			names = append(names, name)
		}
	}
	return names
}

// isNothing reports whether a value is null or a deletion.
func isNothing(v record.Value) bool {
	return v.Kind() == record.KindNull || v.Kind() == record.KindDeleted
}
