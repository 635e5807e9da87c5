package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Program is the server as an executable file.
type Program struct {
	name string
	late time.Duration // how long a server may take to start listening
}

// Build builds the server with the go command. The working directory must be in the module of
// the server.
func Build() (*Program, error) { return build(".", "github.com/fieldlww/fieldlww/examples/syncserver") }

// BuildAt builds the command in a folder, such as a server in another module.
func BuildAt(folder string) (*Program, error) { return build(folder, ".") }

func build(folder, pkg string) (*Program, error) {
	dir, err := os.MkdirTemp("", "syncserver")
	if err != nil {
		return nil, err
	}
	p := &Program{filepath.Join(dir, "syncserver"), late}
	command := exec.Command("go", "build", "-o", p.name, pkg)
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		p.Remove()
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return p, nil
}

// Existing returns a program that takes the flags of the server and reports its address like the server.
func Existing(name string) *Program { return &Program{name, late} }

// Command returns a command of the program, such as journal, which is not started yet.
func (p *Program) Command(args ...string) *exec.Cmd { return exec.Command(p.name, args...) }

// Remove removes the executable file.
func (p *Program) Remove() { os.RemoveAll(filepath.Dir(p.name)) }
