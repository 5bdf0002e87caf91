package emulator

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// TestAClientWithoutTrustIsExplained has Go's own client refuse kindred's certificate.
func TestAClientWithoutTrustIsExplained(t *testing.T) {
	t.Parallel()
	for cause, webhook := range map[string]*Webhook{"authority-not-trusted": nil, "pod-not-labelled": {}} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			d := &directory.Directory{}
			e, err := Start(t.Context(), Options{Directory: d, Keys: keystest.Options(), Webhook: webhook})
			require.NoError(t, err)
			defer func() { assert.NoError(t, e.Close()) }()

			c, err := net.Dial("tcp", e.Info().Listen)
			require.NoError(t, err)
			err = tls.Client(c, &tls.Config{ServerName: "kv.vault.azure.net", MinVersion: tls.VersionTLS12}).Handshake()
			require.ErrorContains(t, err, "certificate")
			require.NoError(t, c.Close())

			var r journal.Record
			require.Eventually(t, func() (told bool) { r, told = e.Journal().LastRefused(); return told }, 5*time.Second, time.Millisecond)
			assert.Equal(t, "kv.vault.azure.net", r.Host)
			assert.Equal(t, "Untrusted", r.Error.ID)
			assert.Equal(t, cause, r.Explanation.Cause)
			assert.Contains(t, r.Explanation.Evidence[0], "certificate")
		})
	}
}

func TestOtherLinesOfTheServerAreNoRefusals(t *testing.T) {
	t.Parallel()
	w := newWire(t, &directory.Directory{})
	h, err := newHandshakes(w.surfaces)
	require.NoError(t, err)
	for _, line := range []string{
		"", "http: TLS handshake error", "http: TLS handshake error from 127.0.0.1:1: EOF",
		"http: TLS handshake error from 127.0.0.1:1: remote error: tls: protocol version not supported",
		"http: panic serving 127.0.0.1:1: a bad certificate",
	} {
		n, err := h.Write([]byte(line + "\n"))
		require.NoError(t, err)
		assert.Equal(t, len(line)+1, n)
	}
	_, ok := w.journal.LastRefused()
	assert.False(t, ok)
}
