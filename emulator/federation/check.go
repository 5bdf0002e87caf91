package federation

import (
	"slices"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// Algorithms are the signature algorithms of federated assertions.
func Algorithms() []string { return []string{"RS256", "RS384", "RS512"} }

// CertificateAlgorithms are the signature algorithms of assertions signed with an application's
// own certificate (https://learn.microsoft.com/entra/identity-platform/certificate-credentials).
func CertificateAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
}

// Check makes the checks that need no credential, in Entra's order: alg, one of the given ones; a
// key named by kid or thumbprint; and the claims that must be there. The error is an
// *apierr.Error: BadAlgorithm, NoKeyID or MissingClaim.
func (a *Assertion) Check(algorithms []string) error {
	if !slices.Contains(algorithms, a.Algorithm) {
		return apierr.BadAlgorithm.With(a.Algorithm).Because(explainAlgorithm(a.Algorithm))
	}
	if a.keyName() == "" {
		return apierr.NoKeyID.With().Because(explainNoKey())
	}
	for _, claim := range []struct {
		name string
		ok   bool
	}{
		{"iss", a.Issuer != ""},
		{"aud", len(a.Audience) > 0},
		{"sub", a.Subject != ""},
	} {
		if !claim.ok {
			return apierr.MissingClaim.With(claim.name).Because(explainMissing(claim.name))
		}
	}
	return nil
}

// keyName is what the header calls the key: kid, or a thumbprint.
func (a *Assertion) keyName() string {
	for _, name := range []string{a.KeyID, a.X5T, a.X5TS256} {
		if name != "" {
			return name
		}
	}
	return ""
}
