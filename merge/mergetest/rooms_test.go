package mergetest

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

const module = "github.com/fieldlww/fieldlww/"

// rooms returns the packages below this one, and which of them, and which of the packages that users link,
// each may import besides the standard library.
func rooms() map[string][]string {
	return map[string][]string{
		"law":      {},
		"oracle":   {},
		"schedule": {"law"},
	}
}

// importsOf returns what the files of a directory import, without its tests.
func importsOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal(dir, err)
	}
	for _, name := range paths {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			text, _ := strconv.Unquote(spec.Path.Value)
			names = append(names, text)
		}
	}
	return names
}

// isStandard reports whether a package is of the standard library.
func isStandard(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return !strings.Contains(domain, ".")
}

// TestRooms: each package below this one imports what it may know, and nothing else. The oracle shares no
// code with what it judges.
func TestRooms(t *testing.T) {
	entries, err := os.ReadDir("internal")
	if err != nil || len(entries) != len(rooms()) {
		t.Fatal("the packages are not those of rooms:", entries, err)
	}
	for room, may := range rooms() {
		for _, name := range importsOf(t, filepath.Join("internal", room)) {
			short := strings.TrimPrefix(strings.TrimPrefix(name, module), "merge/mergetest/internal/")
			if !isStandard(name) && !slices.Contains(may, short) {
				t.Errorf("internal/%s imports %s", room, name)
			}
		}
	}
}

// TestImports: the kit imports the standard library, rapid and what users link, but not the reference
// backend; and nothing that users link imports the kit.
func TestImports(t *testing.T) {
	for _, name := range importsOf(t, ".") {
		own := strings.HasPrefix(name, module+"merge/mergetest/internal/")
		if !isStandard(name) && !own && !slices.Contains([]string{module + "clock", module + "record", module + "merge", "pgregory.net/rapid"}, name) {
			t.Errorf("mergetest imports %s", name)
		}
	}
	for _, dir := range []string{"..", "../../record", "../../clock", "../../violation"} {
		for _, name := range importsOf(t, dir) {
			if strings.HasPrefix(name, module+"merge/mergetest") {
				t.Errorf("%s imports %s", dir, name)
			}
		}
	}
}

// TestMap: the package documentation names each file, and each package below.
func TestMap(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, files, _ := strings.Cut(string(doc), "The files,")
	words := strings.FieldsFunc(files, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' && r != '/' })
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for room := range rooms() {
		paths = append(paths, path.Join("internal", room))
	}
	for _, name := range paths {
		name = strings.TrimSuffix(name, ".go")
		if name != "doc" && !strings.HasSuffix(name, "_test") && !slices.Contains(words, name) {
			t.Errorf("doc.go does not name %s", name)
		}
	}
}
