package emulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// BenchmarkFederatedToken is a whole federated exchange behind the router, without TLS. Compare it
// with BenchmarkSignAndVerify, which no implementation can do without.
func BenchmarkFederatedToken(b *testing.B) {
	e := newEntraWire(b)
	a := e.federated(identityID)
	a.form.Set("client_assertion", e.assertion(b, a))
	body := a.form.Encode()
	for b.Loop() {
		q := httptest.NewRequestWithContext(b.Context(), a.method, a.url, strings.NewReader(body))
		q.Header = a.header
		q.TLS = &tls.ConnectionState{}
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, q)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Body)
		}
	}
}

func BenchmarkSignAndVerify(b *testing.B) {
	key, err := keystest.Key(0)
	require.NoError(b, err)
	digest := sha256.Sum256(nil)
	for b.Loop() {
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		require.NoError(b, err)
		require.NoError(b, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature))
	}
}
