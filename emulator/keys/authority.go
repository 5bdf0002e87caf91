package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	authorityCertificateFile = "ca.pem"
	authorityKeyFile         = "ca-key.pem"
	leafIs                   = 90 * 24 * time.Hour
	maxLeaves                = 1024
)

// Authority is the local certificate authority. Its certificate is what clients trust.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	leafKey     *ecdsa.PrivateKey
	leaves      *lru.Cache[string, *tls.Certificate]
	now         func() time.Time
}

func loadAuthority(f *files, now func() time.Time) (*Authority, error) {
	certificate, key, err := readAuthority(f)
	if err != nil {
		return nil, err
	}
	if certificate != nil && now().Before(certificate.NotBefore) {
		return nil, fmt.Errorf("certificate authority: %s is valid from %s on, and this machine's clock is at %s: set the clock, or remove %s and the key beside it",
			f.path(authorityCertificateFile), certificate.NotBefore.Format(time.RFC3339), now().Format(time.RFC3339), authorityCertificateFile)
	}
	if certificate == nil || now().After(certificate.NotAfter.Add(-leafIs)) {
		if certificate, key, err = makeAuthority(f, now()); err != nil {
			return nil, fmt.Errorf("certificate authority: %w", err)
		}
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	leaves, err := lru.New[string, *tls.Certificate](maxLeaves)
	if err != nil {
		return nil, err
	}
	return &Authority{certificate: certificate, key: key, leafKey: leafKey, leaves: leaves, now: now}, nil
}

func readAuthority(f *files) (*x509.Certificate, crypto.Signer, error) {
	certPEM, err := f.read(authorityCertificateFile)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate authority: %w", err)
	}
	keyPEM, err := f.read(authorityKeyFile)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate authority: %w", err)
	}
	if certPEM == nil && keyPEM == nil {
		return nil, nil, nil
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate authority: %s and %s: %w; remove both to have new ones made",
			f.path(authorityCertificateFile), f.path(authorityKeyFile), err)
	}
	return pair.Leaf, pair.PrivateKey.(crypto.Signer), nil
}

// makeAuthority follows RFC 5280, section 4.2: critical basicConstraints and keyUsage, and a subject
// key identifier; Python 3.13 and newer refuse less.
func makeAuthority(f *files, now time.Time) (*x509.Certificate, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"kindred"}, CommonName: "kindred local CA of " + host},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(certificateIs),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return certificate, key, errors.Join(
		f.write(authorityKeyFile, pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: keyDER})),
		f.write(authorityCertificateFile, encodeCertificate(certificate)),
	)
}

func encodeCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: c.Raw})
}

// Certificate is the authority's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.certificate }

// PEM is the authority's own certificate, PEM encoded.
func (a *Authority) PEM() []byte { return encodeCertificate(a.certificate) }

// Leaf is a certificate for hosts, DNS names or IP addresses, issued on first use.
func (a *Authority) Leaf(hosts ...string) (*tls.Certificate, error) {
	key := strings.Join(hosts, ",")
	if leaf, ok := a.leaves.Get(key); ok && a.now().Before(leaf.Leaf.NotAfter.Add(-backdate)) && a.now().After(leaf.Leaf.NotBefore) {
		return leaf, nil
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"kindred"}},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(leafIs),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.leafKey.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", key, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", key, err)
	}
	leaf := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.leafKey, Leaf: certificate}
	a.leaves.Add(key, leaf)
	return leaf, nil
}

// TLSConfig serves a certificate for whatever name the client asks for (RFC 6066, section 3). A
// client that names none reached an address or, as Java does it, a name without a dot: it gets one
// for both.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" {
				return a.Leaf(hello.ServerName)
			}
			host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
			if err != nil {
				return a.Leaf("localhost")
			}
			return a.Leaf("localhost", host)
		},
	}
}
