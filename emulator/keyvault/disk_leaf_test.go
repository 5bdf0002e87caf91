package keyvault

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// bbolt would read on behind the entry: other memory, which may lead it anywhere or nowhere.
func TestABucketThatIsTooShortForItsPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, d := kept(t, dir, directory.Secret{Name: "s", Value: "x"})
	require.NoError(t, d.Close())
	file := filepath.Join(dir, diskFile)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	const vault = "kv.vault.azure.net" // the only key of its page: before it is the length of its value
	for i := range len(data) - len(vault) {
		if string(data[i:i+len(vault)]) == vault {
			binary.NativeEndian.PutUint32(data[i-4:], bucketHeader+7)
		}
	}
	require.NoError(t, os.WriteFile(file, data, diskMode))
	_, err = OpenDisk(dir)
	require.ErrorContains(t, err, file+" cannot be read: page ")
	require.ErrorContains(t, err, "an entry goes beyond its page")
}

// leaf is a page with one entry, whose value is a bucket with a page that has one entry inside.
func leaf() []byte {
	n := binary.NativeEndian
	page := func(flags uint32, key string, value []byte) []byte {
		p := make([]byte, pageHeader+leafElement)
		n.PutUint16(p[pageFlags:], leafFlag)
		n.PutUint16(p[pageCount:], 1)
		for i, field := range []uint32{flags, leafElement, uint32(len(key)), uint32(len(value))} { //nolint:gosec // short
			n.PutUint32(p[pageHeader+4*i:], field)
		}
		return append(append(p, key...), value...)
	}
	inside := append(make([]byte, bucketHeader), page(0, "k", []byte("v"))...)
	return page(bucketFlag, "bucket", inside)
}

func TestEntriesAreWithinTheirPage(t *testing.T) {
	t.Parallel()
	require.NoError(t, verifyLeaf(leaf()))
	require.NoError(t, verifyLeaf(append(leaf(), 0, 0)), "pages are not full")
	for cut := range leaf() {
		require.ErrorIs(t, verifyLeaf(leaf()[:cut]), errLeaf, cut)
	}
	for name, at := range map[string]int{
		"kind": pageFlags, "count": pageCount, "distance": pageHeader + 4, "key": pageHeader + 8, "value": pageHeader + 12,
	} {
		page := leaf()
		page[at] ^= 0x40
		assert.ErrorIs(t, verifyLeaf(page), errLeaf, name)
	}
}

func FuzzLeaf(f *testing.F) {
	f.Add(leaf())
	f.Fuzz(func(_ *testing.T, page []byte) { _ = verifyLeaf(page) }) // it does not read beyond it
}
