package keyvault

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// GetDeleted is GET /deletedsecrets/{name}.
func (s *Surface) GetDeleted(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionGet, actionMetadata)
	if err != nil {
		return err
	}
	d, err := r.store.deleted(r.name, r.now.Unix())
	if err != nil {
		return r.refuse(err)
	}
	return s.answer(c, r.deletedBundle(d))
}

// Recover is POST /deletedsecrets/{name}/recover. The secret has the attributes that it had.
func (s *Surface) Recover(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionRecover, actionRecover)
	if err != nil {
		return err
	}
	v, err := r.store.recover(r.name, r.now.Unix())
	if err != nil {
		return r.refuse(err)
	}
	return s.answer(c, r.bundle(v))
}

// Purge is DELETE /deletedsecrets/{name}.
func (s *Surface) Purge(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionPurge, actionPurge)
	if err != nil {
		return err
	}
	if r.PurgeProtection {
		return apierr.PurgeProtected.With(r.Name, r.Location).Because(explainProtected(r))
	}
	if err := r.store.purge(r.name, r.now.Unix()); err != nil {
		return r.refuse(err)
	}
	return c.NoContent(http.StatusNoContent)
}
