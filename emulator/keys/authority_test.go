package keys_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/keys"
)

func roots(a *keys.Authority) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	return pool
}

func TestLeaf(t *testing.T) {
	t.Parallel()
	a := open(t, in("")).Authority()
	for host, others := range map[string][]string{
		"login.microsoftonline.com":           {"login.microsoftonline.us", "microsoftonline.com", "x.login.microsoftonline.com"},
		"lgurret-demo-aks-wi.vault.azure.net": {"other.vault.azure.net"},
		"localhost":                           {"127.0.0.1"},
		"127.0.0.1":                           {"127.0.0.2", "localhost"},
		"::1":                                 {"::2", "127.0.0.1"},
	} {
		leaf, err := a.Leaf(host)
		require.NoError(t, err, host)
		options := x509.VerifyOptions{
			DNSName: host, Roots: roots(a), CurrentTime: frozen(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		_, err = leaf.Leaf.Verify(options)
		require.NoError(t, err, host)
		for _, other := range others {
			options.DNSName = other
			_, err := leaf.Leaf.Verify(options)
			var wrong x509.HostnameError
			assert.ErrorAs(t, err, &wrong, "%s for %s", host, other)
		}
		again, err := a.Leaf(host)
		require.NoError(t, err)
		assert.Same(t, leaf, again, "issued once")
	}
	both, err := a.Leaf("localhost", "127.0.0.1")
	require.NoError(t, err)
	for _, host := range []string{"localhost", "127.0.0.1"} {
		_, err := both.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots(a), CurrentTime: frozen()})
		require.NoError(t, err, host)
	}
	stranger := open(t, in("")).Authority()
	leaf, err := a.Leaf("localhost")
	require.NoError(t, err)
	_, err = leaf.Leaf.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: roots(stranger), CurrentTime: frozen()})
	var unknown x509.UnknownAuthorityError
	assert.ErrorAs(t, err, &unknown)
}

// What OpenSSL asks for with X509_V_FLAG_X509_STRICT, the default of Python since 3.13.
func TestCertificatesAreStrict(t *testing.T) {
	t.Parallel()
	a := open(t, in("")).Authority()
	ca := a.Certificate()
	basicConstraints, keyUsage := asn1.ObjectIdentifier{2, 5, 29, 19}, asn1.ObjectIdentifier{2, 5, 29, 15}
	assert.True(t, critical(t, ca, basicConstraints))
	assert.True(t, critical(t, ca, keyUsage))
	assert.True(t, ca.IsCA && ca.BasicConstraintsValid && ca.MaxPathLenZero)
	assert.Equal(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, ca.KeyUsage)
	assert.NotEmpty(t, ca.SubjectKeyId)
	assert.Positive(t, ca.SerialNumber.Sign())
	assert.Equal(t, 3, ca.Version)

	leaf, err := a.Leaf("login.microsoftonline.com")
	require.NoError(t, err)
	c := leaf.Leaf
	assert.Equal(t, ca.SubjectKeyId, c.AuthorityKeyId)
	assert.False(t, c.IsCA)
	assert.True(t, critical(t, c, keyUsage))
	assert.Equal(t, x509.KeyUsageDigitalSignature, c.KeyUsage)
	assert.NotEmpty(t, c.Subject.Organization, "an empty subject would need critical names")
	assert.Positive(t, c.SerialNumber.Sign())
	assert.LessOrEqual(t, c.NotAfter.Sub(c.NotBefore), 398*24*time.Hour, "longer ones are refused by Apple's clients")
	assert.Len(t, leaf.Certificate, 1)
}

func critical(t *testing.T, c *x509.Certificate, id asn1.ObjectIdentifier) bool {
	t.Helper()
	for _, e := range c.Extensions {
		if e.Id.Equal(id) {
			return e.Critical
		}
	}
	t.Errorf("%s is not there", id)
	return false
}

func TestLeafIsRenewed(t *testing.T) {
	t.Parallel()
	o, now := in(""), frozen()
	o.Now = func() time.Time { return now }
	a := open(t, o).Authority()
	old, err := a.Leaf("localhost")
	require.NoError(t, err)
	now = old.Leaf.NotAfter.Add(-time.Minute)
	fresh, err := a.Leaf("localhost")
	require.NoError(t, err)
	assert.NotSame(t, old, fresh)
	_, err = fresh.Leaf.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: roots(a), CurrentTime: now.Add(time.Hour)})
	require.NoError(t, err)
}

func TestAuthorityIsRenewedBeforeItsLeavesOutliveIt(t *testing.T) {
	t.Parallel()
	o, now := in(t.TempDir()), frozen()
	o.Now = func() time.Time { return now }
	old := open(t, o).Authority().Certificate()
	now = now.AddDate(9, 0, 0)
	assert.True(t, old.Equal(open(t, o).Authority().Certificate()))
	now = old.NotAfter.AddDate(0, 0, -80)
	fresh := open(t, o).Authority()
	assert.False(t, old.Equal(fresh.Certificate()))
	leaf, err := fresh.Leaf("localhost")
	require.NoError(t, err)
	assert.True(t, leaf.Leaf.NotAfter.Before(fresh.Certificate().NotAfter))
	assert.True(t, fresh.Certificate().Equal(open(t, o).Authority().Certificate()), "and kept")
}

func TestTLSConfig(t *testing.T) {
	t.Parallel()
	o := in("")
	o.Now = nil // the client's clock is the wall's
	a := open(t, o).Authority()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", a.TLSConfig())
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = c.(*tls.Conn).HandshakeContext(context.Background()); _ = c.Close() }() //nolint:forcetypeassert // of tls.Listen
		}
	}()
	for _, name := range []string{"login.microsoftonline.com", "kv.vault.azure.net", "localhost", "127.0.0.1"} {
		dialer := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: roots(a)}}
		c, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
		require.NoError(t, err, name)
		require.NoError(t, c.Close())
	}
	old := tls.Dialer{Config: &tls.Config{RootCAs: roots(a), MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}} // to be refused
	_, err = old.DialContext(t.Context(), "tcp", listener.Addr().String())
	require.Error(t, err)
}

func TestTLSConfigWithoutANameOrAnAddress(t *testing.T) {
	t.Parallel()
	a := open(t, in("")).Authority()
	server, client := net.Pipe()
	t.Cleanup(func() { _, _ = server.Close(), client.Close() })
	leaf, err := a.TLSConfig().GetCertificate(&tls.ClientHelloInfo{Conn: server})
	require.NoError(t, err)
	assert.Equal(t, []string{"localhost"}, leaf.Leaf.DNSNames)
}

func TestAuthorityWithHalfItsFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ca.pem", "ca-key.pem"} {
		dir := t.TempDir()
		open(t, in(dir))
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
		_, err := keys.Open(in(dir))
		require.ErrorContains(t, err, "remove both to have new ones made", name)
	}
}

// A clock that jumps leaves no certificate in use that is not valid at its time.
func TestAClockThatJumps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := in(dir)
	now := frozen()
	o.Now = func() time.Time { return now }
	a := open(t, o).Authority()
	now = frozen().Add(48 * time.Hour)
	_, err := a.Leaf("localhost")
	require.NoError(t, err)
	now = frozen() // back, before that leaf
	leaf, err := a.Leaf("localhost")
	require.NoError(t, err)
	_, err = leaf.Leaf.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: roots(a), CurrentTime: now})
	require.NoError(t, err)

	now = frozen().Add(-48 * time.Hour)
	_, err = keys.Open(o)
	assert.ErrorContains(t, err, filepath.Join(dir, "ca.pem")+" is valid from ")
	assert.ErrorContains(t, err, "set the clock")
}
