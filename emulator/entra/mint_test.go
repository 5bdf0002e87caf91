package entra

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

var errNoRandomness = errors.New("no randomness")

type noRandomness struct{}

func (noRandomness) Read([]byte) (int, error) { return 0, errNoRandomness }

type counting struct{ next byte }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		c.next++
		p[i] = c.next
	}
	return len(p), nil
}

func newSurface(tb testing.TB) (*Surface, *directory.Principal) {
	tb.Helper()
	store, err := keys.Open(keystest.Options(), "entra")
	require.NoError(tb, err)
	ring, err := store.Ring("entra")
	require.NoError(tb, err)
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s := New(Config{Keys: ring, Now: func() time.Time { return at }, Rand: &counting{}})
	p := &directory.Principal{
		Kind: directory.Application, Name: "ci", ClientID: "client", PrincipalID: "object",
		Tenant: &directory.Tenant{ID: "tenant", Cloud: directory.Clouds()[0]},
	}
	return s, p
}

func TestEveryTokenHasItsOwnIdentifiers(t *testing.T) {
	t.Parallel()
	s, p := newSurface(t)
	first, err := s.claims(p, byAssertion, resource{}, s.Now())
	require.NoError(t, err)
	second, err := s.claims(p, byAssertion, resource{}, s.Now())
	require.NoError(t, err)
	assert.NotEqual(t, first.UTI, second.UTI)
	assert.NotEqual(t, first.AIO, second.AIO)
	assert.NotEqual(t, first.RH, second.RH)
}

func TestMintNeedsRandomness(t *testing.T) {
	t.Parallel()
	s, p := newSurface(t)
	s.Rand = noRandomness{}
	_, err := s.mint(p, bySecret, resource{}, v2, 0)
	require.ErrorIs(t, err, errNoRandomness)
}

// BenchmarkMint is to be compared with BenchmarkSign, the RSA signature in it.
func BenchmarkMint(b *testing.B) {
	s, p := newSurface(b)
	for b.Loop() {
		if _, err := s.mint(p, byAssertion, resource{asked: "https://vault.azure.net", audience: "https://vault.azure.net"}, v2, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	key, err := keystest.Key(0)
	require.NoError(b, err)
	digest := sha256.Sum256(nil)
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}
