package emulator

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkGet is a secret read with a valid token, from the router to the bytes of the answer.
func BenchmarkGet(b *testing.B) {
	w := newVaultWire(b)
	q := httptest.NewRequestWithContext(b.Context(), "GET", at(kv, "/secrets/my-secret/"), http.NoBody)
	q.Header.Set("Authorization", "Bearer "+w.token(w.reader))
	b.ReportAllocs()
	for b.Loop() {
		out := discard{header: make(http.Header, 16)}
		w.ServeHTTP(&out, q)
		if out.status != http.StatusOK {
			b.Fatal(out.status)
		}
	}
}

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkGetTLS compares the same read over TLS with a bare handler that answers the same bytes.
// The client is raw, so that nearly all of the time is the server's.
func BenchmarkGetTLS(b *testing.B) {
	w := newVaultWire(b)
	body := w.send("GET", at(kv, "/secrets/my-secret/"), w.token(w.reader), "").body
	bare := http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(out, body)
	})
	request := "GET /secrets/my-secret/?api-version=7.4 HTTP/1.1\r\nHost: kv.vault.azure.net\r\n" +
		"Accept: application/json\r\nUser-Agent: bench\r\nAuthorization: Bearer " + w.token(w.reader) + "\r\n\r\n"
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"bare", bare}, {"kindred", w}} {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewTLSServer(c.handler)
			defer server.Close()
			dialer := &tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{InsecureSkipVerify: true}} // the server is ours
			conn, err := dialer.DialContext(b.Context(), "tcp", server.Listener.Addr().String())
			require.NoError(b, err)
			defer func() { _ = conn.Close() }()
			counter := &countingReader{Reader: conn}
			exchange := func() int {
				before := counter.n
				_, err := io.WriteString(conn, request)
				require.NoError(b, err)
				response, err := http.ReadResponse(bufio.NewReader(counter), nil)
				require.NoError(b, err)
				got, err := io.ReadAll(response.Body)
				require.NoError(b, err)
				require.NoError(b, response.Body.Close())
				require.Equal(b, body, string(got))
				return counter.n - before
			}
			answer := make([]byte, exchange())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.WriteString(conn, request); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type countingReader struct {
	io.Reader
	n int
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += n
	return n, err
}

// BenchmarkList is one page out of ever more secrets; it costs the same.
func BenchmarkList(b *testing.B) {
	for _, secrets := range []int{100, 10_000} {
		b.Run(fmt.Sprint(secrets), func(b *testing.B) {
			w := newVaultWire(b)
			admin := w.token(w.admin)
			for i := range secrets {
				w.send("PUT", at(kv, fmt.Sprintf("/secrets/n-%06d", i)), admin, `{"value":"v"}`)
			}
			q := httptest.NewRequestWithContext(b.Context(), "GET", at(kv, "/secrets"), http.NoBody)
			q.Header.Set("Authorization", "Bearer "+admin)
			b.ReportAllocs()
			for b.Loop() {
				w.ServeHTTP(&discard{header: make(http.Header, 16)}, q)
			}
		})
	}
}
