package scenarios

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/fixtures"
)

const checkFixture = `
tenants: [{domain: contoso.onmicrosoft.com}]
clusters: [{name: aks, serviceAccounts: [{namespace: shop, name: app}]}]
identities:
  - name: app
    clientId: 10000000-0000-4000-8000-000000000001
    federatedCredentials: [{name: fic, cluster: aks, subject: "system:serviceaccount:shop:app"}]
vaults:
  - name: kv-checks
    accessPolicies: [{identity: app, permissions: {secrets: [get]}}]
    secrets: [{name: s, value: x}, {name: off, value: x, enabled: false}]
  - {name: kv-closed, secrets: [{name: s, value: x}]}
checks:
  - {name: reads, assertion: {serviceAccount: shop/app}, as: app, expect: {secret: kv-checks/s, value: x}}
  - {name: claims, assertion: {serviceAccount: shop/app}, as: app, expect: {claims: {appid: 10000000-0000-4000-8000-000000000001, ver: "1.0"}}}
  - {name: subject, assertion: {subject: "system:serviceaccount:shop:App"}, as: app, expect: {error: AADSTS7002138}}
  - {name: audience, assertion: {serviceAccount: shop/app, audience: "api://x"}, as: app, expect: {error: AADSTS700212}}
  - {name: issuer, assertion: {serviceAccount: shop/app, issuer: "https://other.example/"}, as: app, expect: {error: AADSTS700211}}
  - {name: expired, assertion: {serviceAccount: shop/app, expiresIn: -5m}, as: app, expect: {error: AADSTS700024}}
  - {name: no aud, assertion: {serviceAccount: shop/app, claims: {aud: null}}, as: app, expect: {error: AADSTS90014}}
  - {name: denied, assertion: {serviceAccount: shop/app}, as: app, expect: {secret: kv-closed/s, error: AccessDenied}}
  - {name: disabled, assertion: {serviceAccount: shop/app}, as: app, expect: {secret: kv-checks/off, error: SecretDisabled}}
  - {name: absent, assertion: {serviceAccount: shop/app}, as: app, expect: {secret: kv-checks/nothing, error: SecretNotFound}}
  - {name: wrong value, assertion: {serviceAccount: shop/app}, as: app, expect: {secret: kv-checks/s, value: y}}
  - {name: wrong claim, assertion: {serviceAccount: shop/app}, as: app, expect: {claims: {ver: "2.0"}}}
  - {name: wrong code, assertion: {subject: "system:serviceaccount:shop:other"}, as: app, expect: {error: AADSTS700211}}
  - {name: refused, assertion: {subject: "system:serviceaccount:shop:other"}, as: app, expect: {secret: kv-checks/s, value: x}}
`

func TestRunChecks(t *testing.T) {
	t.Parallel()
	f, err := fixtures.Parse(fixtures.File{Name: "checks.yaml", Data: []byte(checkFixture)})
	require.NoError(t, err)
	results, err := RunChecks(t.Context(), f, emulator.Options{Keys: keystest.Options()}, regexp.MustCompile(""))
	require.NoError(t, err)
	require.Len(t, results, len(f.Checks))

	fails := map[string]string{"wrong value": "another value", "wrong claim": "a token", "wrong code": "AADSTS700213", "refused": "AADSTS700213"}
	for i, r := range results {
		assert.Equal(t, f.Checks[i].Name, r.Name, "the fixture's order")
		got, mustFail := fails[r.Name]
		assert.Equal(t, !mustFail, r.Passed, "%s: expected %s, got %s", r.Name, r.Expected, r.Got)
		if mustFail {
			assert.Equal(t, got, r.Got, r.Name)
		}
	}
	refused := results[len(results)-1]
	require.NotNil(t, refused.Explanation)
	assert.Equal(t, "subject-serviceaccount", refused.Explanation.Cause)
	assert.Equal(t, "checks.yaml:27:5", refused.Source)
}

// The table that kindred ships has a row for each answer that Entra gives to an assertion.
func TestTheShippedTableHolds(t *testing.T) {
	t.Parallel()
	f, err := fixtures.Load("../fixtures/federation.yaml")
	require.NoError(t, err)
	results, err := RunChecks(t.Context(), f, emulator.Options{Keys: keystest.Options()}, regexp.MustCompile(""))
	require.NoError(t, err)
	seen := make(map[string]bool)
	for _, r := range results {
		assert.True(t, r.Passed, "%s: expected %s, got %s", r.Name, r.Expected, r.Got)
		seen[r.Expected] = true
	}
	for _, code := range []string{
		"50027", "5002727", "5002738", "5002723", "90014", "70025", "700211", "700212", "700213", "7002138", "7002131",
		"501661", "7000272", "7000274", "700024", "700222", "700223", "7000112", "7000229",
	} {
		assert.True(t, seen["AADSTS"+code], "no check expects AADSTS%s", code)
	}
}

// A token that a real cluster signed is presented when it was issued, however long ago that is.
func TestATokenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := keys.Open(keystest.Options(), "one", "other")
	require.NoError(t, err)
	ring, err := store.Ring("one")
	require.NoError(t, err)
	other, err := store.Ring("other")
	require.NoError(t, err)
	key, foreign := ring.Current(), other.Current()
	put := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	sign := func(name, sub string, by *keys.Key, kid string) {
		token, err := by.SignJWT(map[string]any{
			"iss": "https://issuer.example/", "sub": sub, "aud": []string{"api://AzureADTokenExchange"},
			"iat": 1600000000, "nbf": 1600000000, "exp": 1600003600,
		}, "", keys.Headers{"kid": kid})
		require.NoError(t, err)
		put(name, []byte(token+"\n"))
	}
	sign("good.jwt", "system:serviceaccount:shop:app", key, key.ID())
	sign("subject.jwt", "system:serviceaccount:shop:other", key, key.ID())
	sign("forged.jwt", "system:serviceaccount:shop:app", foreign, key.ID())
	sign("unknown.jwt", "system:serviceaccount:shop:app", foreign, "of-nobody")
	put("broken.jwt", []byte("no.token"))
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: key.ID(), Algorithm: "RS256", Use: "sig"}}})
	require.NoError(t, err)
	put("jwks.json", jwks)

	var text strings.Builder
	text.WriteString(`
tenants: [{domain: contoso.onmicrosoft.com}]
clusters: [{name: aks, issuer: "https://issuer.example/"}]
identities: [{name: app, federatedCredentials: [{name: fic, cluster: aks, subject: "system:serviceaccount:shop:app"}]}]
checks:
`)
	for _, c := range [][3]string{
		{"good.jwt}", "", "claims: {ver: '1.0'}"},
		{"good.jwt, jwks: jwks.json}", "", "claims: {ver: '1.0'}"},
		{"good.jwt, jwks: jwks.json}", ", at: 30m", "claims: {ver: '1.0'}"},
		{"good.jwt, jwks: jwks.json}", ", at: 2h", "error: AADSTS700024"},
		{"subject.jwt, jwks: jwks.json}", "", "error: AADSTS700213"},
		{"forged.jwt, jwks: jwks.json}", "", "error: AADSTS7000274"},
		{"forged.jwt}", "", "claims: {ver: '1.0'}"}, // its keys are not known
		{"unknown.jwt, jwks: jwks.json}", "", "error: AADSTS7000272"},
		{"broken.jwt, jwks: jwks.json}", "", "error: AADSTS50027"},
	} {
		fmt.Fprintf(&text, "  - {name: '%s%s', as: app, assertion: {token: {file: %s%s}, expect: {%s}}\n", c[0], c[1], c[0], c[1], c[2])
	}
	put("f.yaml", []byte(text.String()))
	f, err := fixtures.Load(filepath.Join(dir, "f.yaml"))
	require.NoError(t, err)
	results, err := RunChecks(t.Context(), f, emulator.Options{Keys: keystest.Options()}, regexp.MustCompile(""))
	require.NoError(t, err)
	for _, r := range results {
		assert.True(t, r.Passed, "%s: expected %s, got %s", r.Name, r.Expected, r.Got)
	}
}

func TestRunChecksChooses(t *testing.T) {
	t.Parallel()
	results, err := RunChecks(t.Context(), fixtures.Article(), emulator.Options{Keys: keystest.Options()}, regexp.MustCompile("^another"))
	require.NoError(t, err)
	require.Len(t, results, 1)
	assert.True(t, results[0].Passed)
}
