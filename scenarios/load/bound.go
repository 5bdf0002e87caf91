package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// startBound starts this program as the bound of a measurement.
func startBound(ctx context.Context, name string, q request, work string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(q.answer)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(work, "answer.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	return launch(ctx, self, "--bound", name, "--answer", file)
}

// serveBound answers every request with the recorded bytes. For tokens it first does one RSA-2048
// signature and one verification, over as many bytes as the assertion and the token have.
func serveBound(ctx context.Context, name, file string, out io.Writer) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var answer recorded
	if err := json.Unmarshal(data, &answer); err != nil {
		return err
	}
	answer.Header.Del("Content-Length")
	answer.Header.Del("Date")
	work := func([]byte) error { return nil }
	if name == "federated token" {
		if work, err = cryptography(); err != nil {
			return err
		}
	}
	store, err := keys.Open(keystest.Options())
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		TLSConfig: store.Authority().TLSConfig(), ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			body, err := io.ReadAll(q.Body)
			if err == nil {
				err = work(body)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			for name, values := range answer.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Status)
			_, _ = w.Write(answer.Body) // a client that is gone says so itself
		}),
	}
	info := control.Info{Listen: l.Addr().String(), CA: string(store.Authority().PEM())}
	if err := json.NewEncoder(out).Encode(info); err != nil {
		return err
	}
	return server.ServeTLS(l, "", "")
}

// cryptography is the work that no token endpoint can do without.
func cryptography() (func([]byte) error, error) {
	key, err := keystest.Key(0)
	if err != nil {
		return nil, err
	}
	return func(body []byte) error {
		sum := sha256.Sum256(body)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			return err
		}
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		return nil
	}, nil
}
