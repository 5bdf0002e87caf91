package emulator

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"

	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

// process is what the emulators of one test process share, because net/http reads HTTPS_PROXY and
// crypto/x509 reads SSL_CERT_FILE once: the address of the proxy and the certificate authority.
type process struct {
	authority *keys.Authority
	trust     *trust.Set
	address   string // of the proxy
	outside   outside
	current   atomic.Pointer[Emulator]
}

// theProcess makes it on first use. Its proxy lives as long as the process.
var theProcess = sync.OnceValues(func() (*process, error) { //nolint:gochecknoglobals // one a process is the point
	store, err := keys.Open(keystest.Options())
	if err != nil {
		return nil, err
	}
	p := &process{authority: store.Authority(), outside: outsideOf()}
	roots, err := trust.SystemRoots(os.Getenv("SSL_CERT_FILE"))
	if err != nil {
		return nil, err
	}
	if p.trust, err = trust.NewSet(p.authority.PEM(), roots); err != nil {
		return nil, err
	}
	through := newProxy(newOutbound(newHandoff(), false, p.outside), false, slog.New(slog.DiscardHandler))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = l.Addr().String()
	server := &http.Server{ReadHeaderTimeout: readTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if e := p.current.Load(); e != nil {
			e.proxy.ServeHTTP(w, q)
			return
		}
		through.ServeHTTP(w, q)
	})}
	go func() { _ = server.Serve(l) }()
	return p, nil
})

// reached says whether this process's HTTPS requests come here and trust what they find.
func (p *process) reached() error {
	const host = "login.microsoftonline.com"
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: host}})
	if err != nil {
		return err
	}
	if proxy == nil || proxy.Host != p.address {
		return errors.New("this process made an HTTPS request before StartT, so net/http no longer reads HTTPS_PROXY; call StartT first, in TestMain or the first test")
	}
	leaf, err := p.authority.Leaf(host)
	if err != nil {
		return err
	}
	if _, err := leaf.Leaf.Verify(x509.VerifyOptions{DNSName: host}); err != nil {
		return fmt.Errorf("this process does not trust kindred's certificates: %w; it verified a certificate before StartT, or its system has a verifier of its own that SSL_CERT_FILE does not reach (macOS, Windows)", err)
	}
	return nil
}
