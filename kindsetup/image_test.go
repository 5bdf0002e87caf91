package kindsetup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program cannot read the repository's Dockerfile, so it carries a copy.
func TestTheDockerfileIsTheRepositorys(t *testing.T) {
	t.Parallel()
	assert.Equal(t, content(t, "../Dockerfile"), string(dockerfile))
}

func TestTheProgramMustRunInAnEmptyContainer(t *testing.T) {
	t.Parallel()
	const advice = "build one with `CGO_ENABLED=0 GOOS=linux go build ./cmd/kindred` and name it with --program"
	script := filepath.Join(t.TempDir(), "script")
	put(t, script, "#!/bin/sh\n")
	require.ErrorContains(t, static(script), script+" is no Linux program, and kindred runs in a container: "+advice)
	require.ErrorContains(t, static(filepath.Join(t.TempDir(), "none")), advice)
	if _, err := os.Stat("/bin/sh"); err == nil {
		require.ErrorContains(t, static("/bin/sh"), "/bin/sh needs libraries that its container does not have: "+advice)
	}
}

func TestTheImageIsNamedAfterItsContent(t *testing.T) {
	t.Parallel()
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	put(t, a, "one")
	put(t, b, "two")
	first, err := imageOf(a)
	require.NoError(t, err)
	again, err := imageOf(a)
	require.NoError(t, err)
	other, err := imageOf(b)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, other)
	assert.Regexp(t, `^localhost/kindred:[0-9a-f]{12}$`, first)
}
