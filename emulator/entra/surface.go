package entra

import (
	"io"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/federation"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Config is what the surface needs; every field is required.
type Config struct {
	Directory  *directory.Directory
	Keys       *keys.Ring // signs access tokens
	Federation *federation.Verifier
	Now        func() time.Time
	Rand       io.Reader
	// Strict refuses what the real service refuses although public tutorials do it: GET on the
	// token endpoint.
	Strict bool
}

// Surface answers Entra's endpoints.
type Surface struct {
	Config
}

// New makes the surface.
func New(c Config) *Surface { return &Surface{Config: c} }

// Headers is the middleware that sets the headers of every response of the token endpoint.
func (s *Surface) Headers(next echo.HandlerFunc) echo.HandlerFunc { return next }

// Token is /{tenant}/oauth2/v2.0/token.
func (s *Surface) Token(c echo.Context) error { return nil }

// TokenV1 is /{tenant}/oauth2/token.
func (s *Surface) TokenV1(c echo.Context) error { return nil }

// Configuration is /{tenant}/v2.0/.well-known/openid-configuration.
func (s *Surface) Configuration(c echo.Context) error { return nil }

// ConfigurationV1 is /{tenant}/.well-known/openid-configuration.
func (s *Surface) ConfigurationV1(c echo.Context) error { return nil }

// SigningKeys is /{tenant}/discovery/v2.0/keys.
func (s *Surface) SigningKeys(c echo.Context) error { return nil }

// NotFound answers a path that is no endpoint.
func (s *Surface) NotFound(c echo.Context) error { return nil }

// Instance is /{tenant}/discovery/instance.
func (s *Surface) Instance(c echo.Context) error { return nil }
