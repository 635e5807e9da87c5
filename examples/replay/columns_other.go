//go:build !(darwin || freebsd || linux)

package main

import "os"

// columnsOf reports whether a file is a terminal. The width is 0, because it is unknown.
func columnsOf(f *os.File) (width int, terminal bool) {
	info, err := f.Stat()
	return 0, err == nil && info.Mode()&os.ModeCharDevice != 0
}
