package mergetest

import (
	"bytes"
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

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

const module = "github.com/fieldlww/fieldlww/"

// rooms returns the packages below this one. For each, it lists the packages of this module that it may import.
func rooms() map[string][]string {
	return map[string][]string{
		"bridge":   {},
		"law":      {},
		"oracle":   {},
		"version":  {"record"},
		"schedule": {"law"},
		"check":    {"clock", "record", "merge", "law", "version", "oracle", "schedule"},
		"sim":      {"clock", "record", "merge", "law", "version", "oracle", "schedule", "check"},
		"report":   {"law", "schedule", "check", "sim"},
	}
}

// importsOf returns the imports of the files in a directory, without its tests.
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

// isStandard reports whether a package belongs to the standard library.
func isStandard(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return !strings.Contains(domain, ".")
}

// TestInternalPackagesImportOnlyEarlierOnes checks that each package below this one imports only the packages
// that rooms allows. So the oracle shares no code with the packages that it judges.
func TestInternalPackagesImportOnlyEarlierOnes(t *testing.T) {
	entries, err := os.ReadDir("internal")
	if err != nil || len(entries) != len(rooms()) {
		t.Fatal("the directories of internal differ from the list of rooms:", entries, err)
	}
	for room, may := range rooms() {
		for _, name := range importsOf(t, filepath.Join("internal", room)) {
			short := strings.TrimPrefix(strings.TrimPrefix(name, module), "merge/mergetest/internal/")
			if !isStandard(name) && !slices.Contains(may, short) {
				t.Errorf("internal/%s imports %s, which rooms does not allow", room, name)
			}
		}
	}
}

// TestKitIsApartFromLinkedPackages checks that the kit imports only the standard library, rapid and the
// packages that users link, and therefore not the reference backend. No package that users link imports the
// kit.
func TestKitIsApartFromLinkedPackages(t *testing.T) {
	for _, name := range importsOf(t, ".") {
		own := strings.HasPrefix(name, module+"merge/mergetest/internal/")
		if !isStandard(name) && !own && !slices.Contains([]string{module + "clock", module + "record", module + "merge", "pgregory.net/rapid"}, name) {
			t.Errorf("mergetest imports %s, which it must not import", name)
		}
	}
	for _, dir := range []string{"..", "../../record", "../../clock", "../../violation"} {
		for _, name := range importsOf(t, dir) {
			if strings.HasPrefix(name, module+"merge/mergetest") {
				t.Errorf("%s imports %s, which it must not import", dir, name)
			}
		}
	}
}

// TestDocNamesEachFile checks that the package documentation names each file and each package below this one.
func TestDocNamesEachFile(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, files, _ := strings.Cut(string(doc), "# Working on the kit")
	words := strings.FieldsFunc(files, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' && r != '/' })
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for room := range rooms() {
		paths = append(paths, path.Join("internal", room))
		if room != "law" { // its files are named after kinds of laws
			more, err := filepath.Glob(path.Join("internal", room, "*.go"))
			if err != nil || len(more) == 0 {
				t.Fatal(room, err)
			}
			paths = append(paths, more...)
		}
	}
	for _, name := range paths {
		name, isFile := strings.CutSuffix(name, ".go")
		if isFile {
			name = path.Base(name)
		}
		known := slices.Contains(words, name) || name == "doc" || strings.HasPrefix(name, "ops_") || slices.Contains([]string{"abilities", "counts", "config", "words"}, name)
		if !strings.HasSuffix(name, "_test") && !known {
			t.Errorf("doc.go does not name %s", name)
		}
	}
}

// TestScheduleDocHasEachKindOfStep checks that the documentation of Schedule has a valid example of each kind of step.
func TestScheduleDocHasEachKindOfStep(t *testing.T) {
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("schedule.go")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ = bytes.Cut(text, []byte("// A spoiled item"))
	found := map[*schedule.Kind]bool{}
	for line := range strings.Lines(string(text)) {
		example, ok := strings.CutPrefix(line, "//\t")
		if !ok || strings.HasPrefix(example, " ") {
			continue
		}
		for i, part := range strings.Split(strings.TrimSpace(example), "  ") {
			s, err := o.ParseStep(strings.TrimSpace(part))
			if i == 0 && err != nil {
				t.Errorf("%q: %v", part, err)
			}
			found[s.Kind] = found[s.Kind] || err == nil
		}
	}
	for _, k := range o.Grammar {
		if !found[k] {
			t.Errorf("the documentation of Schedule has no example of %q", k.Name)
		}
	}
}
