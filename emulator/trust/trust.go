// Package trust writes the files by which clients come to trust kindred's certificate authority, in
// the forms that their runtimes read: a PEM bundle and a PKCS#12 store, both with the system's
// roots before ours, for the variables that name them replace the system's.
package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Password opens the PKCS#12 store. It hides nothing: the store holds public certificates.
const Password = "changeit"

// Files are the paths that Write made, absolute.
type Files struct {
	CA       string // PEM: kindred's CA alone
	Bundle   string // PEM: the system's roots and kindred's CA
	Keystore string // PKCS#12 with Password: the same
}

// In is the names of the files in a directory.
func In(dir string) Files {
	return Files{
		CA:       filepath.Join(dir, "ca.pem"),
		Bundle:   filepath.Join(dir, "bundle.pem"),
		Keystore: filepath.Join(dir, "truststore.p12"),
	}
}

// Set is the contents of the files for a CA.
type Set struct{ ca, bundle, keystore []byte }

// NewSet makes the contents for a CA and the roots, both PEM; see SystemRoots.
func NewSet(ca, roots []byte) (*Set, error) {
	s := &Set{ca: ca, bundle: Bundle(roots, ca)}
	var err error
	s.keystore, err = Keystore(s.bundle)
	return s, err
}

// Write puts the files into a directory of the caller's own, which is made where it is not there. Nothing
// waits until they are on the disk.
func (s *Set) Write(dir string) (Files, error) {
	const private = 0o600
	return s.write(dir, func(path string, data []byte) error { return os.WriteFile(path, data, private) })
}

func (s *Set) write(dir string, write func(path string, data []byte) error) (Files, error) {
	f := In(dir)
	err := errors.Join(
		os.MkdirAll(dir, 0o700),
		write(f.CA, s.ca),
		write(f.Bundle, s.bundle),
	)
	if err == nil {
		err = write(f.Keystore, s.keystore) // last: where it is, all are
	}
	if err != nil {
		return Files{}, fmt.Errorf("trust files: %w", err)
	}
	return f, nil
}

// Write puts the files for a CA (PEM) into a directory below dir that is named after what is in
// them, so the next call finds them there. The roots are PEM; see SystemRoots.
func Write(dir string, ca, roots []byte) (Files, error) {
	sum := sha256.Sum256(bytes.Join([][]byte{ca, roots}, nil))
	dir, err := filepath.Abs(filepath.Join(dir, "trust-"+hex.EncodeToString(sum[:8])))
	if err != nil {
		return Files{}, fmt.Errorf("trust files: %w", err)
	}
	f := In(dir)
	if _, err := os.Stat(f.Keystore); err == nil {
		return f, nil
	}
	s, err := NewSet(ca, roots)
	if err != nil {
		return Files{}, err
	}
	return s.write(dir, keys.WriteFile)
}

// Bundle is the roots with the CA behind them, all PEM.
func Bundle(roots, ca []byte) []byte {
	if len(roots) == 0 {
		return ca
	}
	return bytes.Join([][]byte{bytes.TrimRight(roots, "\n"), ca}, []byte("\n"))
}

// Keystore is a PEM bundle as a Java trust store in PKCS#12. Certificates that Go cannot parse are
// left out.
func Keystore(bundle []byte) ([]byte, error) {
	var certificates []*x509.Certificate
	for rest := bundle; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			certificates = append(certificates, c)
		}
	}
	store, err := pkcs12.Modern.EncodeTrustStore(certificates, Password)
	if err != nil {
		return nil, fmt.Errorf("PKCS#12 trust store: %w", err)
	}
	return store, nil
}

// rootFiles are where systems keep their roots as one PEM file.
var rootFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/ssl/cert.pem",                                 // Alpine, macOS, BSD
}

// SystemRoots reads the system's roots, PEM. preferred is the caller's own SSL_CERT_FILE, which wins
// when set. A system that keeps no such file gives none.
func SystemRoots(preferred string) ([]byte, error) {
	if preferred != "" {
		roots, err := os.ReadFile(preferred)
		if err != nil {
			return nil, fmt.Errorf("SSL_CERT_FILE: %w", err)
		}
		return roots, nil
	}
	for _, file := range rootFiles {
		if roots, err := os.ReadFile(file); err == nil {
			return roots, nil
		}
	}
	return nil, nil
}
