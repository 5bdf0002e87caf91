// Package keystest gives tests signing keys at once, where making them takes a second.
package keystest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Public on purpose: they sign tokens that only a kindred started by a test accepts.
//
//go:embed testkeys.pem
var testKeys []byte

// Options makes a store in memory whose keys are handed out in turn, so that no two of one store are
// the same: give each store Options of its own.
func Options() keys.Options {
	var next atomic.Int64
	return keys.Options{
		Generate: func() (*rsa.PrivateKey, error) { return Key(int(next.Add(1) - 1)) },
		Certify:  certify,
	}
}

// Key is one of the test keys, the same in every run; those after the last are made, once a process.
func Key(n int) (*rsa.PrivateKey, error) {
	key, _ := made.LoadOrStore(n, sync.OnceValues(func() (*rsa.PrivateKey, error) {
		if blocks := testBlocks(); n < len(blocks) {
			return parse(blocks[n])
		}
		return rsa.GenerateKey(rand.Reader, keys.Bits)
	}))
	return key.(func() (*rsa.PrivateKey, error))()
}

//nolint:gochecknoglobals // what a process makes once, for all of its stores
var (
	made         sync.Map // keys, by their number
	certificates sync.Map // by key
	testBlocks   = sync.OnceValue(func() (blocks [][]byte) {
		for block, rest := pem.Decode(testKeys); block != nil; block, rest = pem.Decode(rest) {
			blocks = append(blocks, block.Bytes)
		}
		return blocks
	})
)

func parse(der []byte) (*rsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("a test key is not an RSA key")
	}
	return key, nil
}

// certify makes a key's certificate once a process.
func certify(key *rsa.PrivateKey) (*x509.Certificate, error) {
	if c, ok := certificates.Load(key); ok {
		return c.(*x509.Certificate), nil
	}
	c, err := keys.SelfSigned(key, time.Now())
	if err == nil {
		certificates.Store(key, c)
	}
	return c, err
}
