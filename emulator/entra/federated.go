package entra

import (
	"context"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/federation"
)

// checkFederated lets another issuer's assertion stand for the principal, as package federation
// decides, where the tenant allows federation at all.
func (s *Surface) checkFederated(ctx context.Context, p *directory.Principal, a *federation.Assertion) error {
	if t := p.Tenant; t.FederationDisabled {
		return apierr.FederationDisabled.With(t.ID).Because(&apierr.Explanation{
			Cause:   "federation-disabled",
			Summary: "The fixture says that the tenant " + tenantName(t) + " refuses federated assertions.",
			Closest: tenantName(t),
			Source:  t.Source.String(),
			Fix:     &apierr.Fix{Text: "Allow federation in the tenant.", Source: t.Source.String()},
		})
	}
	return s.Federation.Verify(ctx, p, a)
}
