package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/scenarios/process"
)

// startBound starts this program as the bound of a measurement.
func startBound(ctx context.Context, name string, m mix, work string) (*process.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	answers := make(map[string]recorded)
	for _, q := range m {
		u, err := url.Parse(q.url)
		if err != nil {
			return nil, err
		}
		answers[q.method+" "+u.Path] = q.answer
	}
	data, err := json.Marshal(answers)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(work, "answers.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	return process.Start(ctx, self, nil, "--bound", name, "--answers", file)
}

// serveBound answers every request with the bytes that were recorded for its method and path. For
// tokens it first does one RSA-2048 signature and, where there is an assertion, one verification, over
// as many bytes as the request has. It ends with the context.
func serveBound(ctx context.Context, file string, out io.Writer) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var answers map[string]recorded
	if err := json.Unmarshal(data, &answers); err != nil {
		return err
	}
	for _, a := range answers {
		a.Header.Del("Content-Length")
		a.Header.Del("Date")
	}
	work, err := cryptography()
	if err != nil {
		return err
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
			answer := answers[q.Method+" "+q.URL.Path]
			body, err := io.ReadAll(q.Body)
			if err == nil && answer.Work != "" {
				err = work(body, answer.Work == workVerify)
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
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// cryptography is the work that no token endpoint can do without.
func cryptography() (func(body []byte, verify bool) error, error) {
	key, err := keystest.Key(0)
	if err != nil {
		return nil, err
	}
	return func(body []byte, verify bool) error {
		sum := sha256.Sum256(body)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil || !verify {
			return err
		}
		return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature)
	}, nil
}
