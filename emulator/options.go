package emulator

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"io"
	"log/slog"
	"time"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

// Options say what to emulate and where.
type Options struct {
	// Directory is the Azure to play; required. Package fixtures reads one from YAML.
	Directory *directory.Directory
	// Listen, Proxy and Control are the addresses to listen on, host:port: the TLS listener, the
	// CONNECT proxy and the control API. Empty: a free port of 127.0.0.1.
	Listen, Proxy, Control string
	// Published is where clients reach the listeners when that is elsewhere, as outside a container.
	Published *Published
	// ControlToken is what callers of the control API must present. Required where other machines can
	// reach that listener; empty: callers on this machine only, without one.
	ControlToken string
	// Webhook turns the admission webhook on.
	Webhook *Webhook
	// Keys are where signing keys and the certificate authority come from.
	Keys keys.Options
	// VaultState is a folder that keeps what vaults hold; empty: it is in memory.
	VaultState string
	// Strict refuses what real Entra refuses although public tutorials do it.
	Strict bool
	// Offline refuses, in the proxy and for issuers' documents, every host that kindred does not
	// stand for.
	Offline bool
	// AllowIssuers are hosts of issuers that may be at a link-local address.
	AllowIssuers []string
	// Now is the wall clock; nil: time.Now. The control API moves the emulator's clock against it.
	Now func() time.Time
	// Rand is the source of identifiers; nil: crypto/rand.
	Rand io.Reader
	// Seed is what faults with a probability are drawn from; zero: a random one, which Info tells.
	Seed uint64
	// Version is told to whoever asks the control API.
	Version string
	// Log gets one line an exchange; nil: none.
	Log *slog.Logger

	connections int // that each listener has open at a time; zero: maxConnections
}

// Published is the addresses, host:port, that clients are told instead of the listeners' own.
type Published struct{ Listen, Proxy, Control string }

// Webhook says whose pods the admission webhook changes, and how.
type Webhook struct {
	// Accounts reads the cluster's ServiceAccounts.
	Accounts webhook.Accounts
	// Cluster is the fixture's cluster that the real one plays.
	Cluster *directory.Cluster
	// NodeTrust is the folder on every node that holds the trust files; see webhook.Config.
	NodeTrust string
}

// A free port of this machine, for itself; the second where there is no IPv4.
const (
	anyPort  = "127.0.0.1:0"
	anyPort6 = "[::1]:0"
)

func (o Options) withDefaults() Options {
	for _, address := range []*string{&o.Listen, &o.Proxy, &o.Control} {
		if *address == "" {
			*address = anyPort
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	for o.Seed == 0 {
		var seed [8]byte
		_, _ = rand.Read(seed[:])                          // crypto/rand's never fails
		o.Seed = binary.LittleEndian.Uint64(seed[:]) >> 11 // exact in JSON
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.connections = cmp.Or(o.connections, maxConnections)
	return o
}
