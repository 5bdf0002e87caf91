package keyvault

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// kept is a vault of a fixture with the secrets, on the disk.
func kept(t *testing.T, dir string, secrets ...directory.Secret) (*vault, *Disk) {
	t.Helper()
	d, err := OpenDisk(dir)
	require.NoError(t, err)
	v := newVault(&directory.Vault{Name: "kv", Tenant: &directory.Tenant{Cloud: directory.Clouds()[0]}, Secrets: secrets})
	v.store.keep = d.keeper(v)
	fresh, err := d.load([]*vault{v}, 100)
	require.NoError(t, err)
	v.store.replace(fresh[0])
	return v, d
}

func value(t *testing.T, v *vault, name string) string {
	t.Helper()
	x, err := v.store.get(name, "")
	require.NoError(t, err)
	return x.value
}

func TestWhatVaultsHoldIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v, d := kept(t, dir, directory.Secret{Name: "Seeded", Value: "of the fixture"}, directory.Secret{Name: "gone", Value: "x"})
	for _, id := range []string{"1", "2"} {
		_, err := v.store.set(&version{name: "Written", id: id, value: "value " + id, tags: map[string]string{"a": "b"}, expires: new(int64(7)), enabled: true}, 100)
		require.NoError(t, err)
	}
	_, err := v.store.update("written", "1", func(v version) (*version, error) { v.value = "changed"; return &v, nil })
	require.NoError(t, err)
	_, err = v.store.set(&version{name: "seeded", id: "ffff", value: "mine"}, 100)
	require.NoError(t, err)
	for name, purge := range map[string]int64{"gone": 500, "Bin": 900} {
		if name == "Bin" {
			_, err = v.store.set(&version{name: name, id: "1", value: "in the bin"}, 100)
			require.NoError(t, err)
		}
		_, err = v.store.remove(name, 100, purge)
		require.NoError(t, err)
	}
	require.NoError(t, v.store.purge("gone", 100))
	require.NoError(t, d.Close())

	v, d = kept(t, dir, directory.Secret{Name: "Seeded", Value: "of the fixture"}, directory.Secret{Name: "gone", Value: "x"}, directory.Secret{Name: "new", Value: "of a later fixture"})
	assert.Equal(t, "mine", value(t, v, "seeded"), "what was written wins over the fixture")
	assert.Equal(t, "of a later fixture", value(t, v, "new"))
	_, err = v.store.get("gone", "")
	require.ErrorIs(t, err, errNotFound, "what was purged stays so")
	all, latest, err := v.store.versions("written")
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "changed", all[0].value)
	assert.Equal(t, &version{name: "Written", id: "2", value: "value 2", tags: map[string]string{"a": "b"}, expires: new(int64(7)), enabled: true}, latest)
	x, err := v.store.recover("bin", 200)
	require.NoError(t, err)
	assert.Equal(t, "in the bin", x.value)
	require.NoError(t, d.Close())

	v, d = kept(t, dir)
	assert.Equal(t, "in the bin", value(t, v, "bin"))
	fresh, err := d.reset([]*vault{v}, 100)
	require.NoError(t, err)
	v.store.replace(fresh[0])
	_, err = v.store.get("bin", "")
	require.ErrorIs(t, err, errNotFound, "after a reset")
	require.NoError(t, d.Close())

	info, err := os.Stat(filepath.Join(dir, diskFile))
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode())
	assert.NoFileExists(t, filepath.Join(dir, holderFile))
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, d := kept(t, dir)
	_, err := OpenDisk(dir)
	require.ErrorContains(t, err, filepath.Join(dir, diskFile)+" is in use by another kindred (process ")
	require.ErrorContains(t, err, "take another --state")
	require.NoError(t, d.Close())
	_, d = kept(t, dir)
	require.NoError(t, d.Close())
}

// A folder that does not take files is named, with what names another.
func TestAFolderThatTakesNoFiles(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{diskFile, holderFile} {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, taken), 0o700))
		_, err := OpenDisk(dir)
		require.ErrorContains(t, err, filepath.Join(dir, taken))
		require.ErrorContains(t, err, "--state names another")
	}
}

// A file that cannot be read is named and left as it is.
func TestADamagedFile(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(data []byte) []byte{
		"no database": func([]byte) []byte { return []byte("what is this?") },
		"cut":         func(data []byte) []byte { return data[:5000] },
		"meta pages":  func(data []byte) []byte { clear(data[:8192]); return data },
		"a record": func(data []byte) []byte {
			for i := range len(data) - 12 {
				if string(data[i:i+8]) == `{"name":` {
					data[i] = '!'
				}
			}
			return data
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, d := kept(t, dir, directory.Secret{Name: "s", Value: "x"})
			require.NoError(t, d.Close())
			file := filepath.Join(dir, diskFile)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			data = damage(data)
			require.NoError(t, os.WriteFile(file, data, 0o600))

			_, err = OpenDisk(dir)
			require.ErrorContains(t, err, file+" cannot be read")
			require.ErrorContains(t, err, "move it away to begin anew")
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, data, after)
		})
	}
}

func TestAFileOfAnotherKindred(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, d := kept(t, dir)
	require.NoError(t, d.db.Update(func(tx *bbolt.Tx) error { return put(tx.Bucket([]byte(bucketMeta)), []byte(keyFormat), []byte("2")) }))
	require.NoError(t, d.Close())
	_, err := OpenDisk(dir)
	require.ErrorContains(t, err, `has the format "2", of another kindred; this one knows 1`)
}

// A write that cannot be kept changes nothing.
func TestAWriteThatFails(t *testing.T) {
	t.Parallel()
	v, d := kept(t, t.TempDir(), directory.Secret{Name: "s", Value: "before"})
	require.NoError(t, d.Close())
	_, err := v.store.set(&version{name: "s", id: "ffff", value: "after"}, 100)
	require.Error(t, err)
	assert.Equal(t, "before", value(t, v, "s"))
	_, err = v.store.remove("s", 100, 200)
	require.Error(t, err)
	assert.Equal(t, "before", value(t, v, "s"))
}

// A reset comes between two writes, and what it cannot write down changes nothing.
func TestResetWhileOthersWrite(t *testing.T) {
	t.Parallel()
	d, err := OpenDisk(t.TempDir())
	require.NoError(t, err)
	tenant := &directory.Tenant{ID: "t", Cloud: directory.Clouds()[0]}
	s, err := New(Config{
		Directory: directory.New(directory.Contents{Tenants: []*directory.Tenant{tenant}, Vaults: []*directory.Vault{
			{Name: "one", Tenant: tenant, Secrets: []directory.Secret{{Name: "s", Value: "seeded"}}},
			{Name: "two", Tenant: tenant},
		}}),
		Now: func() time.Time { return time.Unix(100, 0) }, Disk: d,
	})
	require.NoError(t, err)
	one := s.sites.all[0]
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 20 {
				_, err := one.store.set(&version{name: "s", id: fmt.Sprintf("%d-%02d", i, j), value: "written"}, 100)
				assert.NoError(t, err)
				_, err = one.store.get("s", "")
				assert.NoError(t, err, "there is a secret at any time")
			}
		})
	}
	for range 10 {
		require.NoError(t, s.Reset())
	}
	all.Wait()
	_, err = one.store.set(&version{name: "s", id: "last", value: "written"}, 100)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.Error(t, s.Reset())
	assert.Equal(t, "written", value(t, one, "s"))
}

// What is read from the disk is whole or refused, and is written as it was read.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"name":"a","versions":[{"id":"1","value":"dg==","enabled":true,"tags":{"a":"b"},"exp":7,"created":1,"updated":2}],"latest":"1"}`))
	f.Add([]byte(`{"versions":[{"id":"1"},{"id":"2","value":"/w=="}],"latest":"2","deleted":3,"purge":4}`))
	f.Add([]byte(`{"versions":[],"latest":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, deleted, err := readKept(data)
		if err != nil {
			return
		}
		written, err := encodeKept(x, deleted)
		require.NoError(t, err)
		again, deletedAgain, err := readKept(written)
		require.NoError(t, err)
		assert.Equal(t, x, again)
		assert.Equal(t, deleted, deletedAgain)
	})
}
