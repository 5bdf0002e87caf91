package emulator

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits on every listener.
const (
	maxConnections = 1000             // open at a time
	readTimeout    = 20 * time.Second // for a request, body and all
	writeTimeout   = time.Minute      // for its answer, from the end of the header
	idleTimeout    = 2 * time.Minute  // between requests, and for a TLS handshake
	maxHeader      = 64 << 10         // bytes
	closeTimeout   = 5 * time.Second
)

// limiter is a listener with at most so many connections open. Where one more comes, another has to go:
// the one that has waited for its next request longest; where all are busy, the one that has been so
// longest. So clients that send little and stay keep nobody else out. Tunnels go last.
type limiter struct {
	*net.TCPListener
	log *slog.Logger
	max int

	mu    sync.Mutex
	open  map[*limited]bool
	moves int // so far
}

// The stages of a connection, in the order in which they have to go.
const (
	stageWaiting = iota
	stageBusy
	stageTunnel
)

// limited is a connection of a limiter.
type limited struct {
	*net.TCPConn
	limiter *limiter
	stage   int // these two are for who holds the limiter's lock
	since   int // how many moves there had been
}

func newLimiter(l *net.TCPListener, most int, log *slog.Logger) *limiter {
	return &limiter{TCPListener: l, max: most, log: log, open: make(map[*limited]bool)}
}

// Accept is the next connection.
func (l *limiter) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	x := &limited{TCPConn: c, limiter: l}
	if gone := l.take(x); gone != nil {
		l.log.Warn("closed a connection: too many are open", "listener", l.Addr(), "open", l.max, "client", gone.RemoteAddr())
		_ = gone.Close() // its client is told by that
	}
	return x, nil
}

// take counts a connection in; the one that has to go for it is returned.
func (l *limiter) take(c *limited) (gone *limited) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) == l.max {
		for x := range l.open {
			if gone == nil || x.stage < gone.stage || x.stage == gone.stage && x.since < gone.since {
				gone = x
			}
		}
		delete(l.open, gone)
	}
	l.open[c] = true
	l.move(c, stageWaiting)
	return gone
}

// move is for callers that hold the lock.
func (l *limiter) move(c *limited, stage int) {
	l.moves++
	c.stage, c.since = stage, l.moves
}

// Close ends the connection.
func (c *limited) Close() error {
	c.limiter.mu.Lock()
	delete(c.limiter.open, c)
	c.limiter.mu.Unlock()
	return c.TCPConn.Close()
}

// follow is what a server of limited connections has for its ConnState.
func follow(c net.Conn, state http.ConnState) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok { // *tls.Conn
		c = t.NetConn()
	}
	x, ok := c.(*limited)
	if !ok {
		return // made inside the process
	}
	x.limiter.mu.Lock()
	defer x.limiter.mu.Unlock()
	switch state {
	case http.StateNew, http.StateIdle:
		x.limiter.move(x, stageWaiting)
	case http.StateActive:
		x.limiter.move(x, stageBusy)
	case http.StateHijacked:
		x.limiter.move(x, stageTunnel)
	case http.StateClosed: // Close has seen to it
	}
}
