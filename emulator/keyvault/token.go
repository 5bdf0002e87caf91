package keyvault

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

const (
	// nbfTolerance is how far the clock that made a token may be ahead.
	nbfTolerance = 5 * time.Minute
	// maxToken is the longest token looked at, in bytes; Entra's are under 3,000.
	maxToken = 16 << 10
	// maxVerified bounds the tokens whose signature is known to be good.
	maxVerified = 1024
)

// claims are the claims of an access token that Key Vault reads.
// Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
type claims struct {
	Audience  jwt.Audience     `json:"aud"`
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	ClientID  string           `json:"appid"`
	ObjectID  string           `json:"oid"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	Expires   *jwt.NumericDate `json:"exp"`
}

// accessToken is a parsed access token. It never changes.
type accessToken struct {
	claims
	header    string // the JOSE header, as it was encoded
	notBefore time.Time
	expires   time.Time
	presented *journal.Presented
}

// caller is how Key Vault's messages name who asks.
func (t *accessToken) caller() string {
	return "appid=" + t.ClientID + ";oid=" + t.ObjectID + ";iss=" + t.Issuer
}

// bearer is the token of the Authorization header (RFC 6750, section 2.1).
func bearer(h http.Header) (string, bool) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// verifier checks access tokens against the keys that Entra publishes. It remembers good signatures
// by the SHA-256 of the whole token, for checking one is most of the cost of a read; everything
// that can change with time is checked each time.
type verifier struct {
	keys     *keys.Ring
	verified *lru.Cache[[sha256.Size]byte, *accessToken]
}

func newVerifier(ring *keys.Ring) *verifier {
	verified, _ := lru.New[[sha256.Size]byte, *accessToken](maxVerified) // it fails only for a size that is not positive
	return &verifier{keys: ring, verified: verified}
}

// verify checks form, key, signature, audience, issuer and time, in this order. The token is
// returned with the error too, as far as it could be read.
func (v *verifier) verify(raw string, at *site, now time.Time) (*accessToken, error) {
	sum := sha256.Sum256([]byte(raw))
	t, known := v.verified.Get(sum)
	var jws *jose.JSONWebSignature
	if !known {
		var err error
		if t, jws, err = parseToken(raw); err != nil {
			return nil, apierr.TokenMalformed.With().Because(explainMalformed(at, err))
		}
	}
	key, ok := v.keys.ByThumbprint(t.presented.KeyID, now)
	if !ok {
		return t, apierr.TokenKey.With(t.header).Because(explainKey(at, t))
	}
	if !known {
		if _, err := jws.Verify(key.Public()); err != nil {
			return t, apierr.TokenSignature.With().Because(explainSignature(at, t))
		}
		v.verified.Add(sum, t)
	}
	return t, t.check(at, now)
}

// check is what depends on the vault and the time.
func (t *accessToken) check(at *site, now time.Time) error {
	switch {
	case !slices.ContainsFunc(t.Audience, at.accepts):
		return apierr.TokenAudience.With(at.resource, strings.Join(t.Audience, ", ")).Because(explainAudience(at, t))
	case t.Issuer != at.issuer:
		return apierr.TokenIssuer.With(at.issuer, t.Issuer).Because(explainIssuer(at, t))
	case !now.Before(t.expires):
		return apierr.TokenExpired.With().Because(explainExpired(at, t, now))
	case now.Add(nbfTolerance).Before(t.notBefore):
		return apierr.TokenNotYetValid.With(stamp(t.notBefore)).Because(explainNotYetValid(t, now))
	}
	return nil
}

type tokenError string

func (e tokenError) Error() string { return string(e) }

// parseToken reads a token without trusting it. RS256 is the one algorithm that Entra signs with;
// any other, none included, is refused here.
func parseToken(raw string) (*accessToken, *jose.JSONWebSignature, error) {
	if len(raw) > maxToken {
		return nil, nil, tokenError("it is too long")
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, nil, tokenError("it is not a JWT in compact serialization that is signed with RS256")
	}
	t := &accessToken{}
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &t.claims); err != nil {
		return nil, nil, tokenError("its claims are not a JSON object of the expected types")
	}
	if t.Expires == nil {
		return nil, nil, tokenError("it has no exp claim")
	}
	t.header, _, _ = strings.Cut(raw, ".")
	t.header = strings.Clone(t.header)
	t.expires, t.notBefore = instant(t.Expires), instant(t.NotBefore)
	t.presented = &journal.Presented{
		Issuer: t.Issuer, Subject: t.Subject, Audience: t.Audience, KeyID: jws.Signatures[0].Header.KeyID,
		IssuedAt: instant(t.IssuedAt), NotBefore: t.notBefore, Expires: t.expires,
	}
	return t, jws, nil
}

func instant(d *jwt.NumericDate) time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.Time().UTC()
}
