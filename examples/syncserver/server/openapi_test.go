package server

import (
	"encoding/json"
	"mime"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/violation"
)

// described returns the OpenAPI document.
func described(t *testing.T) openAPI {
	t.Helper()
	text, err := os.ReadFile("../openapi.json")
	require.NoError(t, err)
	all, err := values(string(text))
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0].(map[string]any)
}

// operations returns the operations by method and path.
func (d openAPI) operations() map[string]map[string]any {
	all := make(map[string]map[string]any)
	paths := d["paths"].(map[string]any)
	for path := range paths {
		for method, operation := range d.object(paths, path) {
			all[strings.ToUpper(method)+" "+path] = operation.(map[string]any)
		}
	}
	return all
}

// content returns the schema of a body with a media type, or nil.
func (d openAPI) content(of map[string]any, mediaType string) any {
	kind, _, _ := mime.ParseMediaType(mediaType)
	return d.object(d.object(of, "content"), kind)["schema"]
}

// codes returns the refusals of an operation, sorted, such as "400 malformed".
func (d openAPI) codes(operation map[string]any) (all []string) {
	responses := d.object(operation, "responses")
	for status := range responses {
		schema, _ := d.content(d.object(responses, status), "application/json").(map[string]any)
		if parts, ok := schema["allOf"].([]any); ok {
			code := d.object(d.object(parts[1].(map[string]any), "properties"), "code")
			for _, name := range code["enum"].([]any) {
				all = append(all, status+" "+name.(string))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestOpenAPIListsRoutesAndCodes checks that the OpenAPI document has exactly the routes of the server, each with the
// statuses and codes that it can answer with. Any route may be missing in another server, or have another method there.
func TestOpenAPIListsRoutesAndCodes(t *testing.T) {
	d := described(t)
	routes, others := served(t)
	operations := d.operations()
	require.Len(t, operations, len(routes))
	for route, reached := range routes {
		for r := range others {
			reached[r] = true
		}
		require.Contains(t, operations, route)
		require.Equal(t, texts(reached), d.codes(operations[route]), route)
	}
	version, _, _ := strings.Cut(strings.SplitAfter(protocol(t), "\nVersion ")[1], ". ")
	require.Equal(t, version+".0", d.object(d, "info")["version"])
}

// TestOpenAPIIsWhole checks the rules of OpenAPI 3.1 for what the document uses: the required members, references that
// lead somewhere, and components that are used.
func TestOpenAPIIsWhole(t *testing.T) {
	d := described(t)
	require.Regexp(t, `^3\.1\.\d+$`, d["openapi"])
	require.NotEmpty(t, d.object(d, "info")["title"])
	seen := make(map[any]bool)
	for route, operation := range d.operations() {
		require.NotEmpty(t, operation["operationId"], route)
		require.False(t, seen[operation["operationId"]], route)
		seen[operation["operationId"]] = true
		require.Contains(t, d.object(operation, "responses"), "200", route)
		for status := range d.object(operation, "responses") {
			require.NotEmpty(t, d.object(d.object(operation, "responses"), status)["description"], "%s %s", route, status)
		}
		parameters, _ := operation["parameters"].([]any)
		for _, p := range parameters {
			p := d.resolved(p.(map[string]any))
			require.Contains(t, []any{"query", "header"}, p["in"], route)
			require.NotEmpty(t, p["name"], route)
			require.NotNil(t, p["schema"], route)
		}
	}
	for name, schema := range d.object(d.object(d, "components"), "schemas") {
		require.NoError(t, d.checkSchema(schema), name)
	}
	used := map[string]bool{"#/components/securitySchemes/token": true}
	d.references(t, map[string]any(d), used)
	for kind, all := range d.object(d, "components") {
		for name := range all.(map[string]any) {
			require.True(t, used["#/components/"+kind+"/"+name], "%s %s is not used", kind, name)
		}
	}
}

// references collects the references in a value.
func (d openAPI) references(t *testing.T, value any, used map[string]bool) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			d.references(t, element, used)
		}
	case map[string]any:
		if reference, ok := value["$ref"].(string); ok {
			require.NotNil(t, d.at(reference), reference)
			used[reference] = true
		}
		for name, member := range value {
			if name == "schema" {
				require.NoError(t, d.checkSchema(member))
			}
			d.references(t, member, used)
		}
	}
}

// TestOpenAPIHasTheMembersOfAnswers checks that schemas have exactly the members of the types that the server writes and
// reads, and that the document in words names each of them.
func TestOpenAPIHasTheMembersOfAnswers(t *testing.T) {
	d := described(t)
	for name, of := range map[string]any{
		"Failure": failure{}, "Joining": joining{}, "Membership": membership{}, "PushAnswer": pushAnswer{}, "Result": merge.Reply{},
		"FieldResult": merge.FieldReply{}, "Stamp": merge.StampReply{}, "Violation": violation.Violation{}, "AheadWrite": AheadWrite{},
		"Reset": resetLine{}, "Left": leftLine{}, "Trailer": trailer{}, "Member": Member{}, "Health": healthAnswer{},
	} {
		var members []string
		for f := range fields(reflect.TypeOf(of)) {
			members = append(members, f)
		}
		slices.Sort(members)
		var listed []string
		for member := range d.object(d.object(d, "components"), "schemas")[name].(map[string]any)["properties"].(map[string]any) {
			listed = append(listed, member)
		}
		slices.Sort(listed)
		require.Equal(t, members, listed, name)
		for _, member := range members {
			require.True(t, regexp.MustCompile("[`\"]"+member+"[`\"]").MatchString(protocol(t)), "%s of %s", member, name)
		}
	}
}

// fields returns the names of the members of a struct in JSON.
func fields(of reflect.Type) map[string]bool {
	all := make(map[string]bool)
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name == "" {
			name = strings.ToLower(f.Name[:1]) + strings.Replace(f.Name[1:], "ID", "Id", 1)
		}
		if f.IsExported() {
			all[name] = true
		}
	}
	return all
}

// requireDescribed requires that an answer of the server is as its operation says, and so is the request, if it succeeded.
func (d openAPI) requireDescribed(t *testing.T, e example, answer *http.Response, body string) {
	t.Helper()
	path, _, _ := strings.Cut(e.path, "?")
	operation := d.operations()[e.method+" "+path]
	if operation == nil {
		require.Contains(t, []int{204, 404, 405}, e.status, "%s is not described", path)
		return
	}
	response := d.object(d.object(operation, "responses"), answer.Status[:3])
	require.NotNil(t, response, "the status %s of %s", answer.Status, path)
	for name := range d.object(response, "headers") {
		require.NotEmpty(t, answer.Header.Get(name), "%s of %s", name, path)
	}
	schema := d.content(response, answer.Header.Get("Content-Type"))
	require.NotNil(t, schema, "the content of %s %s", path, answer.Status)
	d.requireAll(t, schema, body)
	if e.status != http.StatusOK || strings.Contains(body, `"code":"invalid"`) {
		return
	}
	request := d.object(operation, "requestBody")
	if schema = d.content(request, "application/jsonl"); schema == nil {
		schema = d.content(request, "application/json")
	}
	if e.body != "" {
		d.requireAll(t, schema, e.body)
	}
}

// requireAll requires that all values of a text fit a schema. A text that is not JSON is one value.
func (d openAPI) requireAll(t *testing.T, schema any, text string) {
	t.Helper()
	all, err := values(text)
	if err != nil {
		all = []any{text}
	}
	for _, value := range all {
		line, _ := json.Marshal(value)
		require.NoError(t, d.check(schema, value), string(line))
	}
}
