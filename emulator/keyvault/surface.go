package keyvault

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Config is what the surface needs; every field but Disk is required.
type Config struct {
	Directory *directory.Directory
	Keys      *keys.Ring // Entra's, to verify access tokens
	Now       func() time.Time
	Rand      io.Reader
	Disk      *Disk // nil: vaults are in memory only
}

// Surface answers Key Vault's secrets API.
type Surface struct {
	Config
	sites    *sites
	verifier *verifier
	headers  *headers
	buffers  sync.Pool  // of *bytes.Buffer, for answers
	random   sync.Mutex // guards Rand
}

// New makes the surface, its vaults holding what the disk has of them, and what the directory seeds them
// with.
func New(c Config) (*Surface, error) {
	s := &Surface{Config: c, sites: newSites(c.Directory), verifier: newVerifier(c.Keys), headers: newHeaders()}
	if c.Disk == nil {
		return s, s.fill(seeded)
	}
	for _, v := range s.sites.all {
		v.store.keep = c.Disk.keeper(v)
	}
	return s, s.fill(c.Disk.load)
}

// fill has the vaults hold something else, all of it or nothing. Writes wait meanwhile.
func (s *Surface) fill(with func(vaults []*vault, now int64) ([]*contents, error)) error {
	all := s.sites.all
	for _, v := range all {
		v.store.writing.Lock()
		defer v.store.writing.Unlock()
	}
	fresh, err := with(all, s.Now().Unix())
	if err != nil {
		return err
	}
	for i, v := range all {
		v.store.replace(fresh[i])
	}
	return nil
}

// Serves says whether a host (without port) has the form of a vault's, known or not.
func (s *Surface) Serves(host string) bool { return isVaultHost(host) }

// Reset puts every vault back to what the directory seeds it with, on the disk too, and lets its limit
// of transactions begin again.
func (s *Surface) Reset() error {
	for _, v := range s.sites.all {
		v.window.reset()
	}
	if s.Disk == nil {
		return s.fill(seeded)
	}
	return s.fill(s.Disk.reset)
}

// newVersionID is 32 random lower-case hexadecimal digits.
func (s *Surface) newVersionID() (string, error) {
	var b [versionIs / 2]byte
	s.random.Lock()
	defer s.random.Unlock()
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "", fmt.Errorf("version id: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// serviceVersion is the version of the service whose responses were recorded.
const serviceVersion = "1.9.3347.1"

// headers are the values that every response shares.
type headers struct {
	noCache, expires, contentType, version, noSniff, transport []string
}

func newHeaders() *headers {
	return &headers{
		noCache:     []string{"no-cache"},
		expires:     []string{"-1"},
		contentType: []string{"application/json; charset=utf-8"},
		version:     []string{serviceVersion},
		noSniff:     []string{"nosniff"},
		transport:   []string{"max-age=31536000;includeSubDomains"},
	}
}

// Headers is the middleware that sets the headers of every response. The keys below are in
// canonical form, so that they can be set without a search.
func (s *Surface) Headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q, h := c.Request(), c.Response().Header()
		own := [...]string{journal.Of(c).TraceID, networkInfo(q.RemoteAddr)}
		h["Cache-Control"] = s.headers.noCache
		h["Pragma"] = s.headers.noCache
		h["Expires"] = s.headers.expires
		h["X-Ms-Keyvault-Service-Version"] = s.headers.version
		h["X-Content-Type-Options"] = s.headers.noSniff
		h["Strict-Transport-Security"] = s.headers.transport
		h["X-Ms-Request-Id"] = own[0:1:1]
		h["X-Ms-Keyvault-Network-Info"] = own[1:2:2]
		if at, ok := s.sites.find(q.Host); ok {
			h["X-Ms-Keyvault-Region"] = at.region
		}
		if id := q.Header["X-Ms-Client-Request-Id"]; len(id) > 0 {
			h["X-Ms-Client-Request-Id"] = id[:1:1]
		}
		return next(c)
	}
}

// networkInfo describes the client's address (HOST:PORT) as the service does.
func networkInfo(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	if strings.Contains(host, ":") {
		return "conn_type=Ipv6;addr=" + host + ";act_addr_fam=InterNetworkV6;"
	}
	return "conn_type=Ipv4;addr=" + host + ";act_addr_fam=InterNetwork;"
}
