package emulator

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fetchAs fetches a URL as kindred fetches issuers' documents.
func fetchAs(t *testing.T, client *http.Client, address string) error {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	r, err := client.Do(q)
	if err == nil {
		require.NoError(t, r.Body.Close())
	}
	return err
}

// No token leads kindred to a cloud's metadata service: by an address, a mapped one, or a redirect. The
// address is looked at when the connection is made, so a name that turns out to have it is no way either.
func TestIssuersAreNotFetchedFromTheMetadataService(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "https://169.254.169.254/metadata", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	client := newOutbound(newHandoff(), false, outside{upstream: noUpstream}).client(server.Certificate())
	for _, address := range []string{
		"https://169.254.169.254/", "https://[::ffff:169.254.169.254]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://0.0.0.0/",
		server.URL,
	} {
		assert.ErrorContains(t, fetchAs(t, client, address), "is a link-local address", address)
	}
}

// An upstream proxy is not asked to connect there in kindred's stead.
func TestNoProxyIsAskedForTheMetadataService(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	ca := server.Certificate()
	through := outside{upstream: func(*url.URL) (*url.URL, error) { return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, nil }}
	for address, want := range map[string]string{
		"https://169.254.169.254/": "is a link-local address", "https://[::ffff:169.254.169.254]/": "is a link-local address",
		"https://192.0.2.1/": "proxyconnect", // asked, and not there
	} {
		assert.ErrorContains(t, fetchAs(t, newOutbound(newHandoff(), false, through).client(ca), address), want, address)
	}
	allowed := newOutbound(newHandoff(), false, through, "169.254.169.254")
	assert.ErrorContains(t, fetchAs(t, allowed.client(ca), "https://169.254.169.254/"), "proxyconnect")
}

func TestAnIssuerCanBeAllowedByName(t *testing.T) {
	t.Parallel()
	refused := newOutbound(newHandoff(), false, outside{upstream: noUpstream})
	allowed := newOutbound(newHandoff(), false, outside{upstream: noUpstream}, "0.0.0.0")
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	address := "0.0.0.0:" + at.Port() // this machine, as the system understands it
	_, err = refused.dialIssuer(t.Context(), "tcp", address)
	require.ErrorContains(t, err, "--allow-issuer HOST allows one")
	c, err := allowed.dialIssuer(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, c.Close())
}
