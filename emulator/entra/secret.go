package entra

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// checkSecret compares with every secret of the principal, in a time that tells nothing of what
// they hold. A secret that has expired proves nothing, but is refused by its own error.
func (s *Surface) checkSecret(p *directory.Principal, secret string) error {
	now := s.Now()
	given := sha256.Sum256([]byte(secret))
	valid := false
	var expired *directory.ClientSecret
	for i := range p.Secrets {
		c := &p.Secrets[i]
		have := sha256.Sum256([]byte(c.Value))
		if subtle.ConstantTimeCompare(given[:], have[:]) == 0 {
			continue
		}
		if c.Expires.IsZero() || now.Before(c.Expires) {
			valid = true
		} else {
			expired = c
		}
	}
	switch {
	case valid:
		return nil
	case expired != nil:
		return apierr.ExpiredSecret.With(p.ClientID).Because(explainExpiredSecret(p, expired.Expires, now))
	}
	return apierr.BadSecret.With(p.ClientID).Because(explainSecret(p, secret))
}

func explainExpiredSecret(p *directory.Principal, expired, now time.Time) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:    "secret-expired",
		Summary:  "The secret is one of " + p.Name + ", but it expired.",
		Closest:  p.Name,
		Source:   p.Source.String(),
		Evidence: []string{"It expired at " + stamp(expired) + ", " + now.Sub(expired).Round(time.Second).String() + " ago."},
		Fix: &apierr.Fix{
			Text:    "Make a new secret, or move its expiry in the fixture.",
			Command: "az ad app credential reset --id " + p.ClientID,
			Source:  p.Source.String(),
			Field:   "expires",
		},
	}
}

func explainSecret(p *directory.Principal, secret string) *apierr.Explanation {
	x := &apierr.Explanation{
		Cause:   "wrong-secret",
		Summary: "It is not a secret of " + p.Name + ".",
		Closest: p.Name,
		Source:  p.Source.String(),
		Fix:     &apierr.Fix{Text: "Use a secret that the fixture gives the application.", Source: p.Source.String(), Field: "secrets"},
	}
	switch {
	case p.Kind == directory.ManagedIdentity:
		x.Cause, x.Summary = "secret-of-managed-identity", p.Name+" is a managed identity, and those have no secrets."
		x.Fix = &apierr.Fix{Text: "Use a federated identity credential, or an application in its place.", Source: p.Source.String()}
	case len(p.Secrets) == 0:
		x.Cause, x.Summary = "no-secrets", p.Name+" has no secret."
	case isGUID(secret):
		x.Cause, x.Summary = "secret-id-as-secret", "What was sent is a GUID: probably the secret's id and not its value."
	}
	return x
}
