package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/kindred-emulator/kindred/emulator/trust"
)

// outbound is how kindred itself reaches other hosts: the ones it stands for inside the process,
// others over the network, through the upstream proxy of its own environment where there is one.
type outbound struct {
	serves   func(host string) bool // whether kindred stands for a host
	handoff  *handoff
	offline  bool
	upstream func(*url.URL) (*url.URL, error)
	dialer   net.Dialer
}

const dialTimeout = 10 * time.Second

// upstreamOf is the proxy that this process's environment names, as it stands now.
func upstreamOf() func(*url.URL) (*url.URL, error) { return httpproxy.FromEnvironment().ProxyFunc() }

func newOutbound(h *handoff, offline bool, upstream func(*url.URL) (*url.URL, error)) *outbound {
	return &outbound{
		serves:   func(string) bool { return false },
		handoff:  h,
		offline:  offline,
		upstream: upstream,
		dialer:   net.Dialer{Timeout: dialTimeout},
	}
}

var errOffline = errors.New("kindred is offline and does not stand for this host")

// DialContext connects to host:port.
func (o *outbound) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if port == "443" && o.serves(hostname(host)) {
		return o.handoff.dial()
	}
	if ip := net.ParseIP(host); o.offline && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s: %w", host, errOffline)
	}
	return o.dialer.DialContext(ctx, network, address)
}

// proxy is the upstream proxy for a request; none for the hosts that kindred stands for.
func (o *outbound) proxy(q *http.Request) (*url.URL, error) {
	if o.offline || o.serves(hostname(q.URL.Host)) {
		return nil, nil //nolint:nilnil // how http.Transport.Proxy says "none"
	}
	return o.upstream(q.URL)
}

// client fetches issuers' documents: over TLS like any other client, trusting the system's roots
// and kindred's own CA.
func (o *outbound) client(ca *x509.Certificate) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         o.DialContext,
		Proxy:               o.proxy,
		TLSClientConfig:     &tls.Config{RootCAs: trusted(ca), MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: dialTimeout,
		IdleConnTimeout:     time.Minute,
		ForceAttemptHTTP2:   true,
	}}
}

// trusted is the system's roots and the CA. Where the roots are a file they are read from it, for
// crypto/x509 takes a process's environment only once, which StartT is about.
func trusted(ca *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	if roots, err := trust.SystemRoots(os.Getenv("SSL_CERT_FILE")); err != nil || !pool.AppendCertsFromPEM(roots) {
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	pool.AddCert(ca)
	return pool
}
