package issuer

import (
	"io"
	"net"
	"path"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Config is what the surface needs; every field is required.
type Config struct {
	Directory *directory.Directory
	Keys      func(cluster *directory.Cluster) *keys.Ring
	Now       func() time.Time
	Rand      io.Reader // of the tokens' jti
}

// Surface answers the documents of every cluster's issuer.
type Surface struct {
	Config
	hosts  map[string]bool
	byHost map[string]published // by host and path
	byPath map[string]published
}

// published is a document and the cluster it belongs to.
type published struct {
	cluster  *directory.Cluster
	document Document
}

// Document is one of the two documents an issuer publishes.
type Document string

// The documents, by their path below the issuer.
const (
	Discovery Document = ".well-known/openid-configuration"
	JWKS      Document = "openid/v1/jwks"
)

// New makes the surface. Where two clusters would publish at one place, the first one does.
func New(c Config) *Surface {
	s := &Surface{
		Config: c,
		hosts:  make(map[string]bool),
		byHost: make(map[string]published),
		byPath: make(map[string]published),
	}
	for _, cluster := range c.Directory.Clusters {
		u := cluster.IssuerURL()
		host := strings.ToLower(u.Hostname())
		if !local(host) {
			s.hosts[host] = true
		}
		for _, d := range []Document{Discovery, JWKS} {
			at := path.Join("/", u.Path, string(d))
			setFirst(s.byHost, host+at, published{cluster, d})
			setFirst(s.byPath, at, published{cluster, d})
		}
	}
	return s
}

func setFirst(m map[string]published, key string, p published) {
	if _, taken := m[key]; !taken {
		m[key] = p
	}
}

// local says whether a host is one that every surface shares, told apart by path.
func local(host string) bool { return host == "localhost" || net.ParseIP(host) != nil }

// Serves says whether a host (without port, in lower case) is an issuer's: one of AKS, or one that
// a cluster of the directory has. localhost and addresses are no one's.
func (s *Surface) Serves(host string) bool {
	return s.hosts[host] || directory.IsAKSIssuer(host)
}

// Find is the cluster whose document is asked for, and which: by host and path, or by the path
// alone where anyHost is set. The path is the request's, its double slashes folded.
func (s *Surface) Find(host, path string, anyHost bool) (*directory.Cluster, Document, bool) {
	p, ok := s.byHost[host+path]
	if !ok && anyHost {
		p, ok = s.byPath[path]
	}
	return p.cluster, p.document, ok
}
