package federation

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryCauseIsDocumented(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/explanations.md")
	require.NoError(t, err)
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	cause := regexp.MustCompile(`(?:Cause: +|Cause = |because\(|cause :?= )"([a-z-]+)"`)
	causes := map[string]bool{}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range cause.FindAllStringSubmatch(string(source), -1) {
			causes[m[1]] = true
		}
	}
	assert.Len(t, causes, 24)
	for c := range causes {
		assert.Contains(t, string(document), "|`"+c+"`|")
	}
}
