package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

func noUpstream(*url.URL) (*url.URL, error) { return nil, nil } //nolint:nilnil // how a proxy func says "none"

// running is a started emulator, and a client that comes through its proxy and trusts its CA.
func running(t *testing.T, change ...func(*Options)) (*Emulator, *http.Client) {
	t.Helper()
	tenant := &directory.Tenant{ID: "5f6c7e1a-0000-4000-8000-000000000001", Domain: "contoso.onmicrosoft.com", Cloud: directory.Clouds()[0]}
	o := Options{Keys: keystest.Options(), Directory: directory.New(directory.Contents{
		Tenants:  []*directory.Tenant{tenant},
		Clusters: []*directory.Cluster{{Name: "aks", Issuer: "https://eastus.oic.prod-aks.azure.com/t/u/", Tenant: tenant}},
		Vaults:   []*directory.Vault{{Name: "kv1", Location: "eastus", Tenant: tenant}},
	})}
	for _, f := range change {
		f(&o)
	}
	e, err := start(context.Background(), o, outside{upstream: noUpstream})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.abort()) })
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(e.info.CA)))
	proxy := &url.URL{Scheme: "http", Host: e.info.Proxy}
	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	t.Cleanup(client.CloseIdleConnections)
	return e, client
}

func fetch(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	r, err := client.Do(q)
	require.NoError(t, err, address)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return r.StatusCode, string(body)
}

func TestProxyEndsAzureNames(t *testing.T) {
	t.Parallel()
	_, client := running(t)
	for address, want := range map[string]string{
		"https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration":                                                            "https://login.microsoftonline.com/5f6c7e1a-0000-4000-8000-000000000001/v2.0",
		"https://login.microsoftonline.us/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.us/x/oauth2/v2.0/authorize": "tenant_discovery_endpoint",
		"https://eastus.oic.prod-aks.azure.com/t/u/.well-known/openid-configuration":                                                                                 "https://eastus.oic.prod-aks.azure.com/t/u/openid/v1/jwks",
		"https://kv1.vault.azure.net/secrets/x?api-version=7.4":                                                                                                      "AKV10000",
		"https://unknown.vault.azure.net/secrets/x?api-version=7.4":                                                                                                  "There is no vault",
	} {
		_, body := fetch(t, client, address)
		assert.Contains(t, body, want, address)
	}
}

func TestListenerByPath(t *testing.T) {
	t.Parallel()
	e, client := running(t)
	client.Transport.(*http.Transport).Proxy = nil
	_, port, err := net.SplitHostPort(e.info.Listen)
	require.NoError(t, err)
	for _, host := range []string{"localhost", "127.0.0.1"} {
		base := "https://" + net.JoinHostPort(host, port)
		_, body := fetch(t, client, base+"/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration")
		assert.Contains(t, body, `"token_endpoint":"`+base+"/5f6c7e1a-0000-4000-8000-000000000001/oauth2/v2.0/token", "documents name the host they were asked at")
		_, body = fetch(t, client, base+"/t/u/.well-known/openid-configuration")
		assert.Contains(t, body, `"issuer":"https://eastus.oic.prod-aks.azure.com/t/u/"`)
	}
}

// Java sends no server name for a host without a dot.
func TestCertificateWithoutServerName(t *testing.T) {
	t.Parallel()
	e, _ := running(t)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(e.info.CA)))
	c, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", e.info.Listen) // what is sent is verified below
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	leaf := c.(*tls.Conn).ConnectionState().PeerCertificates[0]
	for _, name := range []string{"localhost", "127.0.0.1"} {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
		assert.NoError(t, err, name)
	}
}

func TestProxyPassesOtherNames(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "another server") }))
	defer other.Close()
	_, client := running(t)
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(other.Certificate())
	_, body := fetch(t, client, other.URL)
	assert.Equal(t, "another server", body)
}

func TestOfflineRefusesOtherNames(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	_, client := running(t, func(o *Options) {
		o.Offline = true
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
	require.NoError(t, err)
	_, err = client.Do(q)
	require.ErrorContains(t, err, "Bad Gateway")
	assert.Contains(t, log.String(), "refused a tunnel: kindred is offline")
	assert.Contains(t, log.String(), "example.com:443")
	status, _ := fetch(t, client, "https://kv1.vault.azure.net/healthstatus")
	assert.Equal(t, http.StatusOK, status)
}

func TestProxyServesThisMachineOnly(t *testing.T) {
	t.Parallel()
	h := newProxy(newOutbound(newHandoff(), false, outside{upstream: noUpstream}), false, slog.New(slog.DiscardHandler))
	for remote, want := range map[string]int{"192.0.2.1:1234": http.StatusForbidden, "[2001:db8::1]:1234": http.StatusForbidden, "nonsense": http.StatusForbidden} {
		q := httptest.NewRequestWithContext(t.Context(), http.MethodConnect, "http://login.microsoftonline.com:443", http.NoBody)
		q.RemoteAddr = remote
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		assert.Equal(t, want, rec.Code, remote)
	}
}

// Pods come to a published proxy from addresses of their own: it serves them, but is no way out.
func TestAPublishedProxyServesOthersButNotEveryName(t *testing.T) {
	t.Parallel()
	e, client := running(t, func(o *Options) {
		o.Published = &Published{Listen: "127.0.0.1:1", Proxy: "127.0.0.1:2", Control: "127.0.0.1:3"}
	})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		q.RemoteAddr = "192.0.2.1:1234"
		e.proxy.ServeHTTP(w, q)
	}))
	defer front.Close()
	at, err := url.Parse(front.URL)
	require.NoError(t, err)
	transport, ok := client.Transport.(*http.Transport)
	require.True(t, ok)
	transport.Proxy = http.ProxyURL(at)

	status, _ := fetch(t, client, "https://kv1.vault.azure.net/healthstatus")
	assert.Equal(t, http.StatusOK, status)
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
	require.NoError(t, err)
	_, err = client.Do(q)
	assert.ErrorContains(t, err, "Forbidden")
}

func TestStartOpensAllListenersOrNone(t *testing.T) {
	t.Parallel()
	e, _ := running(t)
	taken := e.info.Proxy
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	_, err = listen(t.Context(), Options{Listen: address, Proxy: taken}.withDefaults())
	require.ErrorContains(t, err, "--proxy takes another address")
	again, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err, "the first one is closed again")
	require.NoError(t, again.Close())
}

func TestUpstreamProxyIsUsedForOtherNames(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked <- q.Method + " " + q.Host
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer upstream.Close()
	address, err := url.Parse(upstream.URL)
	require.NoError(t, err)
	o := newOutbound(newHandoff(), false, outside{upstream: func(*url.URL) (*url.URL, error) { return address, nil }})
	front := httptest.NewServer(newProxy(o, false, slog.New(slog.DiscardHandler)))
	defer front.Close()
	frontURL, err := url.Parse(front.URL)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(frontURL)}}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
	require.NoError(t, err)
	_, err = client.Do(q)
	require.Error(t, err)
	assert.Equal(t, "CONNECT example.com:443", <-asked)
}
