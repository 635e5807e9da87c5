package repotest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// replacement is a replace line of a go.mod or go.work file.
type replacement struct {
	Old struct{ Path, Version string }
	New struct{ Path string }
}

// moduleFile is a go.mod file.
type moduleFile struct {
	Module  struct{ Path string }
	Require []struct{ Path, Version string }
	Replace []replacement
}

// edited reads a go.mod or go.work file with go mod edit or go work edit.
func edited(t *testing.T, kind, file string, to any) {
	t.Helper()
	text, err := exec.Command("go", kind, "edit", "-json", file).Output()
	require.NoError(t, err, file)
	require.NoError(t, json.Unmarshal(text, to))
}

// TestNestedModulesWorkWithoutReplace: a module below examples can be copied and required, because its go.mod has no
// replace. Instead, examples/go.work says where the modules of this repository are, and lists all of them. CI checks each
// of them, and RELEASING.md names its tags.
func TestNestedModulesWorkWithoutReplace(t *testing.T) {
	const library = "github.com/fieldlww/fieldlww"
	var work struct {
		Use     []struct{ DiskPath string }
		Replace []replacement
	}
	examples := filepath.Join(root, "examples")
	edited(t, "work", filepath.Join(examples, "go.work"), &work)
	used := make(map[string]bool)
	for _, u := range work.Use {
		used[filepath.Clean(u.DiskPath)] = true
	}
	placed := make(map[string]string) // folders by module and version
	for _, r := range work.Replace {
		placed[r.Old.Path+"@"+r.Old.Version] = filepath.Clean(r.New.Path)
	}
	releasing := read(t, ".github/RELEASING.md")
	files, err := filepath.Glob(filepath.Join(examples, "*", "go.mod"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	require.Len(t, used, len(files)+1, "go.work uses the library and each nested module")
	require.True(t, used[".."])
	for _, file := range files {
		folder := filepath.Base(filepath.Dir(file))
		var m moduleFile
		edited(t, "mod", file, &m)
		require.Equal(t, library+"/examples/"+folder, m.Module.Path)
		require.Empty(t, m.Replace, "%s: a copy of this module could not follow a replace", folder)
		require.True(t, used[folder], "examples/go.work does not use %s", folder)
		for _, r := range m.Require {
			if in, ok := strings.CutPrefix(r.Path+"/", library+"/"); ok {
				want := filepath.Clean(filepath.Join("..", in))
				at, ok := placed[r.Path+"@"+r.Version]
				require.True(t, ok, "examples/go.work has no replace for %s %s, which %s requires", r.Path, r.Version, folder)
				require.Equal(t, filepath.Join(examples, want), filepath.Join(examples, at))
			}
		}
		require.Contains(t, releasing, "\nexamples/"+folder+"/v0.1.0 ", "RELEASING.md lacks the tag of a module")
		for _, script := range []string{".ci/run", ".ci/tidy"} {
			require.Regexp(t, `(?m)(modules=\(|in ).*\b`+folder+`\b`, read(t, script), script)
		}
	}
}

// read returns a file of this repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}

// TestModulesRequireOneVersion: if two modules of this repository require a module, they require the same version of it. In
// the workspace of examples/go.work, the go command takes the greatest version for all of them, so a module with a lower one
// would be tested with another version than its users get.
func TestModulesRequireOneVersion(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "examples", "*", "go.mod"))
	require.NoError(t, err)
	versions := make(map[string]string)
	for _, file := range append(files, filepath.Join(root, "go.mod")) {
		var m moduleFile
		edited(t, "mod", file, &m)
		for _, r := range m.Require {
			if other, ok := versions[r.Path]; ok {
				require.Equal(t, other, r.Version, "%s: another module requires another version of %s", file, r.Path)
			}
			versions[r.Path] = r.Version
		}
	}
	require.NotEmpty(t, versions)
}
