package emulator

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The causes that the surfaces give are those that the documentation lists, each once.
func TestEveryCauseIsDocumented(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/explanations.md")
	require.NoError(t, err)
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\|`([a-z0-9-]+)`\\|").FindAllStringSubmatch(string(document), -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(documented)

	cause := regexp.MustCompile(`(?:Cause: +|Cause = |Cause, x\.Summary = |cause :?= |because\(|explain\w+\((?:p, )?)"([a-z0-9]+(?:-[a-z0-9]+)+)"`)
	given := map[string]bool{}
	for _, surface := range []string{"entra", "federation", "keyvault"} {
		files, err := filepath.Glob(filepath.Join(surface, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range cause.FindAllStringSubmatch(string(source), -1) {
				given[m[1]] = true
			}
		}
	}
	assert.Equal(t, slices.Sorted(maps.Keys(given)), documented)
}
