package keyvault

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// The limits of https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
// and https://learn.microsoft.com/azure/key-vault/general/service-limits.
const (
	maxName   = 127
	versionIs = 32 // hexadecimal digits
)

// The data actions of https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault.
const (
	dataActions    = "Microsoft.KeyVault/vaults/secrets/"
	actionGet      = dataActions + "getSecret/action"
	actionSet      = dataActions + "setSecret/action"
	actionUpdate   = dataActions + "update/action"
	actionDelete   = dataActions + "delete"
	actionMetadata = dataActions + "readMetadata/action"
	actionRecover  = dataActions + "recover/action"
	actionPurge    = dataActions + "purge/action"
	actionBackup   = dataActions + "backup/action"
	actionRestore  = dataActions + "restore/action"
)

// request is one exchange that passed the steps every operation begins with.
type request struct {
	*site
	token   *accessToken
	now     time.Time
	name    string // of the path; empty where it has none
	version string // of the path; empty for the latest
}

// begin takes the steps that every operation begins with, in the order in which they may refuse:
//
//  1. the vault, by the host name, and whether it takes another transaction
//  2. the access token, or the challenge for one
//  3. the vault's firewall
//  4. the api-version
//  5. the form of the names in the path
//  6. what the caller may do
//
// Only then does an operation look at the body, and at what exists.
func (s *Surface) begin(c echo.Context, p directory.Permission, action string) (*request, error) {
	r, err := s.authenticate(c)
	if err != nil {
		return nil, err
	}
	if err := r.firewall(c.Request().RemoteAddr); err != nil {
		return nil, err
	}
	if err := checkAPIVersion(c.QueryParam("api-version")); err != nil {
		return nil, err
	}
	if err := r.path(c); err != nil {
		return nil, err
	}
	need := directory.Access{Permission: p, DataAction: action}
	if !r.Allows(r.token.ObjectID, need, r.name) {
		return nil, s.denied(r, need)
	}
	return r, nil
}

// authenticate is steps 1 and 2. It fills the journal's record with who asks, as the token says it,
// be it refused or not.
func (s *Surface) authenticate(c echo.Context) (*request, error) {
	q := c.Request()
	at, ok := s.sites.find(q.Host)
	if !ok {
		return nil, apierr.VaultNotFound.With(q.Host)
	}
	record := journal.Of(c)
	record.Tenant = at.Tenant.ID
	now := s.Now()
	if err := at.throttle(now); err != nil {
		return nil, err
	}
	raw, ok := bearer(q.Header)
	if !ok {
		record.Challenge = true
		return nil, challenge(c, at, apierr.MissingToken.With().Because(explainMissing(at)))
	}
	token, err := s.verifier.verify(raw, at, now)
	if token != nil {
		record.Client, record.Presented = token.ClientID, token.presented
	}
	if err != nil {
		return nil, challenge(c, at, err)
	}
	return &request{site: at, token: token, now: now}, nil
}

// challenge adds the header that tells a client where to get a token and for what (RFC 9110,
// section 11.6.1).
func challenge(c echo.Context, at *site, err error) error {
	c.Response().Header().Set(echo.HeaderWWWAuthenticate, at.challenge)
	return err
}

const (
	firstDatedVersion = "2025-07-01"
	latestVersion     = "2026-04-01"
)

// checkAPIVersion accepts 2016-10-01, 7.0 to 7.6, 2025-07-01 and any later date.
func checkAPIVersion(v string) error {
	switch {
	case v == "":
		return badParameter("The query parameter api-version must be specified.")
	case v == "2016-10-01", len(v) == 3 && v[:2] == "7." && '0' <= v[2] && v[2] <= '6':
		return nil
	}
	if _, err := time.Parse(time.DateOnly, v); err != nil || v < firstDatedVersion {
		return apierr.BadAPIVersion.With(v, latestVersion)
	}
	return nil
}

// path reads the names in the path.
func (r *request) path(c echo.Context) error {
	name, version := inbound.PathParam(c, "name"), inbound.PathParam(c, "version")
	if name != "" {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if version != "" && !isVersion(version) {
		return apierr.BadVersion.With(c.Request().Method, version)
	}
	r.name, r.version = name, version
	return nil
}

func checkName(name string) error {
	if len(name) > maxName && isName(name) {
		return badParameter("The name of a secret may have %d characters; this one has %d.", maxName, len(name))
	}
	if !isName(name) {
		return apierr.BadName.With(name)
	}
	return nil
}

// isName says whether every character may be in a name: ^[0-9a-zA-Z-]+$.
func isName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-':
		default:
			return false
		}
	}
	return s != ""
}

func isVersion(s string) bool {
	return len(s) == versionIs && strings.Trim(s, "0123456789abcdef") == ""
}
