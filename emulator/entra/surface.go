package entra

import (
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
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
	// Rand is the source of identifiers; it has to bear being read by several requests at once.
	Rand io.Reader
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

// Token is /{tenant}/oauth2/v2.0/token.
func (s *Surface) Token(c echo.Context) error { return s.token(c, v2) }

// TokenV1 is /{tenant}/oauth2/token.
func (s *Surface) TokenV1(c echo.Context) error { return s.token(c, v1) }

// NotFound answers a path that is no endpoint.
func (s *Surface) NotFound(c echo.Context) error {
	path := c.Request().URL.Path
	return apierr.UnknownPath.With(path).Because(&apierr.Explanation{
		Cause:   "unknown-path",
		Summary: "kindred's Entra answers no " + c.Request().Method + " " + path + ".",
		Evidence: []string{
			"Tokens: POST /TENANT/oauth2/v2.0/token (scope) or /TENANT/oauth2/token (resource).",
			"Documents: GET /TENANT/v2.0/.well-known/openid-configuration, /TENANT/discovery/v2.0/keys, /common/discovery/instance.",
		},
	})
}

// version tells the two generations of endpoints.
type version int

const (
	v1 version = 1
	v2 version = 2
)

// writeJSON answers 200. The value is a struct, so its members keep their order.
func writeJSON(c echo.Context, body []byte) error {
	return c.Blob(http.StatusOK, jsonType, body)
}
