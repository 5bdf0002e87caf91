package emulator

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// frozen is the time in tests of the wire.
var frozen = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// wire is every surface behind its router, without a network: the issuers' documents are fetched
// from the same handler.
type wire struct {
	*surfaces
	http.Handler
	time time.Time
}

func newWire(t testing.TB, d *directory.Directory, change ...func(*Options)) *wire {
	t.Helper()
	w := &wire{time: frozen}
	o := Options{Directory: d, Keys: keystest.Options(), Now: func() time.Time { return w.time }}
	for _, f := range change {
		f(&o)
	}
	var err error
	w.surfaces, err = newSurfaces(o.withDefaults(), &http.Client{Transport: w})
	require.NoError(t, err)
	w.Handler = w.handler()
	return w
}

// do answers one request; its URL's host is the Host header.
func (w *wire) do(q *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	q.TLS = &tls.ConnectionState{}
	w.ServeHTTP(rec, q)
	return rec.Result()
}

// RoundTrip makes a wire the transport of a client.
func (w *wire) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	if q.Host == "" {
		q.Host = q.URL.Host
	}
	if q.Body == nil {
		q.Body = http.NoBody
	}
	return w.do(q), nil
}
