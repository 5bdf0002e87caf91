package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bits is the size of the RSA keys, the one that Entra and AKS use.
const Bits = 2048

// Options are the seams of a Store; the zero value is what a program wants.
type Options struct {
	// Dir keeps the keys and the certificate authority, in files that only their owner can read.
	// Empty: in memory only.
	Dir string
	// Now is the wall clock, for the validity of certificates.
	Now func() time.Time
	// Authority is used instead of one of the store's own, where several stores are to share it.
	Authority *Authority
	// Generate makes an RSA key.
	Generate func() (*rsa.PrivateKey, error)
	// Certify makes a key's certificate; nil: SelfSigned, from Now on.
	Certify func(*rsa.PrivateKey) (*x509.Certificate, error)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Generate == nil {
		o.Generate = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, Bits) }
	}
	if o.Certify == nil {
		o.Certify = func(k *rsa.PrivateKey) (*x509.Certificate, error) { return SelfSigned(k, o.Now()) }
	}
	return o
}

// Store is the certificate authority and the rings of one kindred.
type Store struct {
	authority *Authority
	rings     map[string]*Ring
}

// Open loads the certificate authority and the named rings, and makes those that are not there yet,
// at the same time. Several processes may open one directory at once: they agree on what is made.
func Open(o Options, rings ...string) (*Store, error) {
	o = o.withDefaults()
	files, err := openFiles(o.Dir)
	if err != nil {
		return nil, err
	}
	defer files.unlock()

	authority := o.Authority
	if authority == nil {
		if authority, err = loadAuthority(files, o.Now); err != nil {
			return nil, err
		}
	}
	loaded := make([]*Ring, len(rings))
	var group errgroup.Group
	for i, name := range rings {
		group.Go(func() (err error) {
			loaded[i], err = loadRing(files, name, o)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s := &Store{authority: authority, rings: make(map[string]*Ring, len(rings))}
	for i, name := range rings {
		s.rings[name] = loaded[i]
	}
	return s, nil
}

// Authority is the certificate authority.
func (s *Store) Authority() *Authority { return s.authority }

// Ring is a ring that Open was asked for.
func (s *Store) Ring(name string) (*Ring, error) {
	r, ok := s.rings[name]
	if !ok {
		return nil, fmt.Errorf("no signing keys were opened for %q", name)
	}
	return r, nil
}
