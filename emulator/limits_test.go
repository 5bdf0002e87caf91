package emulator

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// Clients that open every connection that there may be and then send next to nothing keep nobody out.
func TestSlowClientsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	const most = 100
	var log syncBuffer
	e, client := running(t, func(o *Options) { o.Log, o.connections = slog.New(slog.NewTextHandler(&log, nil)), most })
	health := func() int {
		status, _ := fetch(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+e.info.Control+"/health")
		return status
	}
	vault := func() int {
		client.CloseIdleConnections() // one that waits has to go
		status, _ := fetch(t, client, "https://kv1.vault.azure.net/secrets/s?api-version=7.4")
		return status
	}
	for _, c := range []struct {
		name, address, start string
		ask                  func() int
		answer               int
	}{
		{"TLS", e.info.Listen, "\x16\x03\x01", func() int {
			conn, err := tls.Dial("tcp", e.info.Listen, &tls.Config{RootCAs: rootsOf(t, e.info.CA), ServerName: "kv1.vault.azure.net", MinVersion: tls.VersionTLS12})
			require.NoError(t, err)
			require.NoError(t, conn.Close())
			return vault()
		}, http.StatusUnauthorized},
		{"proxy", e.info.Proxy, "CONNECT kv1.vault.azure.net:443 HTTP/1.1\r\nX-Slow: ", vault, http.StatusUnauthorized},
		{"control", e.info.Control, "", health, http.StatusOK},
	} {
		slow := make([]net.Conn, most)
		for i := range slow {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", c.address)
			require.NoError(t, err, c.name)
			_, err = io.WriteString(conn, c.start)
			require.NoError(t, err, c.name)
			slow[i] = conn
		}
		assert.Equal(t, c.answer, c.ask(), c.name)
		assert.Contains(t, log.String(), "too many are open\" listener="+c.address, c.name)
		for _, conn := range slow {
			_ = conn.Close() // the emulator may have
		}
	}
}

// What has to go first is what has waited longest, and only then what is busy or a tunnel.
func TestTheLongestWaitingGoesFirst(t *testing.T) {
	t.Parallel()
	l := newLimiter(nil, 3, slog.New(slog.DiscardHandler))
	a, b, c := &limited{limiter: l}, &limited{limiter: l}, &limited{limiter: l}
	for _, x := range []*limited{a, b, c} {
		assert.Nil(t, l.take(x))
	}
	follow(a, http.StateHijacked)
	follow(b, http.StateActive)
	follow(b, http.StateIdle)
	assert.Same(t, c, l.take(&limited{limiter: l}), "c is new since before b is idle")
	assert.Same(t, b, l.take(&limited{limiter: l}))
	for x := range l.open {
		if x != a {
			follow(x, http.StateActive)
		}
	}
	d := &limited{limiter: l}
	assert.NotSame(t, a, l.take(d), "tunnels go last")
	follow(d, http.StateHijacked)
	follow(&net.TCPConn{}, http.StateActive) // none of ours
}

// A request must arrive in time, header and body, and its answer be read.
func TestSlowRequestsAreCutOff(t *testing.T) {
	t.Parallel()
	const host = "kv1.vault.azure.net"
	const get = "GET /secrets/s?api-version=7.4 HTTP/1.1\r\nHost: " + host + "\r\n"
	for _, c := range []struct {
		name, sends string
		within      time.Duration
	}{
		{"nothing", "", idleTimeout},
		{"half a header", get + "X-Slow: ", readTimeout},
		{"half a body", "POST /t/oauth2/v2.0/token HTTP/1.1\r\nHost: login.microsoftonline.com\r\n" +
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type=", readTimeout},
		{"never reads", get + "\r\n", writeTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := inMemory(t)
				defer func() { assert.NoError(t, e.abort()) }()
				raw, err := e.handoff.dial()
				require.NoError(t, err)
				roots := rootsOf(t, string(e.surfaces.store.Authority().PEM()))
				conn := tls.Client(raw, &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12})
				require.NoError(t, conn.HandshakeContext(t.Context()))
				_, err = io.WriteString(conn, c.sends)
				require.NoError(t, err)
				begin := time.Now()
				time.Sleep(c.within + time.Second)
				answer, _ := io.ReadAll(conn) // how it was ended is net/http's
				assert.Less(t, time.Since(begin), c.within+10*time.Second)
				assert.NotContains(t, string(answer), " 200 ")
				assert.NotContains(t, string(answer), " 401 ")
			})
		})
	}
}

// inMemory is an emulator of one vault.
func inMemory(t *testing.T, faults ...directory.Fault) *Emulator {
	t.Helper()
	tenant := &directory.Tenant{ID: "5f6c7e1a-0000-4000-8000-000000000001", Domain: "contoso.onmicrosoft.com", Cloud: directory.Clouds()[0]}
	e, err := InMemory(Options{Keys: keystest.Options(), Directory: directory.New(directory.Contents{
		Tenants: []*directory.Tenant{tenant}, Vaults: []*directory.Vault{{Name: "kv1", Location: "eastus", Tenant: tenant}}, Faults: faults,
	})})
	require.NoError(t, err)
	return e
}

// What a fixture slows down takes as long as it says, whatever the limits are.
func TestALatencyBeyondTheLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const latency = 10 * writeTimeout
		e := inMemory(t, directory.Fault{Surface: directory.SurfaceKeyVault, Latency: latency})
		defer func() { assert.NoError(t, e.abort()) }()
		plain := e.Client().Transport.(*http.Transport).Clone()
		plain.ForceAttemptHTTP2, plain.TLSClientConfig.NextProtos = false, []string{"http/1.1"}
		for proto, client := range map[int]*http.Client{1: {Transport: plain}, 2: e.Client()} {
			begin := time.Now()
			q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://kv1.vault.azure.net/secrets/s?api-version=7.4", nil)
			require.NoError(t, err)
			r, err := client.Do(q)
			require.NoError(t, err, "HTTP/%d", proto)
			require.NoError(t, r.Body.Close())
			assert.Equal(t, proto, r.ProtoMajor)
			assert.Equal(t, http.StatusUnauthorized, r.StatusCode)
			assert.GreaterOrEqual(t, time.Since(begin), latency)
			client.CloseIdleConnections()
		}
	})
}

func rootsOf(t *testing.T, ca string) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(ca)))
	return roots
}

// syncBuffer is a buffer that many may write to.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
