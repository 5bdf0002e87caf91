package keyvault

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// bboltMetas is the length of bbolt's two first pages, which say what the last two transactions were. Where
// the last one's is damaged it is as if that had not been.
const bboltMetas = 2 * 4096

// One byte of the file that is not as it was written is found when it is opened, and the file left as it is;
// or else everything is as it was, and stays so after writes. Only a key between bbolt's pages may be damaged
// so that each entry is found nevertheless, until a write meets it: that is found at the next start.
// (-rapid.checks=N for more bytes.)
func TestOneDamagedByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v, d := kept(t, dir, directory.Secret{Name: "of-the-fixture", Value: "seeded"})
	for i := range 40 {
		_, err := v.store.set(&version{name: fmt.Sprintf("secret-%d", i), id: "1", value: strings.Repeat("v", 1+i*i*5), enabled: true}, 100)
		require.NoError(t, err)
	}
	_, err := v.store.remove("secret-39", 100, 900)
	require.NoError(t, err)
	lastButOne := held(v)
	_, err = v.store.remove("secret-38", 100, 900)
	require.NoError(t, err)
	last := held(v)
	require.NoError(t, d.Close())
	whole, err := os.ReadFile(filepath.Join(dir, diskFile))
	require.NoError(t, err)

	found := 0
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(dir, "") // of its own: bbolt leaves a file locked that it has panicked at
		require.NoError(t, err)
		file := filepath.Join(dir, diskFile)
		data := bytes.Clone(whole)
		at := rapid.IntRange(0, len(data)-1).Draw(t, "offset")
		data[at] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
		require.NoError(t, os.WriteFile(file, data, diskMode))
		v, d, err := reopened(dir)
		if err != nil {
			found++
			require.ErrorContains(t, err, file+" cannot be read: ")
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, after), "it is left as it is")
			return
		}
		want := last
		if at < bboltMetas && held(v) != last {
			want = lastButOne
		}
		require.Equal(t, want, held(v))
		for i := range 3 {
			_, err := v.store.set(&version{name: fmt.Sprintf("new-%d", i), id: "1", value: strings.Repeat("w", 9000)}, 100)
			require.NoError(t, err)
		}
		want = held(v)
		require.NoError(t, d.Close())
		v, d, err = reopened(dir)
		if err != nil {
			require.ErrorContains(t, err, file+" cannot be read: ", "after writes")
			return
		}
		require.Equal(t, want, held(v), "after writes")
		require.NoError(t, d.Close())
	})
	require.Positive(t, found)
}

// reopened is the vault with what is kept of it.
func reopened(dir string) (*vault, *Disk, error) {
	d, err := OpenDisk(dir)
	if err != nil {
		return nil, nil, err
	}
	v := newVault(&directory.Vault{Name: "kv", Tenant: &directory.Tenant{Cloud: directory.Clouds()[0]}})
	v.store.keep = d.keeper(v)
	fresh, err := d.load([]*vault{v}, 100)
	if err != nil {
		return nil, nil, err
	}
	v.store.replace(fresh[0])
	return v, d, nil
}

// held is all that a vault holds, to be compared.
func held(v *vault) string {
	var all strings.Builder
	v.store.live.Scan(func(key string, x *secret) bool {
		fmt.Fprintf(&all, "%s %+v\n", key, *x.latest)
		return true
	})
	v.store.bin.Scan(func(key string, x *deletion) bool {
		fmt.Fprintf(&all, "%s %+v until %d\n", key, *x.latest, x.purge)
		return true
	})
	return all.String()
}
