package repotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// module is the path of the module with a slash: the prefix of the path of each of its packages.
const module = "github.com/fieldlww/fieldlww/"

// root is the folder of the module.
const root = "../../../"

// listed is go list's description of a package. Imports and Export leave out tests.
type listed struct {
	ImportPath, Dir, Export string
	Imports, GoFiles        []string
}

// list runs go list in the root of the module with the given arguments.
func list(t *testing.T, args ...string) (packages []listed) {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Export,Imports,GoFiles"}, args...)...)
	command.Dir = root
	var stderr strings.Builder
	command.Stderr = &stderr
	text, err := command.Output()
	require.NoError(t, err, stderr.String())
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}
