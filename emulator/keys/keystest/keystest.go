// Package keystest gives tests signing keys at once, where making them takes a second.
package keystest

import (
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"sync/atomic"

	"github.com/kindred-emulator/kindred/emulator/keys"
)

// Public on purpose: they sign tokens that only a kindred started by a test accepts.
//
//go:embed testkeys.pem
var testKeys []byte

// Options makes stores in memory whose keys are the same in every run, handed out in turn.
func Options() keys.Options {
	var next atomic.Int64
	return keys.Options{Generate: func() (*rsa.PrivateKey, error) { return Key(int(next.Add(1) - 1)) }}
}

// Key is one of the test keys; they repeat after the last.
func Key(n int) (*rsa.PrivateKey, error) {
	var blocks []*pem.Block
	for rest := testKeys; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks = append(blocks, block)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(blocks[n%len(blocks)].Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("a test key is not an RSA key")
	}
	return key, nil
}
