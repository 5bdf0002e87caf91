package issuer

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Config is what the surface needs; every field is required.
type Config struct {
	Directory *directory.Directory
	Keys      func(cluster *directory.Cluster) *keys.Ring
	Now       func() time.Time
}

// Surface answers the documents of every cluster's issuer.
type Surface struct {
	Config
}

// New makes the surface.
func New(c Config) *Surface { return &Surface{Config: c} }

// Serves says whether a host (without port) is an issuer's.
func (s *Surface) Serves(host string) bool { return false }

// Find is the cluster whose document is asked for, and which: by host and path, or by the path
// alone where anyHost is set. The path is the request's, its double slashes folded.
func (s *Surface) Find(host, path string, anyHost bool) (*directory.Cluster, Document, bool) {
	return nil, "", false
}

// Document is one of the two documents an issuer publishes.
type Document string

// The documents, by their path below the issuer.
const (
	Discovery Document = ".well-known/openid-configuration"
	JWKS      Document = "openid/v1/jwks"
)

// Serve answers a document that Find found; anything else on an issuer's host is 404.
func (s *Surface) Serve(c echo.Context) error { return nil }
