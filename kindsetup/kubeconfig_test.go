package kindsetup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mine = "# my own file\napiVersion: v1\nkind: Config\ncurrent-context: work\n"

// after is what kind writes: its context, without comments.
const after = "apiVersion: v1\nkind: Config\ncurrent-context: kind-test\n"

func put(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func content(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(data)
}

func TestTheKubeconfigIsAsItWas(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config")
	put(t, file, mine)
	require.NoError(t, os.Chmod(file, 0o640)) // the mode must stay as it is
	saved, err := snapshot([]string{file})
	require.NoError(t, err)
	put(t, file, after)
	settle(saved)

	require.NoError(t, restore(untouched(saved)))
	assert.Equal(t, mine, content(t, file), "comments and the context that was current")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.EqualValues(t, 0o640, info.Mode())
}

func TestAKubeconfigThatWasNotThereGoes(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, ".kube", "config")
	saved, err := snapshot([]string{file})
	require.NoError(t, err)
	put(t, file, after)
	settle(saved)
	require.NoError(t, restore(untouched(saved)))
	assert.NoDirExists(t, filepath.Join(home, ".kube"))
}

func TestAFolderWithSomethingElseInItStays(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, ".kube", "config")
	saved, err := snapshot([]string{file})
	require.NoError(t, err)
	put(t, file, after)
	settle(saved)
	put(t, filepath.Join(home, ".kube", "kubectx"), "work")
	require.NoError(t, restore(untouched(saved)))
	assert.NoFileExists(t, file)
	assert.FileExists(t, filepath.Join(home, ".kube", "kubectx"))
}

// What the user did since is worth more than the file as it was: kind takes its own context out.
func TestAKubeconfigThatWasChangedSinceIsLeftToKind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config")
	put(t, file, mine)
	saved, err := snapshot([]string{file})
	require.NoError(t, err)
	put(t, file, after)
	settle(saved)
	put(t, file, after+"# and a new cluster\n")
	assert.Empty(t, untouched(saved))
}

// An interrupted run has noted the file before kind wrote to it, and nothing after.
func TestAnInterruptedRunTouchesNoKubeconfig(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config")
	put(t, file, mine)
	saved, err := snapshot([]string{file})
	require.NoError(t, err)
	assert.Empty(t, untouched(saved))
}

func TestWhereKubeconfigsAre(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	assert.Equal(t, []string{"/home/me/.kube/config"}, kubeconfigs(env(map[string]string{"HOME": "/home/me"})))
	assert.Equal(t, []string{"/a", "/b"}, kubeconfigs(env(map[string]string{"HOME": "/home/me", "KUBECONFIG": "/a::/b"})))
}
