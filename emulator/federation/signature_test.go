package federation

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	signer, other := testKey(t, 0), testKey(t, 1)
	for _, alg := range CertificateAlgorithms() {
		raw := sign(t, signer, members{"alg": alg}, goodClaims())
		a, err := Parse(raw)
		require.NoError(t, err)
		assert.NoError(t, a.VerifySignature(&signer.PublicKey), alg)
		assert.Error(t, a.VerifySignature(&other.PublicKey), alg)

		a.signed += "A"
		assert.Error(t, a.VerifySignature(&signer.PublicKey), "%s: changed afterwards", alg)
	}
}

func TestVerifySignatureTakesOneAlgorithmForItsName(t *testing.T) {
	t.Parallel()
	signer := testKey(t, 0)
	a, err := Parse(sign(t, signer, members{"alg": "RS256"}, goodClaims()))
	require.NoError(t, err)
	for _, alg := range []string{"", "none", "HS256", "ES256", "RS384", "PS256", "RS", "256"} {
		a.Algorithm = alg
		assert.Error(t, a.VerifySignature(&signer.PublicKey), alg)
	}
}
