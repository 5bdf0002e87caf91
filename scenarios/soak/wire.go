package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// wire is how one worker reaches kindred. It tries again whatever met a fault, as a client should.
type wire struct {
	world  *world
	client *http.Client
	bearer string
	tunnel bool
}

// newWire gives the workers different ways: straight or over the proxy, HTTP/1.1 or HTTP/2.
func newWire(w *world, worker int) *wire {
	x := &wire{world: w, tunnel: worker%2 == 1}
	x.client = w.Client(func(t *http.Transport) {
		if x.tunnel {
			t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: w.Info.Proxy})
			t.DialContext = nil
		}
		if t.ForceAttemptHTTP2 = worker/2%2 == 1; !t.ForceAttemptHTTP2 {
			t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		}
	})
	return x
}

// answer is what kindred answered.
type answer struct {
	status int
	body   []byte
}

// code is the error of a vault, or of Entra, the number of its first error; or else the status.
func (a answer) code() string {
	var vault struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	var entra struct {
		Codes []int `json:"error_codes"`
	}
	switch {
	case json.Unmarshal(a.body, &entra) == nil && len(entra.Codes) > 0:
		return fmt.Sprint(entra.Codes[0])
	case json.Unmarshal(a.body, &vault) == nil && vault.Error.Code != "":
		return vault.Error.Code
	default:
		return fmt.Sprint(a.status)
	}
}

func (x *wire) vault(ctx context.Context, method, vault, path, body string) (answer, error) {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	if strings.HasPrefix(path, "https://") { // a next page
		return x.do(ctx, method, path, "application/json", body)
	}
	return x.do(ctx, method, "https://"+vault+".vault.azure.net"+path+separator+"api-version=7.4", "application/json", body)
}

func (x *wire) do(ctx context.Context, method, address, kind, body string) (answer, error) {
	const attempts = 50
	for range attempts {
		q, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
		if err != nil {
			return answer{}, err
		}
		q.Header.Set("Content-Type", kind)
		if x.bearer != "" {
			q.Header.Set("Authorization", "Bearer "+x.bearer)
		}
		a, again, err := x.once(q)
		if err != nil || !again {
			return a, err
		}
	}
	return answer{}, fmt.Errorf("%s %s met %d faults, one after the other", method, address, attempts)
}

// once says whether the request met a fault.
func (x *wire) once(q *http.Request) (a answer, again bool, err error) {
	r, err := x.client.Do(q)
	if err == nil {
		a.status = r.StatusCode
		a.body, err = io.ReadAll(r.Body)
		err = errors.Join(err, r.Body.Close())
	}
	switch {
	case q.Context().Err() != nil:
		return a, false, context.Cause(q.Context())
	case errors.Is(err, syscall.ECONNREFUSED):
		return a, false, fmt.Errorf("kindred is gone: %w", err)
	case err != nil:
		x.world.dropped.Add(1)
		return a, true, nil
	case r.Header.Get("Retry-After") == faultMark && a.status == http.StatusTooManyRequests:
		x.world.throttled.Add(1)
		return a, true, nil
	case r.Header.Get("Retry-After") == faultMark:
		x.world.failed.Add(1)
		return a, true, nil
	}
	x.world.requests.Add(1)
	if x.tunnel {
		x.world.tunnels.Add(1)
	}
	if r.ProtoMajor == 2 {
		x.world.http2.Add(1)
	}
	if a.status >= http.StatusBadRequest {
		x.world.refused.Add(1)
	}
	return a, false, nil
}
