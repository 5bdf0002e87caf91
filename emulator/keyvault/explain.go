package keyvault

import (
	"fmt"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// The explanations of refused tokens. None of them holds the token.

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// getToken is the fix of every token: the scope and the tenant to ask for another one.
func getToken(at *site) *apierr.Fix {
	return &apierr.Fix{Text: fmt.Sprintf("Ask the token endpoint of tenant %s for a token with scope=%s/.default.", at.Tenant.ID, at.resource)}
}

func explainMissing(at *site) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "token-missing",
		Summary: "The request has no access token. Clients send their first request so, and take this answer as the challenge.",
		Fix:     getToken(at),
	}
}

func explainMalformed(at *site, err error) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "token-malformed",
		Summary: "The access token cannot be read: " + err.Error() + ".",
		Fix:     getToken(at),
	}
}

func explainKey(at *site, t *accessToken) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "token-key",
		Summary: "The access token is signed with a key that kindred does not publish.",
		Evidence: []string{
			fmt.Sprintf("The token's kid is %q.", t.presented.KeyID),
			"It comes from another token endpoint, real Azure's perhaps, or its key has been rotated out.",
		},
		Fix: getToken(at),
	}
}

func explainSignature(at *site, t *accessToken) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:    "token-signature",
		Summary:  "The signature of the access token is not that of the key it names: the token was changed after it was signed.",
		Evidence: []string{fmt.Sprintf("The token's kid is %q.", t.presented.KeyID)},
		Fix:      getToken(at),
	}
}

func explainAudience(at *site, t *accessToken) *apierr.Explanation {
	got := strings.Join(t.Audience, ", ")
	return &apierr.Explanation{
		Cause:       "token-audience",
		Summary:     fmt.Sprintf("The access token is for %q, not for Key Vault.", got),
		Closest:     "vault " + at.Name,
		Source:      at.Source.String(),
		Differences: []apierr.Difference{{Field: "aud", Want: at.resource, Got: got, Detail: audienceDetail(at, got)}},
		Fix:         getToken(at),
	}
}

func audienceDetail(at *site, got string) string {
	resource := strings.TrimSuffix(got, "/")
	for _, c := range directory.Clouds() {
		if resource == c.VaultResource() {
			return "Key Vault of another cloud, " + c.Name
		}
	}
	switch {
	case got == "":
		return "the token has no aud claim"
	case strings.EqualFold(resource, at.resource):
		return "upper and lower case"
	case strings.HasPrefix(resource, at.resource+":"), strings.HasPrefix(at.resource, resource+":"):
		return "the port"
	default:
		return "another resource"
	}
}

func explainIssuer(at *site, t *accessToken) *apierr.Explanation {
	detail := "another issuer"
	switch {
	case strings.TrimSuffix(t.Issuer, "/") == strings.TrimSuffix(at.issuer, "/"):
		detail = "a trailing slash"
	case strings.HasSuffix(t.Issuer, "/v2.0"):
		detail = "a v2.0 token, where Key Vault takes v1.0 ones"
	case strings.HasPrefix(t.Issuer, at.Tenant.Cloud.STS):
		detail = "another tenant"
	}
	return &apierr.Explanation{
		Cause:       "token-issuer",
		Summary:     fmt.Sprintf("The access token was issued by %q, and vault %s belongs to tenant %s.", t.Issuer, at.Name, at.Tenant.ID),
		Closest:     "vault " + at.Name,
		Source:      at.Source.String(),
		Differences: []apierr.Difference{{Field: "iss", Want: at.issuer, Got: t.Issuer, Detail: detail}},
		Fix:         getToken(at),
	}
}

func explainExpired(at *site, t *accessToken, now time.Time) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "token-expired",
		Summary: fmt.Sprintf("The access token expired %d s ago.", int64(now.Sub(t.expires)/time.Second)),
		Evidence: []string{
			"The token's exp is " + stamp(t.expires) + ".",
			"The time is " + stamp(now) + ".",
		},
		Fix: getToken(at),
	}
}

func explainNotYetValid(t *accessToken, now time.Time) *apierr.Explanation {
	return &apierr.Explanation{
		Cause: "token-not-yet-valid",
		Summary: fmt.Sprintf("The access token becomes valid in %d s; up to %d s are tolerated.",
			int64(t.notBefore.Sub(now)/time.Second), int64(nbfTolerance/time.Second)),
		Evidence: []string{
			"The token's nbf is " + stamp(t.notBefore) + ".",
			"The time is " + stamp(now) + ".",
		},
		Fix: &apierr.Fix{Text: "Set the clock to a time that is not before the token's nbf, or get a token now."},
	}
}

// explainDisabled is for a secret that nobody can read.
func explainDisabled(r *request, v *version) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "secret-disabled",
		Summary: fmt.Sprintf("Version %s of secret %s is disabled; its value cannot be read until it is enabled.", v.id, v.name),
		Closest: "vault " + r.Name,
		Source:  r.secretSource(v.name),
		Fix: &apierr.Fix{
			Text: "Enable the version, or set a new one.",
			Command: fmt.Sprintf("az keyvault secret set-attributes --vault-name %s --name %s --version %s --enabled true",
				r.Name, v.name, v.id),
		},
	}
}

// explainProtected is for a purge that no permission allows.
func explainProtected(r *request) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "purge-protection",
		Summary: fmt.Sprintf("Vault %s has purge protection: a deleted secret is gone %d days after its deletion and not before.", r.Name, r.retention),
		Closest: "vault " + r.Name,
		Source:  r.Source.String(),
		Fix: &apierr.Fix{
			Text:   "Recover the secret to use its name again, or declare the vault without purge protection.",
			Source: r.Source.String(), Field: "purgeProtection", Value: "false",
			Command: fmt.Sprintf("az keyvault secret recover --vault-name %s --name %s", r.Name, r.name),
		},
	}
}

// secretSource is where the fixture declares a secret, or else its vault.
func (v *vault) secretSource(name string) string {
	for i := range v.Secrets {
		if strings.EqualFold(v.Secrets[i].Name, name) && v.Secrets[i].Source.File != "" {
			return v.Secrets[i].Source.String()
		}
	}
	return v.Source.String()
}
