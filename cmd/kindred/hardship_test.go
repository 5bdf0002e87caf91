package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/control"
)

var errFull = errors.New("write /dev/stdout: no space left on device")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// What could not be printed is told, and is no success.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"version"},
		{"ca"},
		{"check", "../../fixtures/federation.yaml"},
		{"check", "--format", "json", "../../fixtures/federation.yaml"},
		{"lint", "../../scenarios/manifests/tutorial.yaml"},
		{"serve", "--help"},
		{"serve", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0"},
	} {
		var stderr bytes.Buffer
		status := run(t.Context(), args, environment{[]string{"HOME=" + home}}, fullDisk{}, &stderr)
		assert.Equal(t, statusUsage, status, "%v", args)
		assert.Contains(t, stderr.String(), errFull.Error(), "%v", args)
	}
}

// started is this program as a process of its own.
func started(t *testing.T, args ...string) (*exec.Cmd, io.ReadCloser, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = []string{"BE_KINDRED=1", "HOME=" + home}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, out, &stderr
}

// A reader that has enough ends the program, without a word.
func TestAPipeThatIsClosed(t *testing.T) {
	t.Parallel()
	cmd, out, stderr := started(t, "check", "../../fixtures/federation.yaml")
	require.NoError(t, out.Close())
	err := cmd.Wait()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, "signal: broken pipe", exit.String())
	assert.Empty(t, stderr.String())
}

func serving(t *testing.T, args ...string) (*exec.Cmd, control.Info, *bytes.Buffer) {
	t.Helper()
	cmd, out, stderr := started(t, append([]string{"serve", "--format", "json", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...)...)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err, "%s", stderr)
	var info control.Info
	require.NoError(t, json.Unmarshal(line, &info))
	return cmd, info, stderr
}

// A signal ends it well, and lets requests under way end; a second one ends it at once.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd, _, stderr := serving(t)
		require.NoError(t, cmd.Process.Signal(s))
		require.NoError(t, cmd.Wait(), "%v: %s", s, stderr)
	}
	cmd, info, _ := serving(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", info.Control)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "GET /health HTTP/1.1\r\n") // a request that is under way for a while
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Eventually(t, func() bool {
		again, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", info.Control)
		if err == nil {
			_ = again.Close()
		}
		return err != nil
	}, 5*time.Second, 5*time.Millisecond, "it closes its listeners")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, "signal: interrupt", exit.String())
}

// Ports that are taken, and addresses that are not there, are named with the flag that takes others.
func TestAddressesThatCannotBeHad(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	for address, want := range map[string]string{
		taken.Addr().String(): "address already in use (--proxy takes another address; port 0 is any free one)",
		"192.0.2.1:0":         "192.0.2.1 is no address of this machine",
	} {
		r := kindred(t.Context(), "serve", "--listen", "127.0.0.1:0", "--proxy", address, "--control", "127.0.0.1:0")
		assert.Equal(t, statusUsage, r.status)
		assert.Contains(t, r.stderr, want)
		assert.Contains(t, r.stderr, "--proxy")
	}
}

// A state that cannot be written is named, with the flag that names another.
func TestAStateThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a-file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, args := range [][]string{{"serve"}, {"ca"}, {"check", "../../fixtures/federation.yaml"}} {
		r := kindred(t.Context(), append(args, "--state", filepath.Join(file, "state"))...)
		assert.Equal(t, statusUsage, r.status, "%v", args)
		assert.Contains(t, r.stderr, file, "%v", args)
		assert.Contains(t, r.stderr, "--state names another", "%v", args)
	}
}
