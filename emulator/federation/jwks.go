package federation

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// maxKeys is how many keys of a JWKS Entra stores.
const maxKeys = 100

// The moduli and exponents that are taken, so that no key costs more to verify with than it should.
const (
	minModulus  = 2048 // bits
	maxModulus  = 8192 // bits
	minExponent = 3
	maxExponent = math.MaxInt32
)

// keySet is the usable keys of an issuer.
type keySet struct {
	url     string // jwks_uri
	fetched time.Time
	ids     []string                  // the names of the keys, as published
	keys    map[string]*rsa.PublicKey // by kid, x5t and x5t#S256
}

// parseKeySet reads a JWKS (RFC 7517, section 5). A key that is not a sound RSA signing key is left
// out; of several with one name the first counts.
func parseKeySet(body []byte) (*keySet, error) {
	var document struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return nil, err
	}
	if document.Keys == nil {
		return nil, errors.New("it has no keys")
	}
	set := &keySet{keys: make(map[string]*rsa.PublicKey)}
	for _, raw := range (*document.Keys)[:min(len(*document.Keys), maxKeys)] {
		var k jwk
		if json.Unmarshal(raw, &k) != nil {
			continue
		}
		public, err := k.public()
		if err != nil {
			continue
		}
		set.add(k, public)
	}
	return set, nil
}

func (s *keySet) add(k jwk, public *rsa.PublicKey) {
	shown := ""
	for _, name := range []string{k.KeyID, k.X5T, k.X5TS256} {
		if _, taken := s.keys[name]; name == "" || taken {
			continue
		}
		s.keys[name] = public
		if shown == "" {
			shown = name
			s.ids = append(s.ids, name)
		}
	}
}

// jwk is the members of a JSON Web Key that matter here (RFC 7517 section 4, RFC 7518 section 6.3).
type jwk struct {
	Type     string `json:"kty"`
	Use      string `json:"use"`
	KeyID    string `json:"kid"`
	X5T      string `json:"x5t"`
	X5TS256  string `json:"x5t#S256"`
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
}

func (k jwk) public() (*rsa.PublicKey, error) {
	if k.Type != "RSA" || (k.Use != "" && k.Use != "sig") {
		return nil, fmt.Errorf("kty %q with use %q is no RSA signing key", k.Type, k.Use)
	}
	n, err := unsigned(k.Modulus, maxModulus)
	if err != nil {
		return nil, fmt.Errorf("n: %w", err)
	}
	e, err := unsigned(k.Exponent, 31)
	if err != nil {
		return nil, fmt.Errorf("e: %w", err)
	}
	if n.BitLen() < minModulus || n.Bit(0) == 0 {
		return nil, fmt.Errorf("n: %d bits, odd: %t", n.BitLen(), n.Bit(0) == 1)
	}
	if exponent := e.Int64(); exponent < minExponent || exponent > maxExponent || exponent%2 == 0 {
		return nil, fmt.Errorf("e: %d is not an odd number from %d to %d", exponent, minExponent, maxExponent)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// unsigned reads a Base64urlUInt (RFC 7518, section 2) of at most so many bits. Padding and leading
// zeros, which some issuers publish, do no harm.
func unsigned(encoded string, bits int) (*big.Int, error) {
	octets, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil {
		return nil, err
	}
	n := new(big.Int).SetBytes(octets)
	if n.BitLen() > bits {
		return nil, fmt.Errorf("%d bits where %d are the most", n.BitLen(), bits)
	}
	return n, nil
}
