package federation

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// MaxSize is the longest assertion that is looked at, in bytes.
const MaxSize = 64 << 10

// Assertion is a parsed JWT whose signature has not been looked at.
type Assertion struct {
	Type      string // typ; empty: absent, as in Kubernetes tokens
	Algorithm string // alg
	KeyID     string // kid
	X5T       string // x5t
	X5TS256   string // x5t#S256
	Issuer    string
	Subject   string
	Audience  []string
	IssuedAt  time.Time // zero: absent
	NotBefore time.Time
	Expires   time.Time
	// Claims are all claims as encoding/json reads them, numbers as float64.
	Claims map[string]any

	signed    string // header and payload, as they were signed
	signature []byte
}

// Parse reads a JWT in compact serialization (RFC 7519, RFC 7515 section 7.1) and checks its form
// and its typ. Space around it is dropped, for clients send the newline that ends a token file.
// The error is an *apierr.Error: MalformedAssertion or BadType.
//
// Keys that the header carries or points to (jwk, jku, x5c, x5u) are never used. Of a repeated
// member the last one counts (RFC 7515, section 4).
func Parse(raw string) (*Assertion, error) {
	a, err := parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, apierr.MalformedAssertion.With().Because(explainMalformed(err))
	}
	if !slices.Contains([]string{"", "JWT", "http://openid.net/specs/jwt/1.0"}, a.Type) {
		return nil, apierr.BadType.With().Because(explainType(a.Type))
	}
	return a, nil
}

func parse(raw string) (*Assertion, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("it is longer than %d bytes", MaxSize)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("it has %d parts between dots where a signed JWT has 3", len(parts))
	}
	header, err := object("header", parts[0])
	if err != nil {
		return nil, err
	}
	claims, err := object("payload", parts[1])
	if err != nil {
		return nil, err
	}
	signature, err := decode(parts[2])
	if err != nil {
		return nil, fmt.Errorf("the signature is not base64url: %w", err)
	}
	a := &Assertion{Claims: claims, signed: parts[0] + "." + parts[1], signature: signature}
	return a, errors.Join(a.readHeader(header), a.readClaims(claims))
}

// decode reads base64url as RFC 7515 has it: no padding, no line breaks (which package base64 skips),
// one spelling for each value.
func decode(s string) ([]byte, error) {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

func object(part, encoded string) (map[string]any, error) {
	text, err := decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("the %s is not base64url: %w", part, err)
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("the %s is not UTF-8", part)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil || members == nil {
		return nil, fmt.Errorf("the %s is not a JSON object", part)
	}
	return members, nil
}

func (a *Assertion) readHeader(header map[string]any) error {
	if _, ok := header["crit"]; ok {
		return errors.New("the header's crit names extensions, and none is understood") // RFC 7515, section 4.1.11
	}
	return errors.Join(
		read(header, "typ", &a.Type),
		read(header, "alg", &a.Algorithm),
		read(header, "kid", &a.KeyID),
		read(header, "x5t", &a.X5T),
		read(header, "x5t#S256", &a.X5TS256),
	)
}

func (a *Assertion) readClaims(claims map[string]any) error {
	return errors.Join(
		read(claims, "iss", &a.Issuer),
		read(claims, "sub", &a.Subject),
		readAudience(claims["aud"], &a.Audience),
		readTime(claims, "iat", &a.IssuedAt),
		readTime(claims, "nbf", &a.NotBefore),
		readTime(claims, "exp", &a.Expires),
	)
}

// read takes a member that has to be a string where it is there. null is absent.
func read(members map[string]any, name string, to *string) error {
	switch v := members[name].(type) {
	case nil:
	case string:
		*to = v
	default:
		return fmt.Errorf("%s is not a string", name)
	}
	return nil
}

// readAudience takes a string or an array of strings (RFC 7519, section 4.1.3).
func readAudience(member any, to *[]string) error {
	switch v := member.(type) {
	case nil:
	case string:
		if v != "" {
			*to = []string{v}
		}
	case []any:
		for _, element := range v {
			s, ok := element.(string)
			if !ok {
				return errors.New("aud holds something that is not a string")
			}
			*to = append(*to, s)
		}
	default:
		return errors.New("aud is neither a string nor an array")
	}
	return nil
}

// lastSecond is the last one of the year 9999, which Entra's own clock ends with.
const lastSecond = 253402300799

// readTime takes a NumericDate (RFC 7519, section 2). Fractions are cut off; what lies outside the
// years 1970 to 9999 is moved to their ends.
func readTime(claims map[string]any, name string, to *time.Time) error {
	switch v := claims[name].(type) {
	case nil:
	case float64:
		seconds := math.Trunc(min(max(v, 0), lastSecond))
		*to = time.Unix(int64(seconds), 0).UTC()
	default:
		return fmt.Errorf("%s is not a number", name)
	}
	return nil
}
