package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	"github.com/elazarl/goproxy"

	"github.com/kindred-emulator/kindred/emulator/inbound"
)

// newProxy is the CONNECT proxy (RFC 9110, section 9.3.6) that `kindred exec` points clients at:
//
//	CONNECT kv.vault.azure.net:443 ──▶ ends here, at the TLS listener
//	CONNECT anything.else:443      ──▶ passed through; refused when offline
//
// It serves callers on this machine only; one that is published also others, but for the names that
// kindred stands for and no more than the TLS listener would.
func newProxy(o *outbound, published bool, log *slog.Logger) http.Handler {
	p := goproxy.NewProxyHttpServer()
	p.Logger = proxyLog{log}
	p.Tr = &http.Transport{DialContext: o.DialContext, Proxy: o.proxy}
	p.ConnectDialWithReq = func(q *http.Request, network, address string) (net.Conn, error) {
		c, err := dialThrough(p, o, q, network, address)
		if errors.Is(err, errOffline) {
			log.Warn("refused a tunnel: kindred is offline", "host", address)
		}
		return c, err
	}
	ends := goproxy.ReqConditionFunc(func(q *http.Request, _ *goproxy.ProxyCtx) bool {
		return o.serves(inbound.Host(q.URL.Host))
	})
	p.OnRequest(ends).HijackConnect(func(_ *http.Request, client net.Conn, _ *goproxy.ProxyCtx) {
		if _, err := io.WriteString(client, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
			_ = client.Close() // the client is gone
			return
		}
		if err := o.handoff.give(client); err != nil {
			log.Debug("proxy", "cause", err)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !inbound.Loopback(q.RemoteAddr) && (!published || !o.serves(inbound.Host(q.URL.Host))) {
			http.Error(w, "kindred's proxy serves callers on its own machine only", http.StatusForbidden)
			return
		}
		p.ServeHTTP(w, q)
	})
}

// dialThrough connects a tunnel for a host that kindred does not stand for.
func dialThrough(p *goproxy.ProxyHttpServer, o *outbound, q *http.Request, network, address string) (net.Conn, error) {
	target := *q.URL
	target.Scheme = "https"
	upstream, err := o.proxy(&http.Request{URL: &target})
	if err != nil {
		return nil, err
	}
	if upstream != nil {
		return p.NewConnectDialToProxy(upstream.String())(network, address)
	}
	ctx, cancel := context.WithTimeout(q.Context(), dialTimeout)
	defer cancel()
	return o.DialContext(ctx, network, address)
}

// proxyLog takes the proxy library's lines into the log.
type proxyLog struct{ log *slog.Logger }

func (l proxyLog) Printf(format string, args ...any) {
	l.log.Debug("proxy", "message", fmt.Sprintf(format, args...))
}
