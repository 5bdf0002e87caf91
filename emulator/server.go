package emulator

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"

	"github.com/kindred-emulator/kindred/emulator/clock"
	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// Emulator is a running kindred.
type Emulator struct {
	surfaces   *surfaces
	clock      *clock.Clock
	info       control.Info
	servers    []*http.Server
	handshakes *handshakes
	handoff    *handoff
	proxy      http.Handler
	closeDisk  func() error   // once
	fetcher    *http.Client   // of issuers' documents
	target     environ.Target // of StartT
	cancel     context.CancelFunc
}

// Start opens the listeners and serves until the context ends or Close is called. When it returns,
// requests are answered.
func Start(ctx context.Context, o Options) (*Emulator, error) {
	return start(ctx, o, outsideOf())
}

func start(ctx context.Context, o Options, other outside) (*Emulator, error) {
	o = o.withDefaults()
	e, main, out, err := assemble(o, other)
	if err != nil {
		return nil, err
	}
	err = closed(o)
	var listeners []*limiter
	if err == nil {
		listeners, err = listen(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, e.closeDisk())
	}
	https, proxy, api := listeners[0], listeners[1], listeners[2]
	e.info = e.describe(https.Addr(), proxy.Addr(), api.Addr())

	ctx, e.cancel = context.WithCancel(ctx)
	e.serve(func() error { return main.ServeTLS(https, "", "") })
	e.serve(func() error { return main.ServeTLS(e.handoff, "", "") })
	e.proxy = newProxy(out, o.Published != nil, o.Log)
	through := e.server(e.proxy)
	through.ReadHeaderTimeout, through.ReadTimeout, through.WriteTimeout = readTimeout, 0, 0 // what passes through may take long
	e.serve(func() error { return through.Serve(proxy) })
	steer := e.server(e.control())
	e.serve(func() error { return steer.Serve(api) })
	context.AfterFunc(ctx, func() { _ = e.Close() })
	return e, nil
}

// InMemory is an emulator that listens nowhere. Client reaches it inside the process, over TLS as
// everyone does; hosts that it does not stand for cannot be reached.
func InMemory(o Options) (*Emulator, error) {
	o.Offline = true
	e, main, _, err := assemble(o.withDefaults(), outside{})
	if err != nil {
		return nil, err
	}
	_, e.cancel = context.WithCancel(context.Background())
	e.serve(func() error { return main.ServeTLS(e.handoff, "", "") })
	return e, nil
}

// assemble wires an emulator that does not serve yet, with its TLS server.
func assemble(o Options, other outside) (*Emulator, *http.Server, *outbound, error) {
	e := &Emulator{clock: clock.New(o.Now), handoff: newHandoff()}
	o.Now = e.clock.Now
	out := newOutbound(e.handoff, o.Offline, other, o.AllowIssuers...)
	var err error
	if e.surfaces, err = newSurfaces(o, func(ca *x509.Certificate) *http.Client {
		e.fetcher = out.client(ca)
		return e.fetcher
	}); err != nil {
		return nil, nil, nil, err
	}
	e.closeDisk = func() error { return nil }
	if e.surfaces.disk != nil {
		e.closeDisk = sync.OnceValue(e.surfaces.disk.Close)
	}
	out.serves = e.surfaces.names().serves
	if e.handshakes, err = newHandshakes(e.surfaces); err != nil {
		return nil, nil, nil, errors.Join(err, e.closeDisk())
	}
	main := e.server(e.surfaces.handler())
	main.TLSConfig = e.surfaces.store.Authority().TLSConfig()
	e.handshakes.watch(main.TLSConfig)
	return e, main, out, nil
}

// Client reaches the names that kindred stands for inside the process, and others as kindred does.
func (e *Emulator) Client() *http.Client { return e.fetcher }

// listen opens every address or none. The error names the address and the flag that changes it.
func listen(ctx context.Context, o Options) ([]*limiter, error) {
	flags := []string{"--listen", "--proxy", "--control"}
	var listeners []*limiter
	for i, address := range []string{o.Listen, o.Proxy, o.Control} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if address == anyPort && errors.Is(err, syscall.EADDRNOTAVAIL) {
			l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", anyPort6)
		}
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("%w (%s)", err, another(address, flags[i], err))
		}
		listeners = append(listeners, newLimiter(l.(*net.TCPListener), o.connections, o.Log))
	}
	return listeners, nil
}

// another says what to do about an address that cannot be had.
func another(address, flag string, err error) string {
	host, port, _ := net.SplitHostPort(address)
	switch {
	case !errors.Is(err, syscall.EADDRNOTAVAIL):
		return flag + " takes another address; port 0 is any free one"
	case host == "127.0.0.1":
		return "this machine has no IPv4: say " + flag + " [::1]:" + port
	default:
		return host + " is no address of this machine: " + flag + " takes another"
	}
}

// closed refuses a control API that strangers could steer.
func closed(o Options) error {
	if _, _, err := net.SplitHostPort(o.Control); err == nil && !inbound.Loopback(o.Control) && o.ControlToken == "" {
		return fmt.Errorf("the control API at %s would be open to other machines: give it a token (--control-token-file) or an address of this machine", o.Control)
	}
	return nil
}

func (e *Emulator) server(h http.Handler) *http.Server {
	s := &http.Server{
		Handler:        h,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeader,
		ConnState:      follow,
		ErrorLog:       log.New(e.handshakes, "", 0),
	}
	e.servers = append(e.servers, s)
	return s
}

func (e *Emulator) serve(run func() error) {
	go func() {
		if err := run(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			e.surfaces.Log.Error("listener", "cause", err)
		}
	}()
}

// Close ends the listeners; requests under way have a few seconds to finish.
func (e *Emulator) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return e.end(func(s *http.Server) error { return s.Shutdown(ctx) })
}

// abort ends the listeners and every connection at once.
func (e *Emulator) abort() error { return e.end((*http.Server).Close) }

func (e *Emulator) end(stop func(*http.Server) error) error {
	e.cancel()
	e.fetcher.CloseIdleConnections() // to ourselves, some of them
	err := e.handoff.Close()
	for _, s := range e.servers {
		err = errors.Join(err, stop(s))
	}
	return errors.Join(err, e.closeDisk())
}

// Info is where the emulator listens and what it holds.
func (e *Emulator) Info() control.Info { return e.info }

// Directory is the Azure that is played.
func (e *Emulator) Directory() *directory.Directory { return e.surfaces.Directory }

// Journal is what happened so far.
func (e *Emulator) Journal() *journal.Journal { return e.surfaces.journal }

// Clock is the time that tokens and secrets live by.
func (e *Emulator) Clock() *clock.Clock { return e.clock }
