//go:build unix

package main

import (
	"os"
	"syscall"
)

// lock locks a file until it is closed, or until the process ends.
func lock(f *os.File) error {
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return errInUse
	}
	return nil
}
