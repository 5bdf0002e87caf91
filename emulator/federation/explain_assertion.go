package federation

import (
	"fmt"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// The explanations of what an assertion itself shows, without a credential or a key.

func explainMalformed(err error) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:    "malformed-assertion",
		Summary:  "What came as client_assertion is not a JWT that can be read.",
		Evidence: strings.Split(err.Error(), "\n"),
		Fix: &apierr.Fix{
			Text: "Send the content of the token file (AZURE_FEDERATED_TOKEN_FILE), whole and with nothing around it: not its path, and not quoted.",
		},
	}
}

func explainType(typ string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:    "assertion-type",
		Summary:  fmt.Sprintf("The assertion's header says typ %q; Entra takes JWT, or none.", short(typ)),
		Evidence: []string{"Service-account tokens of Kubernetes have no typ."},
		Fix:      &apierr.Fix{Text: "Have the issuer leave typ out or set it to JWT."},
	}
}

func explainAlgorithm(alg string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "assertion-algorithm",
		Summary: fmt.Sprintf("The assertion is signed with alg %q; federation takes RS256, RS384 and RS512.", short(alg)),
		Fix:     &apierr.Fix{Text: "Have the issuer sign with an RSA key and RS256."},
	}
}

func explainNoKey() *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "assertion-key-unnamed",
		Summary: "The assertion's header names no key: kid, x5t and x5t#S256 are all absent.",
		Fix:     &apierr.Fix{Text: "Have the issuer set kid to the one that its JWKS shows for the key."},
	}
}

func explainMissing(claim string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "assertion-claim-missing",
		Summary: "The assertion has no " + claim + " claim.",
		Fix:     &apierr.Fix{Text: "Have the issuer set iss, sub and aud; the three are what a federated credential is compared with."},
	}
}

func explainAzureIssued(a *Assertion) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "azure-issued-token",
		Summary: "The assertion was issued by Microsoft Entra, which takes tokens of external issuers only.",
		Evidence: []string{
			fmt.Sprintf("Its iss is %q.", short(a.Issuer)),
		},
		Fix: &apierr.Fix{Text: "Send the service-account token that the cluster issued, not an access token or ID token of Entra."},
	}
}

func explainTime(a *Assertion, now time.Time) *apierr.Explanation {
	x := &apierr.Explanation{Evidence: []string{"It is " + now.UTC().Format(time.RFC3339) + " on kindred's clock."}}
	switch {
	case a.Expires.IsZero():
		x.Cause = "assertion-expired"
		x.Summary = "The assertion has no exp claim, which counts as expired."
		x.Fix = &apierr.Fix{Text: "Have the issuer set exp."}
	case !now.Before(a.Expires):
		x.Cause = "assertion-expired"
		x.Summary = "The assertion expired " + span(now.Sub(a.Expires)) + " ago."
		x.Evidence = append(x.Evidence, "Its exp is "+a.Expires.Format(time.RFC3339)+".")
		x.Fix = &apierr.Fix{
			Do:      apierr.DoNewToken,
			Text:    "Read the token file anew for each exchange; the kubelet replaces it before it expires. A token that was copied or kept in memory ages.",
			Command: `cat "$AZURE_FEDERATED_TOKEN_FILE"`,
		}
	default:
		x.Cause = "assertion-not-yet-valid"
		x.Summary = "The assertion becomes valid in " + span(a.NotBefore.Sub(now)) + "."
		x.Evidence = append(x.Evidence, "Its nbf is "+a.NotBefore.Format(time.RFC3339)+".")
		x.Fix = &apierr.Fix{Text: "Set the clocks of the issuer and of kindred to the same time."}
	}
	return x
}

// span is a duration in its two largest units: 3 s, 5 min 20 s, 2 h 5 min, 3 d 4 h.
func span(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.size, u.name)
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "less than 1 s"
}

// short keeps what a stranger wrote from filling the journal: Azure's own limit on an issuer, a
// subject or an audience is 600 characters.
func short(s string) string {
	if runes := []rune(s); len(runes) > maxField {
		return string(runes[:maxField]) + "…"
	}
	return s
}

const maxField = 600
