package federation

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	p := identity(credential())
	for _, alg := range Algorithms() {
		v, _ := newVerifier(newWeb(t), p)
		a, err := Parse(sign(t, testKey(t, 0), with(goodHeader(), members{"alg": alg}), goodClaims()))
		require.NoError(t, err)
		require.NoError(t, v.Verify(t.Context(), p, a), alg)
	}
}

func TestVerifyByThumbprint(t *testing.T) {
	t.Parallel()
	w, p := newWeb(t), identity(credential())
	w.pages[testJWKS] = members{"keys": []any{with(publicJWK(testKey(t, 0), "k"), members{"x5t": "thumb"})}}
	v, _ := newVerifier(w, p)
	a, err := Parse(sign(t, testKey(t, 0), members{"alg": "RS256", "x5t": "thumb"}, goodClaims()))
	require.NoError(t, err)
	require.NoError(t, v.Verify(t.Context(), p, a))
}

func TestVerifyRefusesAnUnknownKey(t *testing.T) {
	t.Parallel()
	w, p := newWeb(t), identity(credential())
	v, clock := newVerifier(w, p)
	a, err := Parse(sign(t, testKey(t, 1), members{"alg": "RS256", "kid": "new"}, goodClaims()))
	require.NoError(t, err)

	e := refusal(t, v.Verify(t.Context(), p, a), apierr.UnknownKey)
	assert.Equal(t, "AADSTS7000272: The certificate with identifier new used to sign the federated credential could not be found in the metadata of identity provider "+testIssuer+". Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.", e.Error())
	assert.Equal(t, "key-not-published", e.Explanation.Cause)
	assert.Equal(t, []string{testJWKS + " shows 1 usable keys (key-0), fetched 2026-03-04T05:06:07Z."}, e.Explanation.Evidence)

	w.pages[testJWKS] = fail(http.ErrServerClosed)
	clock.move(refetchPause)
	e = refusal(t, v.Verify(t.Context(), p, a), apierr.UnknownKey)
	assert.Equal(t, "Fetching them anew failed: "+testJWKS+": http: Server closed", e.Explanation.Evidence[1])
	require.NoError(t, v.Verify(t.Context(), p, assertion(t, nil)), "the known key still holds")

	w.pages[testJWKS] = members{"keys": []any{publicJWK(testKey(t, 1), "new")}}
	clock.move(refetchPause)
	require.NoError(t, v.Verify(t.Context(), p, a), "published by now")
}

func TestVerifyChecksTheSignatureBeforeTheTime(t *testing.T) {
	t.Parallel()
	p := identity(credential())
	v, _ := newVerifier(newWeb(t), p)
	a, err := Parse(sign(t, testKey(t, 1), goodHeader(), with(goodClaims(), members{"exp": 1})))
	require.NoError(t, err)
	e := refusal(t, v.Verify(t.Context(), p, a), apierr.BadSignature)
	assert.Equal(t, "bad-signature", e.Explanation.Cause)
	assert.Equal(t, []string{"The key comes from " + testJWKS + ", fetched 2026-03-04T05:06:07Z; the assertion's alg is RS256."}, e.Explanation.Evidence)

	_ = refusal(t, v.Verify(t.Context(), p, assertion(t, members{"exp": 1})), apierr.OutsideValidity)
}

// A key that the token brings itself, or one taken for what it is not, verifies nothing.
func TestVerifyRefusesForgeries(t *testing.T) {
	t.Parallel()
	forger := testKey(t, 1)
	for name, header := range map[string]members{
		"jwk": {"jwk": publicJWK(forger, testKeyID)},
		"jku": {"jku": "https://evil.example/keys"},
		"x5u": {"x5u": "https://evil.example/certificate"},
		"x5c": {"x5c": []string{"AAAA"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := newWeb(t), identity(credential())
			w.pages["https://evil.example/keys"] = members{"keys": []any{publicJWK(forger, testKeyID)}}
			v, _ := newVerifier(w, p)
			a, err := Parse(sign(t, forger, with(goodHeader(), header), goodClaims()))
			require.NoError(t, err)
			_ = refusal(t, v.Verify(t.Context(), p, a), apierr.BadSignature)
			assert.Equal(t, int64(2), w.count.Load(), "only the issuer's own documents")
		})
	}
	t.Run("HS256 with the public key", func(t *testing.T) {
		t.Parallel()
		der, err := x509.MarshalPKIXPublicKey(&testKey(t, 0).PublicKey)
		require.NoError(t, err)
		signed := encode(t, members{"alg": "HS256", "kid": testKeyID}) + "." + encode(t, goodClaims())
		mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		mac.Write([]byte(signed))
		a, err := Parse(signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
		require.NoError(t, err)
		p := identity(credential())
		v, _ := newVerifier(newWeb(t), p)
		_ = refusal(t, v.Verify(t.Context(), p, a), apierr.BadAlgorithm)
	})
}

func TestForget(t *testing.T) {
	t.Parallel()
	w, p := newWeb(t), identity(credential())
	v, _ := newVerifier(w, p)
	for range 2 {
		require.NoError(t, v.Verify(t.Context(), p, assertion(t, nil)))
		require.Equal(t, int64(2), w.count.Load())
	}
	v.Forget()
	require.NoError(t, v.Verify(t.Context(), p, assertion(t, nil)))
	assert.Equal(t, int64(4), w.count.Load())
}

func TestForgetWhileAFetchIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, p, release := newWeb(t), identity(credential()), make(chan struct{})
		old := w.pages[testJWKS]
		w.pages[testJWKS] = func(q *http.Request) (*http.Response, error) {
			<-release
			w.pages[testJWKS] = old
			return w.RoundTrip(q)
		}
		v, _ := newVerifier(w, p)
		done := make(chan error)
		go func() { done <- v.Verify(t.Context(), p, assertion(t, nil)) }()
		synctest.Wait()
		v.Forget()
		close(release)
		require.NoError(t, <-done)
		_, cached := v.cache.Load().entries.Get(testIssuer)
		assert.False(t, cached)
	})
}

func BenchmarkVerify(b *testing.B) {
	p := identity(credential())
	v, _ := newVerifier(newWeb(b), p)
	raw := sign(b, testKey(b, 0), goodHeader(), goodClaims())
	b.ReportAllocs()
	for b.Loop() {
		a, err := Parse(raw)
		if err == nil {
			err = v.Verify(b.Context(), p, a)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignature is the part of BenchmarkVerify that RSA itself takes.
func BenchmarkSignature(b *testing.B) {
	a, err := Parse(sign(b, testKey(b, 0), goodHeader(), goodClaims()))
	require.NoError(b, err)
	key := &testKey(b, 0).PublicKey
	for b.Loop() {
		if err := a.VerifySignature(key); err != nil {
			b.Fatal(err)
		}
	}
}
