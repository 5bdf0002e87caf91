package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/control"
)

// The signal that asks a bound to end cancels its context; one that stayed would keep the measurement
// waiting for ever.
func TestABoundEndsWithItsContext(t *testing.T) {
	answers := filepath.Join(t.TempDir(), "answers.json")
	require.NoError(t, os.WriteFile(answers, []byte("{}"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serveBound(ctx, answers, out) }()

	line, err := bufio.NewReader(in).ReadBytes('\n')
	require.NoError(t, err)
	var info control.Info
	require.NoError(t, json.Unmarshal(line, &info))
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", info.Listen)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()

	cancel()
	require.NoError(t, <-ended)
}
