package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// operate asks the control API for everything that it tells, and rotates the signing keys a few times.
func (w *world) operate(ctx context.Context, over time.Time) error {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	// Entra fetches an issuer's keys again for one that it does not know, at most every 5 seconds.
	const rotations, least, pause = 5, 10 * time.Second, 50 * time.Millisecond
	every := max(time.Until(over)/rotations, least)
	rotate := time.Now().Add(every)
	for i := 0; time.Now().Before(over); i++ {
		paths := []string{"/v1/info", "/v1/journal?refused=true", "/v1/workload?as=default/worker", "/v1/clock", "/v1/faults", "/v1/journal/last", "/health"}
		method, path := http.MethodGet, paths[i%len(paths)]
		if time.Now().After(rotate) {
			method, path = http.MethodPost, "/v1/keys/rotate?of="+[]string{"aks", "entra"}[i%2]
			rotate = rotate.Add(every)
		}
		q, err := http.NewRequestWithContext(ctx, method, "http://"+w.Info.Control+path, nil)
		if err != nil {
			return err
		}
		r, err := client.Do(q)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return err
		}
		early := path == "/v1/journal/last" && r.StatusCode == http.StatusNotFound // nothing was refused yet
		if r.StatusCode >= http.StatusMultipleChoices && !early {
			return fmt.Errorf("%s %s: %d %s", method, path, r.StatusCode, body)
		}
		wait(ctx, pause)
	}
	return nil
}

// annoy is clients that do not trust, talk nonsense, say half a request or hang up.
func (w *world) annoy(ctx context.Context, over time.Time, random *rand.Rand) error {
	const pause = 20 * time.Millisecond
	said := []string{"", "\x16\x03\x01", "GET / HTTP/1.1\r\n", "CONNECT kv:443 HTTP/1.1\r\n\r\n", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", "\x00\xff\r\n\r\n"}
	for time.Now().Before(over) {
		address := []string{w.Info.Listen, w.Info.Proxy, w.Info.Control}[random.IntN(3)]
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		if random.IntN(3) == 0 {
			_ = tls.Client(conn, &tls.Config{ServerName: "login.microsoftonline.com", MinVersion: tls.VersionTLS12}).HandshakeContext(ctx) // it does not trust
		} else {
			_, _ = io.WriteString(conn, said[random.IntN(len(said))]) // kindred may have hung up
		}
		wait(ctx, pause)
		if err := conn.Close(); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
