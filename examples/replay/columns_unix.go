//go:build darwin || freebsd || linux

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// columnsOf returns the width of a terminal, or false for any other file. The width is 0 if the terminal does
// not know it.
func columnsOf(f *os.File) (width int, terminal bool) {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	return int(size.columns), errno == 0
}
