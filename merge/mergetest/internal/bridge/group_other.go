//go:build !unix

package bridge

import "os/exec"

func leadGroup(*exec.Cmd) {}

// killGroup kills a process, but not its children.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
