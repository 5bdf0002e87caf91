package entra

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/federation"
)

// foundKey is the layout of a certificate's validity in Entra's texts.
const foundKey = "01/02/2006 15:04:05"

// checkCertificate verifies an assertion that the client signed with the key of a certificate which
// is registered on the application.
// Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (s *Surface) checkCertificate(p *directory.Principal, r *request, a *federation.Assertion) error {
	if err := a.Check(federation.CertificateAlgorithms()); err != nil {
		return err
	}
	if !strings.EqualFold(a.Issuer, p.ClientID) || !strings.EqualFold(a.Subject, p.ClientID) {
		return apierr.AssertionSubject.With().Because(explainAssertionSubject(p, a))
	}
	thumbprint := clientThumbprint(a)
	certificate, key := findCertificate(p.Certificates, a)
	if certificate == nil {
		return apierr.UnknownCertificate.With(thumbprint, p.ClientID).Because(explainCertificate(p, thumbprint))
	}
	start, end := certificate.NotBefore.UTC().Format(foundKey), certificate.NotAfter.UTC().Format(foundKey)
	now := s.Now()
	if now.After(certificate.NotAfter) {
		return apierr.ExpiredCertificate.With(thumbprint, p.ClientID, start, end).
			Because(explainSimple(p, "certificate-expired", "The certificate expired at "+stamp(certificate.NotAfter)+"."))
	}
	if err := a.VerifySignature(key); err != nil {
		return apierr.CertificateSignature.With(thumbprint, p.ClientID, start, end).
			Because(explainSimple(p, "certificate-signature", "The certificate is registered, but another key signed the assertion."))
	}
	if !slices.ContainsFunc(a.Audience, func(aud string) bool { return forTenant(aud, p.Tenant, r.host) }) {
		return apierr.AssertionAudience.With().Because(explainAssertionAudience(p, a))
	}
	return checkCertificateTime(a, now)
}

// checkCertificateTime explains what differs from an assertion out of a token file: the client made
// this one itself.
func checkCertificateTime(a *federation.Assertion, now time.Time) error {
	err := a.CheckTime(now)
	var refused *apierr.Error
	if errors.As(err, &refused) && refused.Explanation != nil {
		refused.Explanation.Fix = &apierr.Fix{Text: "Sign a new assertion for each request, by a clock that agrees with kindred's."}
	}
	return err
}

// findCertificate matches the names that the assertion's header gives to the key: x5t, x5t#S256, or
// a kid that is a thumbprint too.
func findCertificate(registered []*x509.Certificate, a *federation.Assertion) (*x509.Certificate, *rsa.PublicKey) {
	for _, c := range registered {
		key, ok := c.PublicKey.(*rsa.PublicKey)
		if !ok {
			continue
		}
		short, long := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
		x5t := base64.RawURLEncoding.EncodeToString(short[:])
		x5t256 := base64.RawURLEncoding.EncodeToString(long[:])
		names := []string{unpadded(a.X5T), unpadded(a.X5TS256), unpadded(a.KeyID)}
		if slices.Contains(names, x5t) || slices.Contains(names, x5t256) || strings.EqualFold(a.KeyID, hex.EncodeToString(short[:])) {
			return c, key
		}
	}
	return nil, nil
}

func unpadded(s string) string { return strings.TrimRight(s, "=") }

// clientThumbprint is the thumbprint of the header as Entra's texts show it: upper-case hexadecimal.
func clientThumbprint(a *federation.Assertion) string {
	for _, name := range []string{a.X5T, a.X5TS256, a.KeyID} {
		if name == "" {
			continue
		}
		if sum, err := base64.RawURLEncoding.DecodeString(unpadded(name)); err == nil && (len(sum) == sha1.Size || len(sum) == sha256.Size) {
			return strings.ToUpper(hex.EncodeToString(sum))
		}
		return name
	}
	return ""
}

// forTenant says whether an audience is a token endpoint or issuer of the tenant, at a login host of
// its cloud or at the host that the request was sent to.
func forTenant(audience string, t *directory.Tenant, host string) bool {
	u, err := url.Parse(audience)
	if err != nil || u.Scheme != "https" {
		return false
	}
	if !strings.EqualFold(u.Host, host) && !slices.Contains(t.Cloud.LoginHosts, strings.ToLower(u.Hostname())) {
		return false
	}
	tenant, endpoint, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if !strings.EqualFold(tenant, t.ID) && (t.Domain == "" || !strings.EqualFold(tenant, t.Domain)) {
		return false
	}
	return slices.Contains([]string{"", "v2.0", "oauth2/token", "oauth2/v2.0/token"}, endpoint)
}

func explainSimple(p *directory.Principal, cause, summary string) *apierr.Explanation {
	return &apierr.Explanation{Cause: cause, Summary: summary, Closest: p.Name, Source: p.Source.String()}
}

func explainAssertionSubject(p *directory.Principal, a *federation.Assertion) *apierr.Explanation {
	x := explainSimple(p, "assertion-of-another-client", "The client's own assertion has to have the client id as iss and as sub.")
	for _, claim := range []struct{ name, got string }{{"iss", a.Issuer}, {"sub", a.Subject}} {
		if !strings.EqualFold(claim.got, p.ClientID) {
			x.Differences = append(x.Differences, apierr.Difference{Field: claim.name, Want: p.ClientID, Got: claim.got, Detail: "not the client id"})
		}
	}
	return x
}

func explainCertificate(p *directory.Principal, thumbprint string) *apierr.Explanation {
	x := explainSimple(p, "unknown-certificate", "No certificate of "+p.Name+" has the thumbprint "+thumbprint+".")
	for _, c := range p.Certificates {
		sum := sha1.Sum(c.Raw)
		x.Evidence = append(x.Evidence, "Registered: "+strings.ToUpper(hex.EncodeToString(sum[:]))+", until "+stamp(c.NotAfter)+".")
	}
	x.Fix = &apierr.Fix{Text: "Register the certificate on the application.", Command: "az ad app credential reset --id " + p.ClientID + " --append --cert @CERTIFICATE.pem", Source: p.Source.String(), Field: "certificates"}
	return x
}

func explainAssertionAudience(p *directory.Principal, a *federation.Assertion) *apierr.Explanation {
	x := explainSimple(p, "assertion-audience", "The client's own assertion has to be for the tenant's token endpoint.")
	x.Differences = []apierr.Difference{{
		Field:  "audience",
		Want:   "https://" + p.Tenant.Cloud.LoginHost() + "/" + p.Tenant.ID + "/oauth2/v2.0/token",
		Got:    strings.Join(a.Audience, ","),
		Detail: "not a token endpoint or issuer of the tenant",
	}}
	return x
}
