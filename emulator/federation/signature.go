package federation

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // registers what RS256 and PS256 hash with
	_ "crypto/sha512" // registers what the others hash with
	"fmt"
)

// VerifySignature says whether the key signed the assertion, with RSASSA-PKCS1-v1_5 or RSASSA-PSS
// as its alg says (RFC 7518, sections 3.3 and 3.5). Which alg is allowed is Check's matter.
func (a *Assertion) VerifySignature(key *rsa.PublicKey) error {
	var hash crypto.Hash
	switch a.Algorithm {
	case "RS256", "PS256":
		hash = crypto.SHA256
	case "RS384", "PS384":
		hash = crypto.SHA384
	case "RS512", "PS512":
		hash = crypto.SHA512
	default:
		return fmt.Errorf("signature algorithm %q is not supported", a.Algorithm)
	}
	h := hash.New()
	h.Write([]byte(a.signed))
	digest := h.Sum(nil)
	if a.Algorithm[0] == 'P' {
		return rsa.VerifyPSS(key, hash, digest, a.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
	return rsa.VerifyPKCS1v15(key, hash, digest, a.signature)
}
