package keys_test

import (
	"crypto/rsa"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

func frozen() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// in is options for a store in a directory, its keys those of keystest.
func in(dir string) keys.Options {
	o := keystest.Options()
	o.Dir, o.Now, o.Certify = dir, frozen, nil
	return o
}

func open(t testing.TB, o keys.Options, rings ...string) *keys.Store {
	t.Helper()
	s, err := keys.Open(o, rings...)
	require.NoError(t, err)
	return s
}

func ring(t *testing.T, s *keys.Store, name string) *keys.Ring {
	t.Helper()
	r, err := s.Ring(name)
	require.NoError(t, err)
	return r
}

func TestStoreInADirectoryStaysTheSame(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state", "kindred")
	first := open(t, in(dir), "entra", "cluster-a")
	o := in(dir)
	o.Generate = func() (*rsa.PrivateKey, error) { return nil, errors.New("nothing is to be made") }
	second := open(t, o, "cluster-a", "entra")
	assert.Equal(t, first.Authority().PEM(), second.Authority().PEM())
	for _, name := range []string{"entra", "cluster-a"} {
		assert.Equal(t, ring(t, first, name).Current().ID(), ring(t, second, name).Current().ID())
		assert.Equal(t, ring(t, first, name).Current().Thumbprint(), ring(t, second, name).Current().Thumbprint())
	}
	assert.NotEqual(t, ring(t, first, "entra").Current().ID(), ring(t, first, "cluster-a").Current().ID())

	names := map[string]fs.FileMode{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		names[e.Name()] = info.Mode()
	}
	assert.Equal(t, map[string]fs.FileMode{
		".lock": 0o600, "ca.pem": 0o600, "ca-key.pem": 0o600, "entra.pem": 0o600, "cluster-a.pem": 0o600,
	}, names, "only their owner reads them, and nothing is left over")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

func TestStoreInMemoryIsNewEachTime(t *testing.T) {
	t.Parallel()
	a, b := open(t, in(""), "entra"), open(t, in(""), "entra")
	assert.NotEqual(t, a.Authority().PEM(), b.Authority().PEM())
	_, err := a.Ring("cluster-a")
	assert.EqualError(t, err, `no signing keys were opened for "cluster-a"`)
}

// What several processes do when they start at once: each has a lock and an Options of its own.
func TestStoreOpenedByManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	stores := make([]*keys.Store, 8)
	for i := range stores {
		all.Go(func() {
			o := in(dir)
			o.Generate = func() (*rsa.PrivateKey, error) { return keystest.Key(i) } // each would make its own
			var err error
			stores[i], err = keys.Open(o, "entra")
			assert.NoError(t, err)
		})
	}
	all.Wait()
	for _, s := range stores {
		require.NotNil(t, s)
		assert.Equal(t, stores[0].Authority().PEM(), s.Authority().PEM())
		assert.Equal(t, ring(t, stores[0], "entra").Current().ID(), ring(t, s, "entra").Current().ID())
	}
}

func TestStoresShareAnAuthority(t *testing.T) {
	t.Parallel()
	a, dir := open(t, in("")).Authority(), t.TempDir()
	o := in(dir)
	o.Authority = a
	assert.Same(t, a, open(t, o, "entra").Authority())
	assert.NoFileExists(t, filepath.Join(dir, "ca-key.pem"), "it is not this store's")
}

func TestStoreWithDamagedFiles(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	open(t, in(whole), "entra", "other")
	file := func(name string) string {
		data, err := os.ReadFile(filepath.Join(whole, name))
		require.NoError(t, err)
		return string(data)
	}
	ringFile, other := file("entra.pem"), file("other.pem")
	key, certificate, _ := strings.Cut(ringFile, "-----BEGIN CERTIFICATE-----")
	_, foreign, _ := strings.Cut(other, "-----BEGIN CERTIFICATE-----")
	begin := "-----BEGIN CERTIFICATE-----"
	for _, c := range []struct{ name, file, content, want string }{
		{"empty", "entra.pem", "", "there is no key in it"},
		{"no PEM", "entra.pem", "hello", "expected a PRIVATE KEY block"},
		{"cut off", "entra.pem", ringFile[:len(ringFile)/2], "expected a PRIVATE KEY block"},
		{"certificate first", "entra.pem", begin + certificate + key, "expected a PRIVATE KEY block"},
		{"no certificate", "entra.pem", key, "expected a CERTIFICATE block after each key"},
		{"two keys", "entra.pem", key + key, "expected a CERTIFICATE block after each key"},
		{"another key's certificate", "entra.pem", key + begin + foreign, "the certificate is not of the key before it"},
		{"no private key", "entra.pem", strings.ReplaceAll(ringFile, "CERTIFICATE", "PRIVATE KEY"), "expected a CERTIFICATE block after each key"},
		{"key garbled", "entra.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + begin + certificate, "private key: asn1"},
		{"certificate garbled", "entra.pem", key + begin + "\nAAAA\n-----END CERTIFICATE-----\n", "certificate: x509"},
		{"not RSA", "entra.pem", file("ca-key.pem") + begin + certificate, "private key: *ecdsa.PrivateKey where an RSA key is needed"},
		{"bad time", "entra.pem", strings.Replace(ringFile, "KEY-----\n", "KEY-----\nRetired: yesterday\n\n", 1), `Retired: parsing time "yesterday"`},
		{"authority garbled", "ca.pem", "hello", "certificate authority: "},
		{"authority's key of another", "ca-key.pem", key, "certificate authority: "},
		{"authority's key gone", "ca-key.pem", "", "certificate authority: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(whole)))
			damaged := filepath.Join(dir, c.file)
			require.NoError(t, os.WriteFile(damaged, []byte(c.content), 0o600))
			_, err := keys.Open(in(dir), "entra")
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, damaged, "which file")
			assert.ErrorContains(t, err, "remove ", "and what to do")
			left, err := os.ReadFile(damaged)
			require.NoError(t, err)
			assert.Equal(t, c.content, string(left), "nothing is overwritten")
		})
	}
}

func TestStoreThatCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := keys.Open(in(filepath.Join(file, "state")))
	require.ErrorContains(t, err, "state directory: ")

	o := in("")
	o.Generate = func() (*rsa.PrivateKey, error) { return nil, errors.New("no entropy") }
	_, err = keys.Open(o, "entra")
	require.EqualError(t, err, "signing keys of entra: generate key: no entropy")
}

func TestWriteFileReplacesWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, keys.WriteFile(path, []byte("one")))
	require.NoError(t, keys.WriteFile(path, []byte("2")))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "2", string(data))

	taken := filepath.Join(dir, "taken")
	require.NoError(t, os.MkdirAll(filepath.Join(taken, "x"), 0o700))
	require.Error(t, keys.WriteFile(taken, []byte("one")))
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
