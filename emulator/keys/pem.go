package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// The blocks of a ring's file: for each key, newest first, its private half and its certificate.
// A retired key carries the header Retired: an RFC 3339 time.
const (
	blockKey         = "PRIVATE KEY"
	blockCertificate = "CERTIFICATE"
	blockPublic      = "PUBLIC KEY"
	headerRetired    = "Retired"
)

// tokenSigner is the common name in the certificates of Entra's signing keys.
const tokenSigner = "accounts.accesscontrol.windows.net"

const (
	backdate      = time.Hour
	certificateIs = 10 * 365 * 24 * time.Hour
)

func loadRing(f *files, name string, o Options) (*Ring, error) {
	file := name + ".pem"
	r := &Ring{fresh: func() (*Key, error) { return generate(o) }}
	r.save = func(keys []ringKey) error {
		data, err := encodeRing(keys)
		if err != nil {
			return err
		}
		return f.write(file, data)
	}
	data, err := f.read(file)
	if err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	if data != nil {
		if r.keys, err = decodeRing(data); err != nil {
			return nil, fmt.Errorf("signing keys: %s: %w; remove the file to have new keys made", f.path(file), err)
		}
		return r, nil
	}
	key, err := r.fresh()
	if err != nil {
		return nil, fmt.Errorf("signing keys of %s: %w", name, err)
	}
	r.keys = []ringKey{{Key: key}}
	if err := r.save(r.keys); err != nil {
		return nil, fmt.Errorf("signing keys of %s: %w", name, err)
	}
	return r, nil
}

func generate(o Options) (*Key, error) {
	private, err := o.Generate()
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	certificate, err := o.Certify(private)
	if err != nil {
		return nil, fmt.Errorf("certificate of key: %w", err)
	}
	return newKey(private, certificate)
}

// SelfSigned is a certificate of a key that is valid from a time on, as Entra's signing keys have it.
func SelfSigned(key *rsa.PrivateKey, from time.Time) (*x509.Certificate, error) {
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: tokenSigner},
		NotBefore:    from.Add(-backdate),
		NotAfter:     from.Add(certificateIs),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func serialNumber() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("serial number: %w", err)
	}
	return n, nil
}

func encodeRing(keys []ringKey) ([]byte, error) {
	var out bytes.Buffer
	for _, k := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(k.private)
		if err != nil {
			return nil, fmt.Errorf("encode key: %w", err)
		}
		block := &pem.Block{Type: blockKey, Bytes: der}
		if !k.retired.IsZero() {
			block.Headers = map[string]string{headerRetired: k.retired.UTC().Format(time.RFC3339)}
		}
		if err := errors.Join(
			pem.Encode(&out, block),
			pem.Encode(&out, &pem.Block{Type: blockCertificate, Bytes: k.certificate.Raw}),
		); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// PrivatePEM is the private half, PEM (PKCS#8, RFC 5208).
func (k *Key) PrivatePEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: der}), nil
}

// PublicPEM is the public half, PEM (PKIX, RFC 5280).
func (k *Key) PublicPEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockPublic, Bytes: der}), nil
}

func decodeRing(data []byte) ([]ringKey, error) {
	var keys []ringKey
	for len(bytes.TrimSpace(data)) > 0 {
		var block, certificate *pem.Block
		if block, data = pem.Decode(data); block == nil || block.Type != blockKey {
			return nil, errors.New("expected a " + blockKey + " block")
		}
		if certificate, data = pem.Decode(data); certificate == nil || certificate.Type != blockCertificate {
			return nil, errors.New("expected a " + blockCertificate + " block after each key")
		}
		k, err := decodeKey(block, certificate)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return keys, nil
}

func decodeKey(block, certificate *pem.Block) (ringKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return ringKey{}, fmt.Errorf("private key: %w", err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return ringKey{}, fmt.Errorf("private key: %T where an RSA key is needed", parsed)
	}
	cert, err := x509.ParseCertificate(certificate.Bytes)
	if err != nil {
		return ringKey{}, fmt.Errorf("certificate: %w", err)
	}
	if public, ok := cert.PublicKey.(*rsa.PublicKey); !ok || !public.Equal(&private.PublicKey) {
		return ringKey{}, errors.New("the certificate is not of the key before it")
	}
	key, err := newKey(private, cert)
	if err != nil {
		return ringKey{}, err
	}
	var retired time.Time
	if text := block.Headers[headerRetired]; text != "" {
		if retired, err = time.Parse(time.RFC3339, text); err != nil {
			return ringKey{}, fmt.Errorf("%s: %w", headerRetired, err)
		}
	}
	return ringKey{Key: key, retired: retired}, nil
}
