package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/scenarios"
)

// twoChecks is a fixture of which one check holds and one does not.
func twoChecks(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "team.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`tenants: [{domain: contoso.onmicrosoft.com}]
clusters: [{name: aks-demo-workloadidentity}]
identities: [{name: app, federatedCredentials: [{name: fic, cluster: aks-demo-workloadidentity, subject: "system:serviceaccount:shop:app"}]}]
checks:
  - {name: holds, assertion: {subject: "system:serviceaccount:shop:app"}, as: app, expect: {claims: {ver: "1.0"}}}
  - {name: does not, assertion: {subject: "system:serviceaccount:shop:APP"}, as: app, expect: {claims: {ver: "1.0"}}}
`), 0o600))
	return file
}

func TestCheck(t *testing.T) {
	t.Parallel()
	r := kindred(t.Context(), "check", filepath.Join("..", "..", "fixtures", "article.yaml"))
	assert.Equal(t, statusDone, r.status, r.stderr)
	assert.Contains(t, r.stdout, "✓ the pod of the tutorial\n")
	assert.Contains(t, r.stdout, "\n3 passed, 0 failed\n")

	file := twoChecks(t)
	r = kindred(t.Context(), "check", file)
	assert.Equal(t, statusNot, r.status)
	assert.Contains(t, r.stdout, "✗ does not ("+file+":6:5)\n  expected   a token with the claims {\"ver\":\"1.0\"}\n  got        AADSTS7002138\n")
	assert.Contains(t, r.stdout, "subject-case")
	assert.Contains(t, r.stdout, "\n1 passed, 1 failed\n")

	r = kindred(t.Context(), "check", "--run", "^holds$", file)
	assert.Equal(t, statusDone, r.status, r.stdout)
}

func TestCheckFormats(t *testing.T) {
	t.Parallel()
	file := twoChecks(t)
	r := kindred(t.Context(), "check", "--format", "json", file)
	assert.Equal(t, statusNot, r.status)
	var results []scenarios.CheckResult
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &results))
	require.Len(t, results, 2)
	assert.True(t, results[0].Passed)
	assert.Equal(t, "subject-case", results[1].Explanation.Cause)

	r = kindred(t.Context(), "check", "--format", "junit", file)
	assert.Equal(t, statusNot, r.status)
	var suite junitSuite
	require.NoError(t, xml.Unmarshal([]byte(r.stdout), &suite))
	assert.Equal(t, 2, suite.Tests)
	assert.Equal(t, 1, suite.Failures)
	assert.Nil(t, suite.Cases[0].Failure)
	assert.Contains(t, suite.Cases[1].Failure.Text, file+":6:5: The subject of credential fic")
}

func TestCheckBadInput(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`--format "xml": say one of text, json, junit`: {"--format", "xml", "x.yaml"},
		"--run: error parsing regexp":                  {"--run", "(", "x.yaml"},
		"nowhere.yaml":                                 {"nowhere.yaml"},
		"there is no check to run":                     {"--run", "nothing", filepath.Join("..", "..", "fixtures", "article.yaml")},
	} {
		r := kindred(t.Context(), append([]string{"check"}, args...)...)
		assert.Equal(t, statusUsage, r.status)
		assert.Contains(t, r.stderr, want)
	}
}
