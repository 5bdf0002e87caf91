package federation

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

func TestParse(t *testing.T) {
	t.Parallel()
	raw := sign(t, testKey(t, 0), with(goodHeader(), members{"x5t": "thumb", "x5t#S256": "thumb256"}), goodClaims())
	a, err := Parse(" " + raw + "\r\n")
	require.NoError(t, err)
	assert.Equal(t, "RS256", a.Algorithm)
	assert.Equal(t, testKeyID, a.KeyID)
	assert.Equal(t, "thumb", a.X5T)
	assert.Equal(t, "thumb256", a.X5TS256)
	assert.Equal(t, testIssuer, a.Issuer)
	assert.Equal(t, testSubject, a.Subject)
	assert.Equal(t, []string{audience}, a.Audience)
	second := frozen.Truncate(time.Second)
	assert.Equal(t, second, a.IssuedAt)
	assert.Equal(t, second, a.NotBefore)
	assert.Equal(t, second.Add(time.Hour), a.Expires)
	assert.Equal(t, testSubject, a.Claims["sub"])
}

func TestParseRefusesWhatIsNoJWT(t *testing.T) {
	t.Parallel()
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	header, claims := b64(`{"alg":"RS256","kid":"k"}`), b64(`{"iss":"i"}`)
	for name, c := range map[string]struct{ raw, evidence string }{
		"empty":             {"", "it has 1 parts between dots where a signed JWT has 3"},
		"two parts":         {header + "." + claims, "it has 2 parts between dots where a signed JWT has 3"},
		"encrypted":         {"a.b.c.d.e", "it has 5 parts between dots where a signed JWT has 3"},
		"too long":          {strings.Repeat("a", MaxSize+1), "it is longer than 65536 bytes"},
		"header not base64": {"!." + claims + ".c2ln", "the header is not base64url: illegal base64 data at input byte 0"},
		"padded":            {header + "." + claims + ".c2k=", "the signature is not base64url: illegal base64 data at input byte 3"},
		"loose bits":        {header + "." + claims + ".c2l", "the signature is not base64url: illegal base64 data at input byte 2"},
		"newline within":    {header + "." + claims + ".c2\nln", "the signature is not base64url: illegal base64 data at input byte 2"},
		"header not JSON":   {b64("{") + "." + claims + ".c2ln", "the header is not a JSON object"},
		"header an array":   {b64("[]") + "." + claims + ".c2ln", "the header is not a JSON object"},
		"payload null":      {header + "." + b64("null") + ".c2ln", "the payload is not a JSON object"},
		"two documents":     {header + "." + b64("{}{}") + ".c2ln", "the payload is not a JSON object"},
		"payload not UTF-8": {header + "." + b64("{\"iss\":\"\xff\"}") + ".c2ln", "the payload is not UTF-8"},
		"too deep":          {header + "." + b64(strings.Repeat("[", 20000)) + ".c2ln", "the payload is not a JSON object"},
		"kid a number":      {b64(`{"alg":"RS256","kid":7}`) + "." + claims + ".c2ln", "kid is not a string"},
		"alg an object":     {b64(`{"alg":{}}`) + "." + claims + ".c2ln", "alg is not a string"},
		"typ a list":        {b64(`{"typ":["JWT"]}`) + "." + claims + ".c2ln", "typ is not a string"},
		"critical header":   {b64(`{"crit":["b64"],"b64":false}`) + "." + claims + ".c2ln", "the header's crit names extensions, and none is understood"},
		"iss a number":      {header + "." + b64(`{"iss":1}`) + ".c2ln", "iss is not a string"},
		"aud a number":      {header + "." + b64(`{"aud":1}`) + ".c2ln", "aud is neither a string nor an array"},
		"aud of numbers":    {header + "." + b64(`{"aud":["a",1]}`) + ".c2ln", "aud holds something that is not a string"},
		"exp a string":      {header + "." + b64(`{"exp":"1"}`) + ".c2ln", "exp is not a number"},
		"exp beyond floats": {header + "." + b64(`{"exp":1e999}`) + ".c2ln", "the payload is not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(c.raw)
			e := refusal(t, err, apierr.MalformedAssertion)
			assert.Equal(t, "AADSTS50027: JWT token is invalid or malformed.", e.Error())
			assert.Equal(t, "malformed-assertion", e.Explanation.Cause)
			assert.Equal(t, []string{c.evidence}, e.Explanation.Evidence)
		})
	}
}

func TestParseChecksTheType(t *testing.T) {
	t.Parallel()
	for _, typ := range []any{nil, "", "JWT", "http://openid.net/specs/jwt/1.0"} {
		_, err := Parse(sign(t, testKey(t, 0), with(goodHeader(), members{"typ": typ}), goodClaims()))
		assert.NoError(t, err, typ)
	}
	for _, typ := range []string{"jwt", "at+jwt", "JWT "} {
		_, err := Parse(sign(t, testKey(t, 0), with(goodHeader(), members{"typ": typ}), goodClaims()))
		e := refusal(t, err, apierr.BadType)
		assert.Equal(t, "AADSTS5002727: Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'", e.Error())
		assert.Equal(t, "assertion-type", e.Explanation.Cause)
	}
}

func TestParseReadsTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`null`:                                   {},
		`0`:                                      time.Unix(0, 0).UTC(),
		`-5`:                                     time.Unix(0, 0).UTC(),
		`1772600767.9`:                           time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		`1.5e9`:                                  time.Unix(1500000000, 0).UTC(),
		`1e300`:                                  time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`-1e300`:                                 time.Unix(0, 0).UTC(),
		`92233720368547758079223372036854775807`: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		a, err := Parse("e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":`+text+`}`)) + ".")
		require.NoError(t, err, text)
		assert.Equal(t, want, a.Expires, text)
	}
}

func TestParseTakesTheLastOfRepeatedMembers(t *testing.T) {
	t.Parallel()
	b64 := base64.RawURLEncoding.EncodeToString
	a, err := Parse(b64([]byte(`{"alg":"none","alg":"RS256","ALG":"HS256"}`)) + "." + b64([]byte(`{"sub":"a","sub":"b","SUB":"c","aud":"x"}`)) + ".")
	require.NoError(t, err)
	assert.Equal(t, "RS256", a.Algorithm)
	assert.Equal(t, "b", a.Subject)
	assert.Equal(t, "b", a.Claims["sub"], "expressions see what the match sees")
	assert.Equal(t, []string{"x"}, a.Audience)
}

func TestCheckInOrder(t *testing.T) {
	t.Parallel()
	const required = "' is missing from the credential. Ensure that you have all the necessary parameters for the login request."
	for _, c := range []struct {
		name           string
		header, claims members
		row            *apierr.Row
		text, cause    string
	}{
		{
			"alg before kid",
			members{"alg": "HS256", "kid": nil},
			members{"iss": nil},
			apierr.BadAlgorithm,
			"AADSTS5002738: Invalid JWT token. 'HS256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'",
			"assertion-algorithm",
		},
		{"alg none", members{"alg": "none"}, nil, apierr.BadAlgorithm, "", "assertion-algorithm"},
		{"no alg", members{"alg": nil}, nil, apierr.BadAlgorithm, "", "assertion-algorithm"},
		{"alg PS256", members{"alg": "PS256"}, nil, apierr.BadAlgorithm, "", "assertion-algorithm"},
		{"alg rs256", members{"alg": "rs256"}, nil, apierr.BadAlgorithm, "", "assertion-algorithm"},
		{
			"kid before iss",
			members{"kid": nil},
			members{"iss": nil},
			apierr.NoKeyID,
			"AADSTS5002723: Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.",
			"assertion-key-unnamed",
		},
		{"iss before aud", nil, members{"iss": nil, "aud": nil, "sub": nil}, apierr.MissingClaim, "AADSTS90014: The required field 'iss" + required, "assertion-claim-missing"},
		{"aud before sub", nil, members{"aud": nil, "sub": nil}, apierr.MissingClaim, "AADSTS90014: The required field 'aud" + required, "assertion-claim-missing"},
		{"empty aud", nil, members{"aud": []string{}}, apierr.MissingClaim, "AADSTS90014: The required field 'aud" + required, "assertion-claim-missing"},
		{"sub", nil, members{"sub": ""}, apierr.MissingClaim, "AADSTS90014: The required field 'sub" + required, "assertion-claim-missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := Parse(sign(t, testKey(t, 0), with(goodHeader(), c.header), with(goodClaims(), c.claims)))
			require.NoError(t, err)
			v, _ := newVerifier(newWeb(t))
			e := refusal(t, v.Verify(t.Context(), identity(), a), c.row)
			assert.Equal(t, c.cause, e.Explanation.Cause)
			if c.text != "" {
				assert.Equal(t, c.text, e.Error())
			}
		})
	}
}

func TestCheckTakesWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, alg := range CertificateAlgorithms() {
		a, err := Parse(sign(t, testKey(t, 0), members{"alg": alg, "x5t": "thumb"}, goodClaims()))
		require.NoError(t, err)
		assert.NoError(t, a.Check(CertificateAlgorithms()), alg)
		assert.Equal(t, alg[0] == 'R', a.Check(Algorithms()) == nil, alg)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sign(f, testKey(f, 0), goodHeader(), goodClaims()))
	f.Add("e30.eyJleHAiOjFlMzAwfQ.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := Parse(raw)
		if err != nil {
			var e *apierr.Error
			require.ErrorAs(t, err, &e)
			require.NotNil(t, e.Explanation)
			return
		}
		_ = a.Check(Algorithms())
		require.Error(t, a.VerifySignature(&testKey(t, 1).PublicKey), "signed by no test key but the first")
		require.False(t, a.Expires.After(time.Unix(lastSecond, 0)))
	})
}
