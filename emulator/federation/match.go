package federation

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// match finds the credential of the principal that the assertion satisfies, as Entra narrows them
// down: issuer, audience, subject or expression; each exactly, case and trailing slash included.
func (v *Verifier) match(p *directory.Principal, a *Assertion) error {
	if azureIssued(a.Issuer) {
		return apierr.AzureIssuedToken.With().Because(explainAzureIssued(a))
	}
	err := v.matchKnown(p, a)
	if err == nil {
		return nil
	}
	if x := v.explainPropagation(p, a); x != nil {
		return err.Because(x)
	}
	return err
}

// matchKnown is match among the credentials that the token endpoint knows.
func (v *Verifier) matchKnown(p *directory.Principal, a *Assertion) *apierr.Error {
	all := v.known(p)
	if len(all) == 0 {
		return apierr.NoFederatedCredential.With(p.ClientID, p.Name).Because(v.explainNoCredential(p, a))
	}
	sameIssuer := keep(all, a.issuerMatches)
	if len(sameIssuer) == 0 {
		return apierr.NoMatchingIssuer.With(a.Issuer).Because(v.explainMismatch(p, a, all))
	}
	sameAudience := keep(sameIssuer, a.audienceMatches)
	if len(sameAudience) == 0 {
		return apierr.NoMatchingAudience.With(strings.Join(a.Audience, ",")).Because(v.explainMismatch(p, a, sameIssuer))
	}
	if slices.ContainsFunc(sameAudience, a.subjectMatches) {
		return nil
	}
	return noSubject(sameAudience, a.Subject).Because(v.explainMismatch(p, a, sameAudience))
}

// noSubject is the row for an assertion whose subject is the only thing that no credential has.
func noSubject(credentials []*directory.FederatedCredential, subject string) *apierr.Error {
	row := apierr.NoMatchingSubject
	for _, c := range credentials {
		switch {
		case c.Expression != nil:
			row = apierr.NoMatchingExpression
		case strings.EqualFold(c.Subject, subject):
			return apierr.SubjectCase.With(subject)
		}
	}
	return row.With(subject)
}

func keep(credentials []*directory.FederatedCredential, ok func(*directory.FederatedCredential) bool) []*directory.FederatedCredential {
	var kept []*directory.FederatedCredential
	for _, c := range credentials {
		if ok(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

func (a *Assertion) issuerMatches(c *directory.FederatedCredential) bool {
	return c.Issuer == a.Issuer
}

func (a *Assertion) audienceMatches(c *directory.FederatedCredential) bool {
	return slices.Contains(a.Audience, c.Audience)
}

func (a *Assertion) subjectMatches(c *directory.FederatedCredential) bool {
	if c.Expression != nil {
		return c.Expression.Match(a.Claims)
	}
	return c.Subject == a.Subject
}

// satisfies says whether the assertion matches the credential in every field.
func (a *Assertion) satisfies(c *directory.FederatedCredential) bool {
	return a.issuerMatches(c) && a.audienceMatches(c) && a.subjectMatches(c)
}

// azureIssued says whether an issuer is Entra itself, in any cloud: AADSTS700222.
func azureIssued(issuer string) bool {
	host := hostOf(issuer)
	if _, ok := directory.CloudOfLogin(host); ok {
		return true
	}
	return slices.ContainsFunc(directory.Clouds(), func(c *directory.Cloud) bool {
		return strings.EqualFold(hostOf(c.STS), host)
	})
}

// hostOf is the host of a URL without its port; empty where it is no URL.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
