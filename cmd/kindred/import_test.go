package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const importData = "../../fixtures/imports/testdata/"

func TestImport(t *testing.T) {
	t.Parallel()
	r := kindred(t.Context(), "import", importData+"identity.json", importData+"credentials.json", importData+"vault.json", importData+"app.json", importData+"app-credentials.json")
	require.Equal(t, statusDone, r.status, r.stderr)
	want, err := os.ReadFile(importData + "azure.yaml")
	require.NoError(t, err)
	assert.Equal(t, string(want), r.stdout)
	assert.Equal(t, "kindred: left out: an access policy of vault kv-shop is for 44444444-0000-4000-8000-0000000000aa, of whom nothing was read\n", r.stderr)
}

func TestImportNamesTheFile(t *testing.T) {
	t.Parallel()
	file := write(t, filepath.Join(t.TempDir(), "x.json"), "{\n")
	for args, want := range map[string]string{file: file + ": line 2: no JSON", "nowhere.json": "nowhere.json", importData + "app-credentials.json": "--application CLIENT-ID"} {
		r := kindred(t.Context(), "import", args)
		assert.Equal(t, statusUsage, r.status)
		assert.Contains(t, r.stderr, want)
		assert.Empty(t, r.stdout)
	}
}
