package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory returns the peak memory use of the server so far, in MB, or 0 if the operating system
// does not report it.
func (p *Process) Memory() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kB, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return kB >> 10
}
