package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/fixtures/lint"
)

func lintCorpus(args ...string) []string {
	return append([]string{"lint", "--fixture", "../../fixtures/lint/testdata/fixture.yaml"}, args...)
}

func TestLint(t *testing.T) {
	t.Parallel()
	r := kindred(t.Context(), "lint", "../../scenarios/manifests/tutorial.yaml")
	assert.Equal(t, statusDone, r.status, r.stderr)
	assert.Equal(t, "✓ Pod default/quick-start federates as myIdentity\n\n1 of 1 workloads will federate; 0 others show no sign of workload identity\n", r.stdout)

	const mistake = "../../fixtures/lint/testdata/mistakes/client-id-is-object-id.yaml"
	r = kindred(t.Context(), lintCorpus("--cluster", "aks", mistake)...)
	assert.Equal(t, statusNot, r.status)
	assert.Contains(t, r.stdout, "✗ Deployment shop/worker will not federate\n  "+mistake+":7:40: error: ")
	assert.Contains(t, r.stdout, "(client-id-is-object-id)\n    fix  azure.workload.identity/client-id: 33333333-0000-4000-8000-000000000001\n")
}

func TestLintForPrograms(t *testing.T) {
	t.Parallel()
	r := kindred(t.Context(), lintCorpus("--format", "json", "../../fixtures/lint/testdata/correct")...)
	assert.Equal(t, statusDone, r.status, r.stderr)
	var report lint.Report
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report))
	assert.Greater(t, len(report.Workloads), 40)

	r = kindred(t.Context(), lintCorpus("--format", "sarif", "../../fixtures/lint/testdata/mistakes/vault-http.yaml")...)
	assert.Equal(t, statusNot, r.status)
	var log sarif
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &log))
	assert.Len(t, log.Runs[0].Tool.Driver.Rules, len(lint.Rules()))
	first := log.Runs[0].Results[0]
	assert.Equal(t, "vault-url", first.Rule)
	assert.Equal(t, "../../fixtures/lint/testdata/mistakes/vault-http.yaml", first.Locations[0].Physical.Artifact.URI)
	assert.Equal(t, 30, first.Locations[0].Physical.Region.Line)
}

// What cannot be read is an error, and the rest is reported.
func TestLintOfAFolderWithABrokenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "a:\n\tb: 1\n")
	good, err := os.ReadFile("../../scenarios/manifests/tutorial.yaml")
	require.NoError(t, err)
	write(t, filepath.Join(dir, "b.yaml"), string(good))
	r := kindred(t.Context(), "lint", dir)
	assert.Equal(t, statusUsage, r.status)
	assert.Contains(t, r.stdout, "✓ Pod default/quick-start")
	assert.Contains(t, r.stderr, "kindred: not everything could be read:\n"+filepath.Join(dir, "a.yaml")+":2:1: a tab")
	assert.Contains(t, kindred(t.Context(), "lint", "--cluster", "x", dir).stderr, "--cluster x: the fixture declares no such cluster")
	assert.Contains(t, kindred(t.Context(), "lint", "nowhere").stderr, "nowhere")
}

func TestEveryRuleIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/lint.md")
	require.NoError(t, err)
	for _, r := range lint.Rules() {
		assert.Contains(t, string(page), "|`"+r.Name+"`|"+string(r.Severity)+"|"+r.Summary+"|")
	}
}
