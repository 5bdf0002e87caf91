package kindsetup

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// strays is an engine with a cluster and an emulator's container, of which the node has its keys from a
// folder and the container a label, or not.
func strays(t *testing.T, folder, label string) (asked string) {
	t.Helper()
	key := ""
	if folder != "" {
		key = filepath.Join(folder, saDir, "sa.key")
	}
	return fakeEngine(t, append([]reply{
		{when: "ps *Names*", stdout: "test-control-plane"},
		{when: "ps *", stdout: "test"},
		{when: "inspect *role*", stdout: "control-plane"},
		{when: "container inspect *Mounts*", stdout: key},
		{when: "container inspect *Labels* test-emulator", stdout: "localhost/kindred:1 " + label},
		{when: "container inspect test-emulator", stdout: "[]"},
		{when: "rm *"},
		{when: "rmi *"},
		{when: "image prune *"},
	}, ready...)...)
}

// Whose folder is lost must not be told that somebody else made the cluster, and can take it down.
func TestAClusterWhoseFolderIsGone(t *testing.T) {
	c, _ := config(t)
	asked := strays(t, "/gone/clusters/test", "test")
	require.ErrorContains(t, Up(t.Context(), c),
		"there is a cluster test of kindred's whose record is gone: take another --name, or remove it (kindred cluster down --name test)")
	assert.NotContains(t, content(t, asked), "rm --force", "up removes nothing that it did not make")

	removed, err := Down(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, []string{"container test-emulator", "cluster test", "kubeconfig context kind-test", "image localhost/kindred:1"}, removed)
	assert.Contains(t, content(t, asked), "rm --force --volumes test-emulator\n")
	assert.Contains(t, content(t, asked), "test-control-plane\n")
	assert.NoDirExists(t, filepath.Dir(c.Dir))
}

func TestAClusterOfAnotherFolder(t *testing.T) {
	c, _ := config(t)
	other := filepath.Join(t.TempDir(), "clusters", "test")
	require.NoError(t, (&Record{Name: "test", Created: true}).save(other))
	asked := strays(t, other, "test")
	another := "there is a cluster test of another kindred, whose folder is " + other + ": take another --name, or take it down with that one's --state"
	require.ErrorContains(t, Up(t.Context(), c), another)
	_, err := Down(t.Context(), c)
	require.EqualError(t, err, another)
	assert.NotContains(t, content(t, asked), "rm ", "it is left alone")
	assert.FileExists(t, filepath.Join(other, recordFile))
}

// What somebody else made is not taken down, even beside something of kindred's.
func TestAClusterThatIsOnlyPartlyKindreds(t *testing.T) {
	for _, marks := range [][2]string{{"", ""}, {"", "test"}, {"/gone/clusters/test", ""}} {
		c, _ := config(t)
		asked := strays(t, marks[0], marks[1])
		_, err := Down(t.Context(), c)
		require.ErrorIs(t, err, ErrNoCluster, marks)
		require.ErrorContains(t, Up(t.Context(), c),
			"there is a kind cluster test that kindred did not make: take another --name, or remove it (kind delete cluster --name test)", marks)
		assert.NotContains(t, content(t, asked), "rm ", marks)
	}
}

func TestWithoutAnEngineThereIsNoStray(t *testing.T) {
	fakeEngine(t, reply{when: "info *", stderr: "down", status: 1})
	c, _ := config(t)
	_, err := Down(t.Context(), c)
	require.ErrorIs(t, err, ErrNoCluster)
}
