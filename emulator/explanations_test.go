package emulator

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryCauseIsDocumented looks in docs/explanations.md for each cause that the code can give. A
// cause is a string constant in lower-case words that begins like one the documentation has.
func TestEveryCauseIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/explanations.md")
	require.NoError(t, err)
	documented := make(map[string]bool)
	for _, m := range regexp.MustCompile("`([a-z]+(?:-[a-z]+)+)`").FindAllStringSubmatch(string(doc), -1) {
		documented[m[1]] = true
	}
	given := make(map[string]bool)
	cause := regexp.MustCompile(`"([a-z]+(?:-[a-z]+)+)"`)
	for _, pattern := range []string{"federation/*.go", "entra/*.go", "keyvault/*.go", "handshake.go", "faults/faults.go", "control/last.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if regexp.MustCompile(`_test\.go$`).MatchString(file) {
				continue
			}
			code, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range cause.FindAllStringSubmatch(string(code), -1) {
				given[m[1]] = true
			}
		}
	}
	for _, other := range []string{ // strings of the same form that are no causes
		"no-cache", "api-version", "federated-credential",
	} {
		delete(given, other)
	}
	for c := range given {
		assert.True(t, documented[c], "docs/explanations.md does not say what %s means", c)
	}
	for c := range documented {
		assert.True(t, given[c], "nothing gives the cause %s", c)
	}
}
