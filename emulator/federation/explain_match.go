package federation

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// The explanations of why no credential of the principal matches.

func (v *Verifier) explainNoCredential(p *directory.Principal, a *Assertion) *apierr.Explanation {
	if x := v.explainElsewhere(p, a); x != nil {
		return x
	}
	return &apierr.Explanation{
		Cause:   "no-federated-credential",
		Summary: p.Name + " has no federated credential.",
		Fix: &apierr.Fix{
			Text:    "Create a federated credential with the assertion's issuer, subject and audience.",
			Command: createCommand(p, a),
			Source:  p.Source.String(),
			Field:   "federatedCredentials",
		},
	}
}

// explainMismatch compares the assertion with the closest of the candidates: those credentials that
// agree with it in everything that was compared before.
func (v *Verifier) explainMismatch(p *directory.Principal, a *Assertion, candidates []*directory.FederatedCredential) *apierr.Explanation {
	if x := v.explainElsewhere(p, a); x != nil {
		return x
	}
	near := closest(candidates, a)
	first := near.gaps[0]
	x := &apierr.Explanation{
		Cause:    first.cause,
		Summary:  fmt.Sprintf("The %s of credential %s does not match the assertion's: %s.", first.Field, near.credential.Name, first.Detail),
		Closest:  describe(p, near.credential),
		Source:   near.credential.Source.Credential.String(),
		Evidence: []string{counted(len(p.FederatedCredentials), p)},
		Fix:      mend(p, a, near),
	}
	for _, g := range near.gaps {
		x.Differences = append(x.Differences, g.Difference)
	}
	if isInCluster(a.Issuer) && first.Field == "issuer" {
		x.Cause = "default-cluster-issuer"
		x.Summary = "The assertion comes from a cluster that has the in-cluster default issuer, which nothing outside can reach."
		x.Fix = &apierr.Fix{Text: giveIssuer}
		for _, c := range v.Directory.Clusters {
			if isInCluster(c.Issuer) {
				x.Fix.Do, x.Fix.Source = apierr.DoSet, c.IssuerSource.String()
				x.Fix.Field, x.Fix.Value = "issuer", near.credential.Issuer
			}
		}
	}
	return x
}

// candidate is a credential with all its gaps.
type candidate struct {
	credential *directory.FederatedCredential
	gaps       []gap
}

// closest is the credential with the smallest sum of distances; of equals the one whose issuer, then
// audience, then subject is nearer; then the first one declared.
func closest(credentials []*directory.FederatedCredential, a *Assertion) candidate {
	candidates := make([]candidate, len(credentials))
	for i, c := range credentials {
		candidates[i] = candidate{credential: c, gaps: gaps(c, a)}
	}
	return slices.MinFunc(candidates, func(x, y candidate) int {
		return cmp.Or(
			cmp.Compare(x.total(), y.total()),
			cmp.Compare(x.of("issuer"), y.of("issuer")),
			cmp.Compare(x.of("audience"), y.of("audience")),
		)
	})
}

func (c candidate) total() int {
	sum := 0
	for _, g := range c.gaps {
		sum += g.distance
	}
	return sum
}

func (c candidate) of(field string) int {
	for _, g := range c.gaps {
		if g.Field == field {
			return g.distance
		}
	}
	return 0
}

// explainElsewhere looks for a credential of another principal of the tenant that the assertion
// satisfies: then it is the client id that is wrong. nil: there is none.
func (v *Verifier) explainElsewhere(p *directory.Principal, a *Assertion) *apierr.Explanation {
	for _, other := range v.Directory.Principals {
		if other == p || other.Tenant != p.Tenant {
			continue
		}
		i := slices.IndexFunc(other.FederatedCredentials, a.satisfies)
		if i < 0 {
			continue
		}
		c := other.FederatedCredentials[i]
		return &apierr.Explanation{
			Cause:   "credential-on-other-principal",
			Summary: fmt.Sprintf("The assertion matches credential %s of %s, but the request is for %s.", c.Name, other.Name, p.Name),
			Closest: describe(other, c),
			Source:  c.Source.Credential.String(),
			Differences: []apierr.Difference{{
				Field: "client_id", Want: other.ClientID, Got: p.ClientID,
				Detail: "the client id of " + p.Name + " where the credential belongs to " + other.Name,
			}},
			Evidence: []string{counted(len(p.FederatedCredentials), p)},
			Fix:      useOther(a, other),
		}
	}
	return nil
}

func describe(p *directory.Principal, c *directory.FederatedCredential) string {
	return fmt.Sprintf("federated credential %s of %s", c.Name, p.Name)
}

func counted(n int, p *directory.Principal) string {
	if n == 1 {
		return p.Name + " has 1 federated credential."
	}
	return fmt.Sprintf("%s has %d federated credentials.", p.Name, n)
}
