package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// ErrOldName: the server itself wrote a field under a name that a lens of Options.Lenses has replaced. The *record.Error
// that wraps it names the new one.
var ErrOldName = errors.New("the name of a field of an earlier version of the app")

// checkVersions returns an error if Lenses translates from the version that the server stores.
func checkVersions(o Options) error {
	if _, ok := o.Lenses[o.Schema]; ok {
		return fmt.Errorf("the option Lenses has a lens of the version %q, which is the option Schema", o.Schema)
	}
	return nil
}

// lensOf returns the lens of the version that a request states with the parameter schema. It is nil for a client of the
// version that the server stores. A request without the parameter is of the version "" if Lenses has it, and otherwise
// of the stored one.
//
// The failure has a code of its own: a client drops the items of a push that is refused as malformed.
func (s *Frontend) lensOf(r *http.Request) (*lens.Lens, error) {
	version := r.URL.Query().Get("schema")
	if l, ok := s.options.Lenses[version]; ok {
		return &l, nil
	}
	if version == "" || version == s.options.Schema {
		return nil, nil
	}
	err := errors.New("schema: the server does not know this version of the app")
	return nil, &failure{http.StatusBadRequest, "unknown_schema", err.Error(), err}
}

// oldForm returns what translates a push of a client, or nil.
func (s *Frontend) oldForm(r *http.Request) (*oldForm, error) {
	l, err := s.lensOf(r)
	if err != nil || l == nil {
		return nil, err
	}
	return &oldForm{Lens: *l}, nil
}

// raisedName returns the name that a field of a client has in the form that is stored, or false if the version of the
// client has no such field. Of a split field, it is the name of the first part.
func raisedName(l *lens.Lens, table, field string) (string, bool) {
	if l == nil {
		return field, true
	}
	for _, name := range l.NewNames(table, field) {
		return name, true
	}
	return "", false
}

// refuseOldName returns an error that wraps ErrOldName if a lens has replaced the name of a field, and no lens gives this
// name to another field.
func (o Options) refuseOldName(table, field string) error {
	var now []string
	for _, version := range slices.Sorted(maps.Keys(o.Lenses)) {
		l := o.Lenses[version]
		names := l.NewNames(table, field)
		old, sees := l.OldName(table, field)
		switch {
		case len(names) == 0, sees && old != field:
			return nil // it is a new name
		case !sees:
			now = names
		}
	}
	if now == nil {
		return nil
	}
	return &record.Error{Path: "data." + record.PathName(field), Offset: -1, Err: fmt.Errorf("%w: use %s", ErrOldName, strings.Join(now, " and "))}
}

// logUntranslated logs which fields an old client was not sent. A nil error logs nothing.
func (s *Frontend) logUntranslated(ctx context.Context, m Sender, err error) {
	if err != nil {
		s.log.log(ctx, by{m.Workspace, m.User}, slog.LevelError, "a lens cannot translate a field for an old client",
			slog.String("workspace", m.Workspace), slog.Any("err", err))
	}
}
