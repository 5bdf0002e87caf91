package emulator

import (
	"errors"
	"net"
	"sync"
)

// handoff is a listener for connections that are made inside the process: tunnels of the proxy, and
// the fetches of documents that kindred itself publishes. No port is needed for them.
type handoff struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHandoff() *handoff {
	return &handoff{conns: make(chan net.Conn), done: make(chan struct{})}
}

var errHandoffClosed = errors.New("the emulator is closed")

// give hands a connection to whoever accepts; the connection is theirs from then on.
func (h *handoff) give(c net.Conn) error {
	select {
	case h.conns <- c:
		return nil
	case <-h.done:
		return errors.Join(errHandoffClosed, c.Close())
	}
}

// dial is a new connection whose other end is given.
func (h *handoff) dial() (net.Conn, error) {
	near, far := net.Pipe()
	if err := h.give(far); err != nil {
		return nil, err
	}
	return near, nil
}

func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handoff) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

func (h *handoff) Addr() net.Addr { return handoffAddr{} }

type handoffAddr struct{}

func (handoffAddr) Network() string { return "handoff" }
func (handoffAddr) String() string  { return "in-process" }
