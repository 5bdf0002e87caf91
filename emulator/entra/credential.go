package entra

import (
	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/federation"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// proof is how a client proved that it is the principal, as the appidacr claim of its tokens says
// (https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference).
type proof string

const (
	bySecret    proof = "1"
	byAssertion proof = "2"
)

// authenticate checks the one credential of the request. An assertion goes before a secret.
func (s *Surface) authenticate(c echo.Context, p *directory.Principal, r *request) (proof, error) {
	if r.assertion == "" {
		return bySecret, s.checkSecret(p, r.clientSecret)
	}
	a, err := federation.Parse(r.assertion)
	if err != nil {
		return "", err
	}
	journal.Of(c).Presented = presented(a)
	if selfIssued(a) {
		return byAssertion, s.checkCertificate(p, r, a)
	}
	return byAssertion, s.checkFederated(c.Request().Context(), p, a)
}

// selfIssued tells an assertion that a client signs with its own certificate from one of another
// issuer: its iss is a client id, where an OpenID Connect issuer is a URL.
func selfIssued(a *federation.Assertion) bool { return isGUID(a.Issuer) }

func presented(a *federation.Assertion) *journal.Presented {
	return &journal.Presented{
		Issuer: a.Issuer, Subject: a.Subject, Audience: a.Audience, KeyID: a.KeyID,
		IssuedAt: a.IssuedAt, NotBefore: a.NotBefore, Expires: a.Expires,
	}
}
