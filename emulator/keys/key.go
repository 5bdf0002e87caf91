package keys

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Key is one RSA signing key with the self-signed certificate that Entra's JWKS shows for it.
type Key struct {
	private     *rsa.PrivateKey
	certificate *x509.Certificate
	id          string
	thumbprint  string
}

func newKey(private *rsa.PrivateKey, certificate *x509.Certificate) (*Key, error) {
	id, err := KeyID(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(certificate.Raw)
	return &Key{
		private:     private,
		certificate: certificate,
		id:          id,
		thumbprint:  base64.RawURLEncoding.EncodeToString(sum[:]),
	}, nil
}

// KeyID is the kid that kube-apiserver gives a service-account key: the unpadded base64url SHA-256
// of its PKIX encoding (k8s.io/kubernetes/pkg/serviceaccount, keyIDFromPublicKey).
func KeyID(public *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("encode public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// ID is the kid of the key in a cluster's JWKS.
func (k *Key) ID() string { return k.id }

// Thumbprint is the kid and x5t of the key in Entra's JWKS: the unpadded base64url SHA-1 of the
// certificate.
func (k *Key) Thumbprint() string { return k.thumbprint }

// Public is the public half.
func (k *Key) Public() *rsa.PublicKey { return &k.private.PublicKey }

// Certificate is the self-signed certificate of the key.
func (k *Key) Certificate() *x509.Certificate { return k.certificate }

// Headers is the JOSE header of a token beside alg: kid, and typ or x5t where the issuer sets them.
type Headers map[jose.HeaderKey]any

// SignJWT signs the claims, marshalled as JSON, in compact serialization (RFC 7515). The algorithm is
// RS256, RS384 or RS512; empty: RS256.
func (k *Key) SignJWT(claims any, algorithm string, headers Headers) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("marshal claims: %w", err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(cmp.Or(algorithm, string(jose.RS256))), Key: k.private},
		&jose.SignerOptions{ExtraHeaders: headers},
	)
	if err != nil {
		return "", fmt.Errorf("make signer: %w", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return jws.CompactSerialize()
}

// Sign signs a JOSE header, whose alg must be RS256, and a payload in compact serialization. Both
// are JSON and are encoded as they stand, so that their members keep the caller's order.
func (k *Key) Sign(header, payload []byte) (string, error) {
	const dots = 2
	encoding := base64.RawURLEncoding
	signed := make([]byte, 0, encoding.EncodedLen(len(header))+encoding.EncodedLen(len(payload))+encoding.EncodedLen(k.private.Size())+dots)
	signed = encoding.AppendEncode(signed, header)
	signed = append(signed, '.')
	signed = encoding.AppendEncode(signed, payload)
	digest := sha256.Sum256(signed)
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return string(encoding.AppendEncode(append(signed, '.'), signature)), nil
}
