package recipes

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// An API that was there before sync stays as it is for its callers: GET reads the merged record, and PATCH
// answers with it. But PATCH must not store anything itself. It is one more author, so it writes
// through the server's own write, which takes the lock of a push and a stamp above what is stored. All
// clients pull the result as any other write.
//
// A PUT sends the whole record, so it is a PATCH that deletes the fields which it leaves out. A POST that creates a record
// is the same with Set, on a record without fields and under an ID that was never used. A DELETE is the same with
// DeleteRecord.
//
// Five things differ from the API before:
//
//   - Only fields that change are written. A form that sends all fields back would otherwise win over the
//     offline edits of all of them.
//   - The ETag is a digest of the record with its stamps, so it changes with every write that is stored.
//     With If-Match, a caller overwrites only what it has seen. Without it, its write replaces whatever
//     stands, and no lost edit is reported, because the server had seen that write.
//   - A PUT without If-Match by a caller that has read the record an hour ago takes back what devices have changed since,
//     in all fields. It cannot be told from a wish to change them back. So ask its callers to send If-Match, or to PATCH.
//   - A write by a client that was offline can be stamped later than this one, and win when it arrives. So the
//     answer is what stands now, and not a promise.
//   - A record that is deleted answers as if it had never existed, and PATCH does not bring it back.

// API serves the records of one table at paths that end with /{id}.
type API struct {
	Table string
	// Fields are the fields that callers see and may change. Other fields, of newer versions of the app, are
	// neither shown nor touched.
	Fields []string
	// Read returns a stored record, or one without fields. With a workspace, Server.Read in examples/syncserver/server
	// reads one.
	Read func(ctx context.Context, key record.Key) (record.Record, error)
	// Write calls edit inside the lock of the record, with an edit of what is stored, and stores the edit. If edit
	// fails, Write stores nothing and returns an error that wraps the error of edit. The method server.write in
	// examples/storage has this form; with a workspace, Server.Write in examples/syncserver/server has it too.
	Write func(ctx context.Context, key record.Key, edit func(*record.Edit) error) error
}

// maxPatch is the greatest size of a body in bytes.
const maxPatch = 64 << 10

// The reasons for an answer without a record.
var (
	errNotFound  = errors.New("no such record")
	errChanged   = errors.New("the record has changed: get it again")
	errMalformed = errors.New("the body must be a JSON object of at most 64 KiB")
	errRefused   = errors.New("a field or a value is not permitted")
)

// ServeHTTP answers GET, PATCH and PUT /…/{id}. The body of a PATCH is a JSON merge patch: null deletes a field, and fields
// that are left out stay. The body of a PUT has all fields: those that are left out are deleted.
func (a API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := record.Key{Table: a.Table, ID: r.PathValue("id")}
	var shown record.Record
	var err error
	switch r.Method {
	case http.MethodGet:
		if shown, err = a.Read(r.Context(), key); err == nil && !exists(shown) {
			err = errNotFound
		}
	case http.MethodPatch, http.MethodPut:
		r.Body = http.MaxBytesReader(w, r.Body, maxPatch)
		shown, err = a.patch(r, key)
	default:
		w.Header().Set("Allow", "GET, PATCH, PUT")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a.answer(w, shown, err)
}

// patch makes a write of the server from the body of a request, and returns the merged record.
func (a API) patch(r *http.Request, key record.Key) (after record.Record, err error) {
	patch, err := a.patchIn(r)
	if err != nil {
		return after, err
	}
	err = a.Write(r.Context(), key, func(e *record.Edit) error {
		seen := e.Seen()
		if !exists(seen) {
			return errNotFound
		}
		if match := r.Header.Get("If-Match"); match != "" && match != "*" && match != etagOf(seen) {
			return errChanged
		}
		for name, v := range patch {
			stored, found := seen.Get(name) // null if it is absent
			if v.Kind() == record.KindNull && stored.Value != v {
				v = record.Deletion()
			}
			if stored.Value != v && (found || v != record.Deletion()) {
				e.Set(name, v)
			}
		}
		after, err = e.After()
		return err
	})
	return after, err
}

// patchIn reads the body of a request.
func (a API) patchIn(r *http.Request) (patch map[string]record.Value, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &patch) != nil || patch == nil {
		return nil, errMalformed
	}
	for name := range patch {
		if !slices.Contains(a.Fields, name) {
			return nil, errRefused
		}
	}
	if r.Method == http.MethodPut {
		whole := make(map[string]record.Value, len(a.Fields))
		for _, name := range a.Fields {
			whole[name] = record.Deletion()
		}
		maps.Copy(whole, patch)
		return whole, nil
	}
	return patch, nil
}

// answer writes a record, or why there is none.
func (a API) answer(w http.ResponseWriter, shown record.Record, err error) {
	if status, text := statusOf(err); err != nil {
		http.Error(w, text, status)
		return
	}
	fields := make(map[string]record.Value)
	for _, name := range a.Fields {
		if stored, ok := shown.Get(name); ok && !stored.Deleted() {
			fields[name] = stored.Value
		}
	}
	w.Header().Set("ETag", etagOf(shown))
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(fields)
}

// statusOf returns the status and the text for an error. A value that a record may not have, and a refusal that is final,
// fail again if they are sent again.
func statusOf(err error) (status int, text string) {
	var value *record.Error
	var refusal *merge.Refusal
	switch {
	case errors.Is(err, errNotFound):
		return http.StatusNotFound, errNotFound.Error()
	case errors.Is(err, errChanged):
		return http.StatusPreconditionFailed, errChanged.Error()
	case errors.Is(err, errMalformed):
		return http.StatusBadRequest, errMalformed.Error()
	case errors.Is(err, errRefused), errors.As(err, &value), errors.As(err, &refusal) && !refusal.Retryable:
		return http.StatusUnprocessableEntity, errRefused.Error()
	}
	return http.StatusServiceUnavailable, "try again later"
}

// exists reports whether callers of an API see a record.
func exists(r record.Record) bool { return r.Len() > 0 && !r.Deleted() }

// etagOf returns the digest of a record, in quotes.
func etagOf(r record.Record) string { return `"` + merge.Collect(r).Digest().String() + `"` }
