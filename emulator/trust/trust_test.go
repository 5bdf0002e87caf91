package trust_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

func authority(t *testing.T) *keys.Authority {
	t.Helper()
	store, err := keys.Open(keystest.Options())
	require.NoError(t, err)
	return store.Authority()
}

func TestWrite(t *testing.T) {
	t.Parallel()
	system, ours := authority(t), authority(t)
	dir := t.TempDir()
	files, err := trust.Write(dir, ours.PEM(), system.PEM())
	require.NoError(t, err)

	ca, err := os.ReadFile(files.CA)
	require.NoError(t, err)
	assert.Equal(t, ours.PEM(), ca)

	bundle, err := os.ReadFile(files.Bundle)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(bundle))
	for _, a := range []*keys.Authority{system, ours} {
		leaf, err := a.Leaf("login.microsoftonline.com")
		require.NoError(t, err)
		_, err = leaf.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "login.microsoftonline.com"})
		assert.NoError(t, err, "the bundle trusts the system's roots and ours")
	}

	store, err := os.ReadFile(files.Keystore)
	require.NoError(t, err)
	certificates, err := pkcs12.DecodeTrustStore(store, trust.Password)
	require.NoError(t, err)
	assert.Len(t, certificates, 2)
}

func TestWriteFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	a, dir := authority(t), t.TempDir()
	first, err := trust.Write(dir, a.PEM(), nil)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Dir(first.CA), 0o500))
	again, err := trust.Write(dir, a.PEM(), nil)
	require.NoError(t, err)
	assert.Equal(t, first, again)

	other, err := trust.Write(dir, authority(t).PEM(), nil)
	require.NoError(t, err)
	assert.NotEqual(t, first, other, "another CA has files of its own")
}

func TestSystemRootsPrefersTheCallers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(file, []byte("roots"), 0o600))
	roots, err := trust.SystemRoots(file)
	require.NoError(t, err)
	assert.Equal(t, "roots", string(roots))

	_, err = trust.SystemRoots(file + ".missing")
	assert.ErrorContains(t, err, "SSL_CERT_FILE")
}
