package page

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page/deflate"
)

// The names under which the page requests the built files. In dist, the name of the program ends in
// .gz as well.
const (
	programFile = "replica.wasm"
	runtimeFile = "wasm_exec.js"
)

// source is the import path of the program.
const source = "github.com/fieldlww/fieldlww/examples/syncserver/app/page/wasm"

// Built is the program of a replica and of a server for js/wasm, and what a browser needs to run it.
type Built struct {
	Program []byte // compressed with gzip
	Runtime []byte // JavaScript, from the version of Go that built the program
}

// Build builds the program with the go command, within the module of the server, and compresses it as well as gzip permits,
// which takes some seconds.
func Build() (Built, error) { return build(deflate.Gzip) }

// build builds the program and compresses it. Without inlining, the program is smaller by a fourteenth.
func build(compress func(program []byte) []byte) (Built, error) {
	tmp, err := os.MkdirTemp("", "fieldlww-page-")
	if err != nil {
		return Built{}, err
	}
	defer os.RemoveAll(tmp)
	out := filepath.Join(tmp, programFile)
	if _, err := run("build", "-trimpath", "-gcflags=all=-l", "-ldflags=-s -w", "-o", out, source); err != nil {
		return Built{}, err
	}
	linked, err := os.ReadFile(out)
	if err != nil {
		return Built{}, err
	}
	program, err := joinData(linked)
	if err != nil {
		return Built{}, err
	}
	root, err := run("env", "GOROOT")
	if err != nil {
		return Built{}, err
	}
	runtime, err := os.ReadFile(filepath.Join(strings.TrimSpace(root), "lib", "wasm", runtimeFile))
	if err != nil {
		return Built{}, err
	}
	return Built{Program: compress(program), Runtime: runtime}, nil
}

// run runs the go command for js/wasm and returns its output.
func run(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=")
	var failed bytes.Buffer
	cmd.Stderr = &failed
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, failed.String())
	}
	return string(text), nil
}

// quickGzip compresses the program for a server that has just been started and is waited for.
func quickGzip(program []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // cannot fail, because the level is valid
	z.Write(program)                                      // cannot fail, because it writes to memory
	z.Close()
	return b.Bytes()
}

// Save writes b to the directory from which the server embeds it.
func (b Built) Save(dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, programFile+".gz"), b.Program, 0o644),
		os.WriteFile(filepath.Join(dir, runtimeFile), b.Runtime, 0o644))
}
