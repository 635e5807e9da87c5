//go:build unix

package bridge

import (
	"os/exec"
	"syscall"
)

// leadGroup lets a process that is not started yet lead a group, to which its children will belong.
func leadGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a process and its children.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
