package emulator

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

const (
	clusterIssuer = "https://eastus.oic.prod-aks.azure.com/5f6c7e1a-0000-4000-8000-000000000001/c1/"
	bareIssuer    = "https://oidc.example.com:8443/clusters/bare"
)

// issuerDirectory has an AKS cluster, and one whose issuer has a port and no trailing slash.
func issuerDirectory() *directory.Directory {
	tenant := &directory.Tenant{ID: "5f6c7e1a-0000-4000-8000-000000000001", Domain: "contoso.onmicrosoft.com", Cloud: directory.Clouds()[0]}
	return directory.New(directory.Contents{
		Tenants: []*directory.Tenant{tenant},
		Clusters: []*directory.Cluster{
			{Name: "aks", Issuer: clusterIssuer, Tenant: tenant},
			{Name: "bare", Issuer: bareIssuer, Tenant: tenant},
		},
	})
}

func (w *wire) fetch(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	r := w.do(httptest.NewRequestWithContext(t.Context(), method, url, http.NoBody))
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r, string(body)
}

func TestIssuerDiscovery(t *testing.T) {
	t.Parallel()
	w := newWire(t, issuerDirectory())
	aks := `{"issuer":"` + clusterIssuer + `","jwks_uri":"` + clusterIssuer + `openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`
	bare := `{"issuer":"` + bareIssuer + `","jwks_uri":"` + bareIssuer + `/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`
	for url, want := range map[string]string{
		clusterIssuer + ".well-known/openid-configuration":                                                    aks,
		clusterIssuer + "/.well-known/openid-configuration/":                                                  aks,
		"https://EastUS.oic.prod-aks.azure.com:443" + clusterIssuer[37:] + ".well-known/openid-configuration": aks,
		"https://localhost:8443" + clusterIssuer[37:] + ".well-known/openid-configuration":                    aks,
		bareIssuer + "/.well-known/openid-configuration":                                                      bare,
		"https://oidc.example.com/clusters/bare/.well-known/openid-configuration":                             bare,
		"https://[::1]:8443/clusters/bare/.well-known/openid-configuration":                                   bare,
	} {
		r, body := w.fetch(t, http.MethodGet, url)
		assert.Equal(t, http.StatusOK, r.StatusCode, url)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"), url)
		assert.Equal(t, want, body, url)
	}
}

func jwk(k *keys.Key) string {
	return `{"use":"sig","kty":"RSA","kid":"` + k.ID() + `","alg":"RS256","n":"` +
		base64.RawURLEncoding.EncodeToString(k.Public().N.Bytes()) + `","e":"` +
		base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.Public().E)).Bytes()) + `"}`
}

func TestIssuerKeysOverARotation(t *testing.T) {
	t.Parallel()
	w := newWire(t, issuerDirectory())
	ring, err := w.store.Ring("cluster-aks")
	require.NoError(t, err)
	published := func() string {
		r, body := w.fetch(t, http.MethodGet, clusterIssuer+"openid/v1/jwks")
		assert.Equal(t, http.StatusOK, r.StatusCode)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		return body
	}
	first := ring.Current()
	assert.Equal(t, `{"keys":[`+jwk(first)+`]}`, published())
	require.NoError(t, w.faults.Add(directory.Fault{Surface: "issuer", Times: 1, Keys: "stale"}))
	assert.Equal(t, `{"keys":[`+jwk(first)+`]}`, published(), "nothing has been rotated")
	require.NoError(t, w.faults.Add(directory.Fault{Surface: "issuer", Times: 1, Keys: "missing"}))
	assert.Equal(t, `{"keys":[]}`, published())

	require.NoError(t, ring.Rotate(w.time))
	second := ring.Current()
	assert.NotEqual(t, first.ID(), second.ID())
	assert.Equal(t, `{"keys":[`+jwk(second)+`,`+jwk(first)+`]}`, published())

	require.NoError(t, w.faults.Add(directory.Fault{Surface: "issuer", Times: 1, Keys: "stale"}))
	assert.Equal(t, `{"keys":[`+jwk(first)+`]}`, published(), "as before the rotation")
	require.NoError(t, w.faults.Add(directory.Fault{Surface: "issuer", Times: 1, Keys: "missing"}))
	assert.Equal(t, `{"keys":[`+jwk(first)+`]}`, published())

	w.time = w.time.Add(keys.Overlap - time.Second)
	assert.Equal(t, `{"keys":[`+jwk(second)+`,`+jwk(first)+`]}`, published())
	w.time = w.time.Add(time.Second)
	assert.Equal(t, `{"keys":[`+jwk(second)+`]}`, published())

	_, other := w.fetch(t, http.MethodGet, bareIssuer+"/openid/v1/jwks")
	var set struct{ Keys []struct{ Kid string } }
	require.NoError(t, json.Unmarshal([]byte(other), &set))
	require.Len(t, set.Keys, 1, "each cluster has keys of its own")
	assert.NotContains(t, []string{first.ID(), second.ID()}, set.Keys[0].Kid)
}

func TestIssuerRefusals(t *testing.T) {
	t.Parallel()
	w := newWire(t, issuerDirectory())
	document := clusterIssuer + ".well-known/openid-configuration"
	for _, c := range []struct {
		method, url string
		status      int
		body, allow string
	}{
		{"GET", clusterIssuer, 404, "No issuer publishes a document at '/5f6c7e1a-0000-4000-8000-000000000001/c1'.", ""},
		{"GET", "https://eastus.oic.prod-aks.azure.com/", 404, "No issuer publishes a document at '/'.", ""},
		{"GET", "https://westus.oic.prod-aks.azure.com/t/c/openid/v1/jwks", 404, "No issuer publishes a document at '/t/c/openid/v1/jwks'.", ""},
		{"GET", "https://eastus.oic.prod-aks.azure.com/clusters/bare/openid/v1/jwks", 404, "No issuer publishes a document at '/clusters/bare/openid/v1/jwks'.", ""},
		{"POST", "https://oidc.example.com/x", 404, "No issuer publishes a document at '/x'.", ""},
		{"POST", document, 405, "The method POST is not allowed: an issuer's documents are read with GET.", "GET, HEAD"},
		{"DELETE", document, 405, "The method DELETE is not allowed: an issuer's documents are read with GET.", "GET, HEAD"},
		{"OPTIONS", document, 405, "The method OPTIONS is not allowed: an issuer's documents are read with GET.", "GET, HEAD"},
	} {
		r, body := w.fetch(t, c.method, c.url)
		assert.Equal(t, c.status, r.StatusCode, c.url)
		assert.Equal(t, "text/plain; charset=UTF-8", r.Header.Get("Content-Type"), c.url)
		assert.Equal(t, c.body, body)
		assert.Equal(t, c.allow, r.Header.Get("Allow"))
	}
	last, ok := w.journal.LastRefused()
	require.True(t, ok)
	assert.Equal(t, "IssuerMethodNotAllowed", last.Error.ID)
	assert.Equal(t, "issuer", last.Surface)
	assert.Equal(t, "5f6c7e1a-0000-4000-8000-000000000001", last.Tenant)
}

func TestIssuerHead(t *testing.T) {
	t.Parallel()
	w := newWire(t, issuerDirectory())
	_, body := w.fetch(t, http.MethodGet, bareIssuer+"/openid/v1/jwks")
	r, none := w.fetch(t, http.MethodHead, bareIssuer+"/openid/v1/jwks")
	assert.Equal(t, http.StatusOK, r.StatusCode)
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	assert.Equal(t, int64(len(body)), r.ContentLength)
	assert.Empty(t, none)
}
