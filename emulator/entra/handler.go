package entra

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// token answers a request for an access token (RFC 6749, section 4.4).
func (s *Surface) token(c echo.Context, v version) error {
	if c.Request().Method == http.MethodOptions {
		c.Response().Header().Set("Allow", "POST, OPTIONS")
		return c.NoContent(http.StatusOK)
	}
	record := journal.Of(c)

	// 1. Read the request, once. Is everything there?
	r, err := s.read(c, v)
	if err != nil {
		return err
	}
	if err := r.complete(); err != nil {
		return err
	}

	// 2. Which tenant is asked?
	t, err := s.tenant(r.tenant, r.host)
	if err != nil {
		return err
	}
	record.Tenant = t.ID

	// 3. Who asks?
	if isGUID(r.clientID) { // anything else may be a secret in the wrong place
		record.Client = r.clientID
	}
	p, err := s.client(t, r.clientID)
	if err != nil {
		return err
	}
	record.Client = p.ClientID

	// 4. Does the request prove it?
	proof, err := s.authenticate(c, p, r)
	if err != nil {
		return err
	}

	// 5. What shall the token be for?
	res, err := s.resource(t, r)
	if err != nil {
		return err
	}

	// 6. Does a policy of the tenant forbid it?
	if p.ConditionalAccess {
		return apierr.ConditionalAccess.With().Because(explainConditionalAccess(p))
	}

	// 7. Mint.
	answer, err := s.mint(p, proof, res, v, faults.Of(c).TokenLifetime)
	if err != nil {
		return err
	}
	return writeJSON(c, answer)
}

func explainConditionalAccess(p *directory.Principal) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "conditional-access",
		Summary: "The fixture says that Conditional Access blocks " + p.Name + ".",
		Closest: p.Name,
		Source:  p.Source.String(),
		Fix:     &apierr.Fix{Text: "Take the conditional access block off the principal.", Source: p.Source.String()},
	}
}
