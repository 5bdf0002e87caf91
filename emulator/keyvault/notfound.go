package keyvault

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// NotFound answers a path or method that is no operation, for callers with a token only.
func (s *Surface) NotFound(c echo.Context) error {
	if _, err := s.authenticate(c); err != nil {
		return err
	}
	q := c.Request()
	allow, third := operations(q.URL.Path)
	switch {
	case third != "":
		return apierr.BadVersion.With(q.Method, third)
	case allow != "":
		c.Response().Header().Set(echo.HeaderAllow, allow)
		return apierr.VaultMethod.With(q.Method, q.URL.Path)
	}
	return apierr.VaultPath.With(q.URL.Path)
}

// Health is GET /healthstatus, the one operation for anybody. Source:
// https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics.
func (s *Surface) Health(c echo.Context) error {
	if _, ok := s.sites.find(c.Request().Host); !ok {
		return apierr.VaultNotFound.With(c.Request().Host)
	}
	return s.answer(c, nil)
}

// The methods that the paths of the API take, for Allow (RFC 9110, section 10.2.1).
const (
	readOnly = http.MethodGet + ", " + http.MethodHead
	postOnly = http.MethodPost
	ofName   = readOnly + ", " + http.MethodPut + ", " + http.MethodPatch + ", " + http.MethodDelete
	ofBin    = readOnly + ", " + http.MethodDelete
)

// operations says which methods a path takes, none for a path that is no operation's; or what stands
// in the place of a secret's version, where no version is.
func operations(path string) (allow, third string) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	switch {
	case path == "/healthstatus", path == "/secrets", path == "/deletedsecrets":
		return readOnly, ""
	case parts[0] == "secrets" && len(parts) == 2:
		return ofName, ""
	case parts[0] == "secrets":
		return "", parts[2]
	case parts[0] == "deletedsecrets" && len(parts) == 2:
		return ofBin, ""
	case parts[0] == "deletedsecrets" && parts[2] == "recover":
		return postOnly, ""
	}
	return "", ""
}
