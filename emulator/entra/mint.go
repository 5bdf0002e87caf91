package entra

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// How long access tokens live. Entra gives applications 60 to 90 minutes, drawn at random; the
// shortest is the hardest on clients, and the same every time.
// Source: https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime.
const (
	applicationLife     = time.Hour
	managedIdentityLife = 24 * time.Hour
)

// claims are the claims of an app-only access token, in the order of captured ones. The version is
// the resource's choice, not the endpoint's, and Key Vault's is 1.0.
type claims struct {
	Audience   string `json:"aud"`
	Issuer     string `json:"iss"`
	IssuedAt   int64  `json:"iat"`
	NotBefore  int64  `json:"nbf"`
	Expires    int64  `json:"exp"`
	AIO        string `json:"aio"` // opaque
	AppID      string `json:"appid"`
	AppIDACR   proof  `json:"appidacr"`
	IDP        string `json:"idp"`
	IDType     string `json:"idtyp,omitempty"` // of managed identities
	ObjectID   string `json:"oid"`
	RH         string `json:"rh"` // opaque
	Subject    string `json:"sub"`
	TenantID   string `json:"tid"`
	UTI        string `json:"uti"` // the token's own identifier
	Version    string `json:"ver"`
	ResourceID string `json:"xms_mirid,omitempty"` // of managed identities
}

// answer is the v2 endpoint's (RFC 6749, section 5.1).
type answer struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	ExtExpiresIn int64  `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
}

// answerV1 is the v1 endpoint's, where every value is a string.
type answerV1 struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    string `json:"expires_in"` // seconds
	ExtExpiresIn string `json:"ext_expires_in"`
	ExpiresOn    string `json:"expires_on"` // Unix time
	NotBefore    string `json:"not_before"` // Unix time
	Resource     string `json:"resource"`
	AccessToken  string `json:"access_token"`
}

// mint makes the access token and the answer around it. The life is the token's; zero: as Entra gives it.
func (s *Surface) mint(p *directory.Principal, how proof, res resource, v version, life time.Duration) ([]byte, error) {
	now := s.Now()
	content, err := s.claims(p, how, res, now)
	if err != nil {
		return nil, err
	}
	if life > 0 {
		content.Expires = now.Add(life).Unix()
	}
	payload, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("marshal claims: %w", err)
	}
	key := s.Keys.Current()
	name := key.Thumbprint()
	token, err := key.Sign([]byte(`{"typ":"JWT","alg":"RS256","x5t":"`+name+`","kid":"`+name+`"}`), payload)
	if err != nil {
		return nil, err
	}
	// The second that the token was made in has begun: 3599, not 3600.
	left := content.Expires - content.IssuedAt - 1
	if v == v2 {
		return json.Marshal(answer{TokenType: "Bearer", ExpiresIn: left, ExtExpiresIn: left, AccessToken: token})
	}
	return json.Marshal(answerV1{
		TokenType:    "Bearer",
		ExpiresIn:    strconv.FormatInt(left, 10),
		ExtExpiresIn: strconv.FormatInt(left, 10),
		ExpiresOn:    strconv.FormatInt(content.Expires, 10),
		NotBefore:    strconv.FormatInt(content.NotBefore, 10),
		Resource:     res.asked,
		AccessToken:  token,
	})
}

func (s *Surface) claims(p *directory.Principal, how proof, res resource, now time.Time) (*claims, error) {
	// The lengths of the opaque claims in captured tokens, in bytes.
	const aio, rh, uti = 36, 42, 16
	var random [aio + rh + uti]byte
	if _, err := io.ReadFull(s.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("identifiers of the token: %w", err)
	}
	c := &claims{
		Audience:  res.audience,
		Issuer:    p.Tenant.Issuer(),
		IssuedAt:  now.Unix(),
		NotBefore: now.Unix(),
		Expires:   now.Add(applicationLife).Unix(),
		AIO:       base64.StdEncoding.EncodeToString(random[:aio]),
		AppID:     p.ClientID,
		AppIDACR:  how,
		IDP:       p.Tenant.Issuer(),
		ObjectID:  p.PrincipalID,
		RH:        "1." + base64.RawURLEncoding.EncodeToString(random[aio:aio+rh]) + ".",
		Subject:   p.PrincipalID,
		TenantID:  p.Tenant.ID,
		UTI:       base64.RawURLEncoding.EncodeToString(random[aio+rh:]),
		Version:   "1.0",
	}
	if p.Kind == directory.ManagedIdentity {
		c.Expires = now.Add(managedIdentityLife).Unix()
		c.IDType, c.ResourceID = "app", p.ResourceID
	}
	return c, nil
}
