package jsontext_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// TestNestedMembersAreSorted checks that members at every depth, among values of every
// length, inside and outside arrays, are in the order of their names. The oracle is
// encoding/json, which sorts the keys of maps.
func TestNestedMembersAreSorted(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	limits := jsontext.Limits{Depth: 32, Size: 1 << 30}
	for range 3000 {
		text, tree := nestedJSON(r, r.IntN(7))
		want, err := json.Marshal(tree)
		require.NoError(t, err)
		v, err := read(text, limits)
		require.NoError(t, err, text)
		require.Equal(t, string(want), v)
		// A duplicate name is found wherever it is.
		if at := strings.Index(text, `"only":`); at >= 0 {
			_, err = read(text[:at]+`"only":[],`+text[at:], limits)
			require.ErrorIs(t, err, jsontext.ErrDuplicate)
		}
	}
}

// nestedJSON returns a value as text in which the members are in any order, and as a tree.
func nestedJSON(r *rand.Rand, depth int) (text string, tree any) {
	kind := r.IntN(5)
	if depth == 0 {
		kind = 3 + r.IntN(2)
	}
	switch kind {
	case 0, 1:
		members, parts := map[string]any{}, []string{}
		for _, i := range r.Perm(r.IntN(5)) {
			name := fmt.Sprint("n", i)
			if i == 4 {
				name = "only"
			}
			inner, x := nestedJSON(r, depth-1)
			members[name] = x
			parts = append(parts, fmt.Sprintf("%q:%s", name, inner))
		}
		return "{" + strings.Join(parts, ",") + "}", members
	case 2:
		all, parts := []any{}, []string{}
		for range r.IntN(4) {
			inner, x := nestedJSON(r, depth-1)
			all = append(all, x)
			parts = append(parts, inner)
		}
		return "[" + strings.Join(parts, ",") + "]", all
	case 3:
		s := strings.Repeat(`{"a":[x]},`, r.IntN(20))
		quoted, _ := json.Marshal(s)
		return string(quoted), s
	}
	return "7", 7
}
