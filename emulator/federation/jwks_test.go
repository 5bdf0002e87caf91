package federation

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseKeySetSkipsWhatIsNoSoundKey(t *testing.T) {
	t.Parallel()
	good := publicJWK(testKey(t, 0), "good")
	octets := func(b ...byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	ones := func(bits int) string {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits))
		return octets(n.Sub(n, big.NewInt(1)).Bytes()...)
	}
	n := testKey(t, 0).N
	even := octets(new(big.Int).Lsh(n, 1).Bytes()...)
	for name, key := range map[string]any{
		"a number":             7,
		"null":                 nil,
		"another kind":         with(good, members{"kty": "EC"}),
		"a symmetric key":      members{"kty": "oct", "kid": "bad", "k": "c2VjcmV0"},
		"for encryption":       with(good, members{"use": "enc"}),
		"kid a number":         with(good, members{"kid": 7}),
		"without a name":       with(good, members{"kid": nil}),
		"no modulus":           with(good, members{"n": nil}),
		"modulus zero":         with(good, members{"n": octets(0)}),
		"modulus of 1024 bits": with(good, members{"n": ones(1024)}),
		"modulus of 8193 bits": with(good, members{"n": ones(8193)}),
		"modulus of 4 M bits":  with(good, members{"n": ones(4 << 20)}),
		"an even modulus":      with(good, members{"n": even}),
		"modulus not base64":   with(good, members{"n": "!"}),
		"no exponent":          with(good, members{"e": nil}),
		"exponent 0":           with(good, members{"e": octets(0)}),
		"exponent 1":           with(good, members{"e": octets(1)}),
		"exponent 2":           with(good, members{"e": octets(2)}),
		"exponent even":        with(good, members{"e": octets(1, 0, 0)}),
		"exponent 2^31 + 1":    with(good, members{"e": octets(0x80, 0, 0, 1)}),
		"exponent 2^64 + 1":    with(good, members{"e": octets(1, 0, 0, 0, 0, 0, 0, 0, 1)}),
		"a huge exponent":      with(good, members{"e": ones(16 << 10)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if m, ok := key.(members); ok && m["kid"] == "good" {
				key = with(m, members{"kid": "bad"})
			}
			body, err := json.Marshal(members{"keys": []any{key, good}})
			require.NoError(t, err)
			set, err := parseKeySet(body)
			require.NoError(t, err)
			assert.Equal(t, []string{"good"}, set.ids)
			assert.Len(t, set.keys, 1)
		})
	}
}

func TestParseKeySetTakes(t *testing.T) {
	t.Parallel()
	good := publicJWK(testKey(t, 0), "k")
	for name, key := range map[string]members{
		"as AKS has it":       good,
		"without use and alg": with(good, members{"use": nil, "alg": nil}),
		"padded":              with(good, members{"e": "AQAB=="}),
		"a leading zero":      with(good, members{"e": "AAEAAQ"}),
		"the members of a lie": with(good, members{
			"d": "c2VjcmV0", "x5u": "https://evil.example", "x5c": []string{"AAAA"},
		}),
	} {
		body, err := json.Marshal(members{"keys": []any{key}})
		require.NoError(t, err)
		set, err := parseKeySet(body)
		require.NoError(t, err)
		require.Contains(t, set.keys, "k", name)
		assert.True(t, set.keys["k"].Equal(&testKey(t, 0).PublicKey), name)
	}
}

func TestParseKeySetNamesKeys(t *testing.T) {
	t.Parallel()
	first, second := testKey(t, 0), testKey(t, 1)
	body, err := json.Marshal(members{"keys": []any{
		with(publicJWK(first, "k"), members{"x5t": "thumb"}),
		publicJWK(second, "k"),
		with(publicJWK(second, ""), members{"x5t#S256": "thumb256"}),
	}})
	require.NoError(t, err)
	set, err := parseKeySet(body)
	require.NoError(t, err)
	assert.Equal(t, []string{"k", "thumb256"}, set.ids)
	assert.True(t, set.keys["k"].Equal(&first.PublicKey), "the first of a name counts")
	assert.True(t, set.keys["thumb"].Equal(&first.PublicKey))
	assert.True(t, set.keys["thumb256"].Equal(&second.PublicKey))
}

func TestParseKeySetKeepsTheFirstHundred(t *testing.T) {
	t.Parallel()
	key := publicJWK(testKey(t, 0), "")
	var body bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&body, `,{"kty":"RSA","kid":"%d","n":"%s","e":"AQAB"}`, i, key["n"])
	}
	set, err := parseKeySet([]byte(`{"keys":[` + body.String()[1:] + `]}`))
	require.NoError(t, err)
	assert.Len(t, set.ids, 100)
	assert.Contains(t, set.keys, "99")
	assert.NotContains(t, set.keys, "100")
}

func TestParseKeySetRefusesWhatIsNoJWKS(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "[]", "{}", `{"keys":null}`, `{"keys":{}}`, `{"keys":[]} x`, strings.Repeat(`{"keys":[`, 20000)} {
		_, err := parseKeySet([]byte(body))
		assert.Error(t, err, body)
	}
	set, err := parseKeySet([]byte(`{"keys":[]}`))
	require.NoError(t, err)
	assert.Empty(t, set.ids)
}

func FuzzParseKeySet(f *testing.F) {
	good, err := json.Marshal(members{"keys": []any{publicJWK(testKey(f, 0), testKeyID)}})
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"k","n":"AQ","e":"AQABAQABAQAB"}]}`))
	raw := sign(f, testKey(f, 1), goodHeader(), goodClaims())
	f.Fuzz(func(t *testing.T, body []byte) {
		set, err := parseKeySet(body)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(set.ids), maxKeys)
		a, err := Parse(raw)
		require.NoError(t, err)
		for _, key := range set.keys {
			require.LessOrEqual(t, key.N.BitLen(), maxModulus)
			_ = a.VerifySignature(key) // neither panics nor spins
		}
	})
}
