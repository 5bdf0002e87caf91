package kindsetup

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testIssuer has a name that the certificates of httptest are for.
const testIssuer = "https://example.com/tenant/cluster/"

// emulatorWith publishes keys as the emulator does, at its issuer's name.
func emulatorWith(t *testing.T, handler http.HandlerFunc) (dir string, r *Record) {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	dir = t.TempDir()
	put(t, filepath.Join(dir, caFile), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return dir, &Record{Issuer: testIssuer, Listen: s.Listener.Addr().String()}
}

func TestTheKeysAreReadAtTheIssuersOwnURL(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	dir, r := emulatorWith(t, func(w http.ResponseWriter, q *http.Request) {
		assert.Equal(t, "example.com/tenant/cluster/openid/v1/jwks", q.Host+q.URL.Path)
		assert.NoError(t, json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: key.Public(), KeyID: "new"}, {Key: key.Public(), KeyID: "old"},
		}}))
	})
	ids, err := publishedKeys(t.Context(), dir, r)
	require.NoError(t, err)
	assert.Equal(t, []string{"new", "old"}, ids)
}

func TestKeysThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir, r := emulatorWith(t, func(w http.ResponseWriter, q *http.Request) { http.NotFound(w, q) })
	_, err := publishedKeys(t.Context(), dir, r)
	require.EqualError(t, err, testIssuer+"openid/v1/jwks answers 404 Not Found")

	_, err = publishedKeys(t.Context(), dir, &Record{Issuer: testIssuer, Listen: "127.0.0.1:1"})
	require.ErrorContains(t, err, "127.0.0.1:1")

	other, _ := emulatorWith(t, http.NotFound)
	put(t, filepath.Join(other, caFile), "no certificate")
	_, err = publishedKeys(t.Context(), other, r)
	require.EqualError(t, err, "ca.pem is no certificate")
}

func TestTheSignatureMustBeOneThatIsPublished(t *testing.T) {
	t.Parallel()
	s := signature{issuer: testIssuer, key: "a", published: []string{"b", "c"}}
	require.EqualError(t, s.check(testIssuer), "the API server signs with the key a; kindred publishes b, c")
	require.EqualError(t, s.check("https://other/"), "the API server signs as "+testIssuer+", not as https://other/")
	s.key = "c"
	require.NoError(t, s.check(testIssuer))
}

func TestATokenIsDescribed(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "kid"}}, nil)
	require.NoError(t, err)
	signed, err := signer.Sign([]byte(`{"iss":"` + testIssuer + `"}`))
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	id, issuer, err := describeToken(token)
	require.NoError(t, err)
	assert.Equal(t, []string{"kid", testIssuer}, []string{id, issuer})
	_, _, err = describeToken("no token")
	require.ErrorContains(t, err, "the API server's token")
}

func TestTheEndOfACertificate(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY"}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})...)
	at, err := certificateEnd(chain)
	require.NoError(t, err)
	assert.Equal(t, s.Certificate().NotAfter, at)
	_, err = certificateEnd([]byte("nothing"))
	require.EqualError(t, err, "there is no certificate in it")
}
