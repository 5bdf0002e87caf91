package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
)

// The shipped fixture's.
const (
	secretURL = "https://lgurret-demo-aks-wi.vault.azure.net/secrets/my-secret/?api-version=7.4"
	vaultURI  = "https://vault.azure.net/.default"
)

// tokenRequest swaps a service-account token for an access token.
func tokenRequest(ctx context.Context, s *server) (request, error) {
	api := control.NewClient(s.info.Control, "")
	w, err := api.Workload(ctx, "")
	if err != nil {
		return request{}, err
	}
	t, err := api.Token(ctx, control.TokenRequest{ExpiresIn: "1h"})
	if err != nil {
		return request{}, err
	}
	q := request{
		method: http.MethodPost,
		url:    w.Authority + w.TenantID + "/oauth2/v2.0/token",
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		body: url.Values{
			"grant_type":            {"client_credentials"},
			"client_id":             {w.ClientID},
			"scope":                 {vaultURI},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {t.Token},
		}.Encode(),
	}
	return q.first(ctx, s)
}

// readRequest reads a secret with a valid token.
func readRequest(ctx context.Context, s *server) (request, error) {
	token, err := tokenRequest(ctx, s)
	if err != nil {
		return request{}, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(token.answer.Body, &answer); err != nil {
		return request{}, err
	}
	q := request{method: http.MethodGet, url: secretURL, header: http.Header{"Authorization": {"Bearer " + answer.AccessToken}}}
	return q.first(ctx, s)
}

// first makes the request once and keeps its answer.
func (q request) first(ctx context.Context, s *server) (request, error) {
	c := s.client(1)
	defer c.CloseIdleConnections()
	var err error
	q.answer, err = q.do(ctx, c)
	if err == nil && q.answer.Status != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", q.url, q.answer.Status, q.answer.Body)
	}
	return q, err
}

// measureStart takes the time from starting the program to its first token: without any state, then
// with what that left.
func measureStart(ctx context.Context, program, work string, rounds int, out io.Writer) error {
	once := func(state string) (time.Duration, error) {
		begin := time.Now()
		s, err := startKindred(ctx, program, state)
		if err != nil {
			return 0, err
		}
		defer s.stop()
		_, err = tokenRequest(ctx, s)
		return time.Since(begin), err
	}
	var first, again []time.Duration
	for i := range rounds {
		state := filepath.Join(work, fmt.Sprint("start-", i))
		for _, times := range []*[]time.Duration{&first, &again} {
			took, err := once(state)
			if err != nil {
				return err
			}
			*times = append(*times, took)
		}
	}
	_, err := fmt.Fprintf(out, "from exec to the first token: %v without state, %v with it (medians of %d)\n",
		median(first).Round(time.Millisecond), median(again).Round(time.Millisecond), rounds)
	return err
}
