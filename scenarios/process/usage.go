package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CPU is the processor time that the process's threads used so far: the first field of their schedstat,
// in nanoseconds (Linux, Documentation/scheduler/sched-stats). Go's threads stay until the process ends.
func (p *Process) CPU() (time.Duration, error) {
	files, err := filepath.Glob(p.proc("task/*/schedstat"))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(strings.Fields(string(data))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n)
	}
	if sum == 0 {
		return 0, errors.New("/proc has no schedstat: the kernel accounts no time to threads")
	}
	return sum, nil
}

// RSS is the resident memory in bytes.
func (p *Process) RSS() (int, error) {
	data, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			return n * 1024, err
		}
	}
	return 0, errors.New("/proc has no VmRSS")
}

// Files is how many files and sockets are open.
func (p *Process) Files() (int, error) {
	files, err := os.ReadDir(p.proc("fd"))
	return len(files), err
}

func (p *Process) proc(file string) string {
	return fmt.Sprintf("/proc/%d/%s", p.Cmd.Process.Pid, file)
}
