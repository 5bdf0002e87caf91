package keyvault

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// Set is PUT /secrets/{name}.
func (s *Surface) Set(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionSet, actionSet)
	if err != nil {
		return err
	}
	var body setBody
	if err := readBody(c.Request(), maxBody, &body); err != nil {
		return err
	}
	if body.Value == nil {
		return badParameter("The property value is required.")
	}
	id, err := s.newVersionID()
	if err != nil {
		return err
	}
	now := r.now.Unix()
	v := &version{name: r.name, id: id, enabled: true, created: now, updated: now}
	if err := body.apply(v); err != nil {
		return err
	}
	if v, err = r.store.set(v, now); err != nil {
		return r.refuse(err)
	}
	return s.answer(c, r.valueBundle(v))
}

// Get is GET /secrets/{name}/{version?}. A secret that is expired or not yet valid is readable, as
// in Azure; a disabled one is not.
func (s *Surface) Get(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionGet, actionGet)
	if err != nil {
		return err
	}
	v, err := r.store.get(r.name, r.version)
	if err != nil {
		return r.refuse(err)
	}
	if !v.enabled {
		return apierr.SecretDisabled.With().Because(explainDisabled(r, v))
	}
	return s.answer(c, r.valueBundle(v))
}

// Update is PATCH /secrets/{name}/{version?}. What the body leaves out stays as it is; tags are
// replaced as a whole.
func (s *Surface) Update(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionSet, actionUpdate)
	if err != nil {
		return err
	}
	var body setBody
	if err := readBody(c.Request(), maxBody, &body); err != nil {
		return err
	}
	body.Value = nil // a version's value never changes
	v, err := r.store.update(r.name, r.version, func(v version) (*version, error) {
		v.updated = r.now.Unix()
		return &v, body.apply(&v)
	})
	if err != nil {
		return r.refuse(err)
	}
	return s.answer(c, r.bundle(v))
}

// Delete is DELETE /secrets/{name}.
func (s *Surface) Delete(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionDelete, actionDelete)
	if err != nil {
		return err
	}
	now := r.now.Unix()
	d, err := r.store.remove(r.name, now, now+int64(r.retention)*secondsPerDay)
	if err != nil {
		return r.refuse(err)
	}
	return s.answer(c, r.deletedBundle(d))
}

const secondsPerDay = 86_400

// Backup is POST /secrets/{name}/backup: all versions of the secret in one blob, see backup.go.
func (s *Surface) Backup(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionBackup, actionBackup)
	if err != nil {
		return err
	}
	all, latest, err := r.store.versions(r.name)
	if err != nil {
		return r.refuse(err)
	}
	if len(all) > maxBackupVersions {
		return badParameter("Secret %s has %d versions; a backup holds up to %d.", r.name, len(all), maxBackupVersions)
	}
	blob, err := encodeBackup(all, latest)
	if err != nil {
		return err
	}
	return s.answer(c, backupResult{Value: blob})
}

// Restore is POST /secrets/restore.
func (s *Surface) Restore(c echo.Context) error {
	r, err := s.begin(c, directory.PermissionRestore, actionRestore)
	if err != nil {
		return err
	}
	var body struct {
		Value *string `json:"value"`
	}
	if err := readBody(c.Request(), maxBackup, &body); err != nil {
		return err
	}
	if body.Value == nil {
		return badParameter("The property value is required.")
	}
	all, latest, err := decodeBackup(*body.Value)
	if err != nil {
		return err
	}
	r.name = latest.name
	if err := r.store.restore(all, latest, r.now.Unix()); err != nil {
		return r.refuse(err)
	}
	return s.answer(c, r.bundle(latest))
}

// refuse is the answer to what the store refused; any other error stays what it is.
func (r *request) refuse(err error) error {
	switch {
	case errors.Is(err, errNotFound):
		id := r.name
		if r.version != "" {
			id += "/" + r.version
		}
		return apierr.SecretNotFound.With(id)
	case errors.Is(err, errNotInBin):
		return apierr.DeletedSecretNotFound.With(r.name)
	case errors.Is(err, errDeleted):
		return apierr.SecretIsDeleted.With(r.name)
	case errors.Is(err, errNameTaken):
		return apierr.SecretExists.With(r.name)
	}
	return err
}
