package server

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// ImportsTable is the table of the records that describe imports. The ID of such a record is the client ID of the
// import, so a client can say from where a write with this ID was imported. The field name has the name of the
// import, and the field run the number of the last run that has changed a record. Only the server writes them.
const ImportsTable = "imports"

// The fields of a record in ImportsTable.
const (
	importName = "name"
	importRun  = "run"
)

// registry has the imports of a workspace. It is stored in the row of the workspace, so each push reads it with the
// lock, and a number is committed with it. As text, it is empty if there are no imports, and otherwise an object in JSON:
//
//	{"0d15ea5e-1111-4111-8111-111111111111":{"name":"crm","run":3}}
type registry struct {
	of map[clock.ClientID]registered
}

// registered is an import.
type registered struct {
	Name string `json:"name"`
	Run  int64  `json:"run"` // the number of the last run that has begun
}

// Scan implements sql.Scanner.
func (r *registry) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("the imports of a workspace are a %T", src)
	}
	if r.of = nil; text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), &r.of)
}

// Value implements driver.Valuer.
func (r registry) Value() (driver.Value, error) {
	if len(r.of) == 0 {
		return "", nil
	}
	text, err := json.Marshal(r.of)
	return string(text), err
}

// ids returns the IDs of the imports, in ascending order.
func (r registry) ids() []clock.ClientID {
	return slices.SortedFunc(maps.Keys(r.of), clock.ClientID.Compare)
}

// find returns the ID of the import with a name.
func (r registry) find(name string) (id clock.ClientID, ok bool) {
	for _, id := range r.ids() {
		if r.of[id].Name == name {
			return id, true
		}
	}
	return id, false
}

// guardImports returns a guard that refuses all items about the records that describe imports, so that no client can
// pass off the writes of another one as imported.
func guardImports(next merge.Guard) merge.Guard {
	return func(actor clock.ClientID, m record.Mutation) error {
		if m.Data.Key().Table == ImportsTable {
			return &merge.Refusal{Code: merge.Forbidden}
		}
		if next == nil {
			return nil
		}
		return next(actor, m)
	}
}

// has reports whether an ID belongs to an import.
func (r registry) has(id clock.ClientID) bool {
	_, ok := r.of[id]
	return ok
}
