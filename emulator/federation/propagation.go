package federation

import (
	"fmt"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// A credential that was just made is not known to every server of Entra for some minutes. A fixture
// says for how long; it counts from when the Verifier was made.
// Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations#federated-identity-credential-considerations.

// onItsWay says for how long a credential will still be unknown; zero: it is known.
func (v *Verifier) onItsWay(c *directory.FederatedCredential) time.Duration {
	if c.Propagation == 0 { // whatever the clock says
		return 0
	}
	return max(0, v.started.Add(c.Propagation).Sub(v.Now()))
}

func (v *Verifier) known(p *directory.Principal) []*directory.FederatedCredential {
	return keep(p.FederatedCredentials, func(c *directory.FederatedCredential) bool { return v.onItsWay(c) == 0 })
}

// explainPropagation is the explanation where the credential that the assertion satisfies is not
// known yet; nil where there is no such credential.
func (v *Verifier) explainPropagation(p *directory.Principal, a *Assertion) *apierr.Explanation {
	for _, c := range p.FederatedCredentials {
		wait := v.onItsWay(c)
		if wait == 0 || !a.satisfies(c) {
			continue
		}
		wait = wait.Round(time.Second)
		return &apierr.Explanation{
			Cause:   "credential-propagating",
			Summary: fmt.Sprintf("Credential %s matches, but it is new and not known to the token endpoint for another %s.", c.Name, wait),
			Closest: describe(p, c),
			Source:  c.Source.Credential.String(),
			Fix: &apierr.Fix{
				Do: apierr.DoWait, Value: wait.String(),
				Text: fmt.Sprintf("Try again in %s; a client should retry while a new credential spreads.", wait),
			},
		}
	}
	return nil
}
