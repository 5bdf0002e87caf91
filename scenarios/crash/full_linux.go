package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// fullDisk has kindred's disk run full and get space again. It runs in a mount namespace of its own,
// where a small tmpfs is the disk; nothing outside sees it.
func fullDisk(ctx context.Context, program string) error {
	dir, err := os.MkdirTemp("", "kindred-full-")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	cmd := exec.CommandContext(ctx, self, "--kindred", program, "--full-in", dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	}
	return errors.Join(cmd.Run(), os.RemoveAll(dir))
}

const diskSize = 2 << 20

// fullDiskIn is what runs in the namespace.
func fullDiskIn(ctx context.Context, program, dir string) (err error) {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	defer func() { err = errors.Join(err, syscall.Unmount(dir, 0)) }()
	if err := os.WriteFile(filepath.Join(dir, "fixture.yaml"), []byte(fixture), 0o600); err != nil {
		return err
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, diskSize/2), 0o600); err != nil {
		return err
	}
	s, err := start(ctx, program, dir)
	if err != nil {
		return err
	}
	m := &full{answered: make(map[string]string)}
	if err := m.run(ctx, s, ballast); err != nil {
		return errors.Join(err, s.kill())
	}
	if err := s.kill(); err != nil {
		return err
	}
	if s, err = start(ctx, program, dir); err != nil {
		return fmt.Errorf("start after the disk was full: %w", err)
	}
	err = errors.Join(m.check(ctx, s), s.kill())
	fmt.Printf("the disk was full: %d writes were answered before and after, %d refused in between\n", len(m.answered), m.refused)
	return err
}

// full is what was answered.
type full struct {
	answered map[string]string
	refused  int
}

// run writes until the disk is full and some more, makes space, and writes again.
func (m *full) run(ctx context.Context, s *server, ballast string) error {
	const refusals = 20
	for n := 0; m.refused < refusals; n++ {
		if err := m.write(ctx, s, n); err != nil {
			return err
		}
	}
	if len(m.answered) == 0 {
		return errors.New("no write was answered before the disk was full: nothing is shown")
	}
	if err := m.check(ctx, s); err != nil {
		return fmt.Errorf("while the disk is full: %w", err)
	}
	if log := s.log.String(); !strings.Contains(log, "no space left on device") || !strings.Contains(log, "vaults.db") {
		return fmt.Errorf("the log does not say that the disk is full, and which file is on it:\n%s", log)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	before := m.refused
	for n := range refusals {
		if err := m.write(ctx, s, -n-1); err != nil {
			return err
		}
	}
	if m.refused > before {
		return fmt.Errorf("%d writes were refused though there was space again", m.refused-before)
	}
	return m.check(ctx, s)
}

// write sets a large secret; the only refusal that may be is 500.
func (m *full) write(ctx context.Context, s *server, n int) error {
	const size = 20_000
	name := fmt.Sprint("s", n)
	value := strings.Repeat(fmt.Sprintf("%8d", n), size/8)
	err := s.set(ctx, name, value)
	var refused *statusError
	switch {
	case err == nil:
		m.answered[name] = value
	case errors.As(err, &refused) && refused.status == 500 && strings.Contains(refused.body, `"error"`):
		m.refused++
		return nil
	}
	return err
}

// check reads what was answered.
func (m *full) check(ctx context.Context, s *server) error {
	for name, value := range m.answered {
		got, err := s.get(ctx, name)
		if err != nil {
			return err
		}
		if got != value {
			return fmt.Errorf("%s was answered, and is not there", name)
		}
	}
	return nil
}
