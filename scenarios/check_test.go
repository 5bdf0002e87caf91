package scenarios

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
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

func TestRunChecksChooses(t *testing.T) {
	t.Parallel()
	results, err := RunChecks(t.Context(), fixtures.Article(), emulator.Options{Keys: keystest.Options()}, regexp.MustCompile("^another"))
	require.NoError(t, err)
	require.Len(t, results, 1)
	assert.True(t, results[0].Passed)
}
