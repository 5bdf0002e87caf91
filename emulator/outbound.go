package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

// outbound is how kindred itself reaches other hosts: the ones it stands for inside the process,
// others over the network, through the upstream proxy of its own environment where there is one.
type outbound struct {
	outside
	serves  func(host string) bool // whether kindred stands for a host
	handoff *handoff
	offline bool
	allowed []string // issuers' hosts that may be at any address
}

// outside is what there is for other hosts.
type outside struct {
	upstream func(*url.URL) (*url.URL, error) // the proxy for a URL, if any
	roots    *x509.CertPool                   // nil: none is trusted
}

const dialTimeout = 10 * time.Second

// outsideOf is what this process's environment says, as it stands now. crypto/x509 reads it only once,
// which StartT is about; so roots that are a file are read from it.
func outsideOf() outside {
	o := outside{upstream: httpproxy.FromEnvironment().ProxyFunc(), roots: x509.NewCertPool()}
	if roots, err := trust.SystemRoots(os.Getenv("SSL_CERT_FILE")); err != nil || !o.roots.AppendCertsFromPEM(roots) {
		if system, err := x509.SystemCertPool(); err == nil {
			o.roots = system
		}
	}
	return o
}

func newOutbound(h *handoff, offline bool, other outside, allowed ...string) *outbound {
	return &outbound{
		outside: other,
		serves:  func(string) bool { return false },
		handoff: h,
		offline: offline,
		allowed: allowed,
	}
}

var errOffline = errors.New("kindred is offline and does not stand for this host")

// DialContext connects to host:port.
func (o *outbound) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return o.dial(ctx, network, address, net.Dialer{Timeout: dialTimeout})
}

// dialIssuer is DialContext for what tokens make kindred fetch: it does not lead to the metadata service
// of the cloud that kindred may run in, whatever name or redirect points there, unless the name is one
// that was allowed.
func (o *outbound) dialIssuer(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if !slices.Contains(o.allowed, inbound.Host(address)) {
		dialer.ControlContext = refuseMetadata
	}
	return o.dial(ctx, network, address, dialer)
}

// refuseMetadata looks at the address that a name has turned out to have.
func refuseMetadata(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return noMetadata(at.Addr())
}

func noMetadata(ip netip.Addr) error {
	ip = ip.Unmap()
	// fd00:ec2::254 is Amazon's
	// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html).
	if ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip == netip.MustParseAddr("fd00:ec2::254") {
		return fmt.Errorf("%s is a link-local address, where clouds have their metadata service: no issuer is fetched from there (--allow-issuer HOST allows one)", ip)
	}
	return nil
}

func (o *outbound) dial(ctx context.Context, network, address string, dialer net.Dialer) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if port == "443" && o.serves(inbound.Host(host)) {
		return o.handoff.dial()
	}
	if o.offline && !inbound.Loopback(host) {
		return nil, fmt.Errorf("%s: %w", host, errOffline)
	}
	return dialer.DialContext(ctx, network, address)
}

// proxy is the upstream proxy for a request; none for the hosts that kindred stands for.
func (o *outbound) proxy(q *http.Request) (*url.URL, error) {
	if o.offline || o.serves(inbound.Host(q.URL.Host)) {
		return nil, nil //nolint:nilnil // how http.Transport.Proxy says "none"
	}
	return o.upstream(q.URL)
}

// issuerProxy is proxy for what tokens make kindred fetch. A proxy would connect to an address in its stead.
func (o *outbound) issuerProxy(q *http.Request) (*url.URL, error) {
	if ip, err := netip.ParseAddr(q.URL.Hostname()); err == nil && !slices.Contains(o.allowed, inbound.Host(q.URL.Host)) {
		if err := noMetadata(ip); err != nil {
			return nil, err
		}
	}
	return o.proxy(q)
}

// client fetches issuers' documents: over TLS like any other client, trusting the system's roots
// and kindred's own CA.
func (o *outbound) client(ca *x509.Certificate) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         o.dialIssuer,
		Proxy:               o.issuerProxy,
		TLSClientConfig:     &tls.Config{RootCAs: o.trusted(ca), MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: dialTimeout,
		IdleConnTimeout:     time.Minute,
		ForceAttemptHTTP2:   true,
	}}
}

// trusted is the outside's roots and the CA.
func (o outside) trusted(ca *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	if o.roots != nil {
		pool = o.roots.Clone()
	}
	pool.AddCert(ca)
	return pool
}
