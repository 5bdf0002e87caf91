package keyvault

import (
	"io"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Config is what the surface needs; every field is required.
type Config struct {
	Directory *directory.Directory
	Keys      *keys.Ring // Entra's, to verify access tokens
	Now       func() time.Time
	Rand      io.Reader
}

// Surface answers Key Vault's secrets API.
type Surface struct {
	Config
}

// New makes the surface, its vaults holding what the directory seeds them with.
func New(c Config) *Surface { return &Surface{Config: c} }

// Serves says whether a host (without port) has the form of a vault's, known or not.
func (s *Surface) Serves(host string) bool { return false }

// Reset puts every vault back to what the directory seeds it with.
func (s *Surface) Reset() {}

// Headers is the middleware that sets the headers of every response.
func (s *Surface) Headers(next echo.HandlerFunc) echo.HandlerFunc { return next }

// Set is PUT /secrets/{name}.
func (s *Surface) Set(c echo.Context) error { return nil }

// Get is GET /secrets/{name}/{version?}.
func (s *Surface) Get(c echo.Context) error { return nil }

// Update is PATCH /secrets/{name}/{version?}.
func (s *Surface) Update(c echo.Context) error { return nil }

// Delete is DELETE /secrets/{name}.
func (s *Surface) Delete(c echo.Context) error { return nil }

// List is GET /secrets.
func (s *Surface) List(c echo.Context) error { return nil }

// ListVersions is GET /secrets/{name}/versions.
func (s *Surface) ListVersions(c echo.Context) error { return nil }

// ListDeleted is GET /deletedsecrets.
func (s *Surface) ListDeleted(c echo.Context) error { return nil }

// GetDeleted is GET /deletedsecrets/{name}.
func (s *Surface) GetDeleted(c echo.Context) error { return nil }

// Recover is POST /deletedsecrets/{name}/recover.
func (s *Surface) Recover(c echo.Context) error { return nil }

// Purge is DELETE /deletedsecrets/{name}.
func (s *Surface) Purge(c echo.Context) error { return nil }

// Backup is POST /secrets/{name}/backup.
func (s *Surface) Backup(c echo.Context) error { return nil }

// Restore is POST /secrets/restore.
func (s *Surface) Restore(c echo.Context) error { return nil }

// NotFound answers a path or method that is no operation.
func (s *Surface) NotFound(c echo.Context) error { return nil }

// Health is GET /healthstatus.
func (s *Surface) Health(c echo.Context) error { return nil }
