package keys_test

import (
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

func ids(published []*keys.Key) []string {
	var list []string
	for _, k := range published {
		list = append(list, k.ID())
	}
	return list
}

func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := ring(t, open(t, in(dir), "entra"), "entra")
	at := frozen()
	first := r.Current()
	require.NoError(t, r.Rotate(at))
	second := r.Current()
	require.NotEqual(t, first.ID(), second.ID())

	reopened := ring(t, open(t, in(dir), "entra"), "entra")
	for name, r := range map[string]*keys.Ring{"in memory": r, "from the files": reopened} {
		assert.Equal(t, second.ID(), r.Current().ID(), name)
		assert.Equal(t, []string{second.ID(), first.ID()}, ids(r.Published(at)), name)
		assert.Equal(t, []string{second.ID(), first.ID()}, ids(r.Published(at.Add(keys.Overlap-time.Second))), name)
		assert.Equal(t, []string{second.ID()}, ids(r.Published(at.Add(keys.Overlap))), name)

		k, ok := r.ByThumbprint(first.Thumbprint(), at)
		require.True(t, ok, name)
		assert.Equal(t, first.ID(), k.ID(), name)
		_, ok = r.ByThumbprint(first.Thumbprint(), at.Add(keys.Overlap))
		assert.False(t, ok, name)
		_, ok = r.ByThumbprint("unknown", at)
		assert.False(t, ok, name)
	}
}

func TestRotationDropsKeysAfterTheOverlap(t *testing.T) {
	t.Parallel()
	r := ring(t, open(t, in(""), "entra"), "entra")
	at := frozen()
	first := r.Current().ID()
	require.NoError(t, r.Rotate(at))
	second := r.Current().ID()
	at = at.Add(time.Hour)
	require.NoError(t, r.Rotate(at))
	third := r.Current().ID()
	assert.Equal(t, []string{third, second, first}, ids(r.Published(at)))
	assert.Equal(t, []string{third, second}, ids(r.Published(at.Add(keys.Overlap-time.Hour))), "each has an overlap of its own")

	at = at.Add(keys.Overlap)
	require.NoError(t, r.Rotate(at))
	assert.Equal(t, []string{r.Current().ID(), third}, ids(r.Published(frozen())), "dropped for good")
}

func TestRotationThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, fail := in(dir), false
	generate := o.Generate
	o.Generate = func() (*rsa.PrivateKey, error) {
		if fail {
			return nil, errors.New("no entropy")
		}
		return generate()
	}
	r := ring(t, open(t, o, "entra"), "entra")
	current := r.Current()

	fail = true
	require.EqualError(t, r.Rotate(frozen()), "generate key: no entropy")
	fail = false
	require.NoError(t, os.RemoveAll(dir))
	require.Error(t, r.Rotate(frozen()), "there is nowhere to save it")

	assert.Same(t, current, r.Current())
	assert.Equal(t, []*keys.Key{current}, r.Published(frozen()))
}

func TestKey(t *testing.T) {
	t.Parallel()
	k := ring(t, open(t, in(""), "entra"), "entra").Current()
	private, err := keystest.Key(0)
	require.NoError(t, err)
	assert.True(t, private.PublicKey.Equal(k.Public()))
	id, err := keys.KeyID(&private.PublicKey)
	require.NoError(t, err)
	assert.Equal(t, id, k.ID())
	assert.Len(t, k.ID(), 43, "a SHA-256 in base64url")
	assert.Len(t, k.Thumbprint(), 27, "a SHA-1 in base64url")
	c := k.Certificate()
	assert.Equal(t, "accounts.accesscontrol.windows.net", c.Subject.CommonName)
	require.NoError(t, c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature))
	assert.True(t, c.NotBefore.Before(frozen()) && c.NotAfter.After(frozen().AddDate(9, 0, 0)))

	raw, err := k.SignJWT(map[string]any{"sub": "s"}, "", keys.Headers{"kid": "x", "typ": "JWT"})
	require.NoError(t, err)
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	payload, err := jws.Verify(k.Public())
	require.NoError(t, err)
	assert.JSONEq(t, `{"sub":"s"}`, string(payload))
	assert.Equal(t, "x", jws.Signatures[0].Header.KeyID)
	assert.Equal(t, "JWT", jws.Signatures[0].Header.ExtraHeaders["typ"])

	raw, err = k.Sign([]byte(`{"kid":"x","alg":"RS256"}`), []byte(`{"b":1,"a":2}`))
	require.NoError(t, err)
	jws, err = jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	payload, err = jws.Verify(k.Public())
	require.NoError(t, err)
	assert.Equal(t, `{"b":1,"a":2}`, string(payload), "in the caller's order")

	_, err = k.SignJWT(func() {}, "", nil)
	require.EqualError(t, err, "marshal claims: json: unsupported type: func()")
}

// Whatever a ring's file holds, it is read, or named in the error and left as it is.
func FuzzRingFile(f *testing.F) {
	dir := f.TempDir()
	open(f, in(dir), "entra")
	file := filepath.Join(dir, "entra.pem")
	good, err := os.ReadFile(file)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(file, data, 0o600))
		_, err := keys.Open(in(dir), "entra")
		left, readErr := os.ReadFile(file)
		require.NoError(t, readErr)
		assert.Equal(t, data, left)
		if err != nil {
			assert.ErrorContains(t, err, "entra.pem")
		}
	})
}

// Whatever name a client asks for, it gets a certificate or none, and no more of them are kept than a
// few.
func FuzzServerName(f *testing.F) {
	c := open(f, keystest.Options()).Authority().TLSConfig()
	for _, name := range []string{"", "kv.vault.azure.net", "LOGIN.microsoftonline.com", "*", "a..b", "[::1]", "xn--a", strings.Repeat("a", 300)} {
		f.Add(name)
	}
	near, far := net.Pipe()
	f.Cleanup(func() { _ = errors.Join(near.Close(), far.Close()) })
	f.Fuzz(func(t *testing.T, name string) {
		certificate, err := c.GetCertificate(&tls.ClientHelloInfo{ServerName: name, Conn: near})
		if err == nil {
			assert.NotEmpty(t, certificate.Certificate)
		}
	})
}
