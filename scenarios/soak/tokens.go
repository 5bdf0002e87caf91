package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/scenarios/process"
)

// login gets the access token that the worker's requests carry.
func (w *worker) login(ctx context.Context) error {
	form, err := w.world.Federated(ctx, workerID, control.TokenRequest{As: "default/worker"})
	if err != nil {
		return err
	}
	token, err := w.token(ctx, form, "")
	w.bearer = token
	return err
}

// token makes a token request that must be answered with a token, or with the number of an error.
func (w *worker) token(ctx context.Context, form url.Values, refusal string) (string, error) {
	w.world.tokens.Add(1)
	a, err := w.do(ctx, http.MethodPost, w.world.TokenURL(), "application/x-www-form-urlencoded", form.Encode())
	if err != nil {
		return "", err
	}
	if refusal != "" {
		if a.code() != refusal || a.status < http.StatusBadRequest {
			return "", fmt.Errorf("%d %s was answered, AADSTS%s must be", a.status, a.body, refusal)
		}
		return "", nil
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if a.status != http.StatusOK {
		return "", fmt.Errorf("%d %s was answered, a token must be", a.status, a.body)
	}
	err = json.Unmarshal(a.body, &token)
	return token.Access, err
}

// anyToken asks for a token, with something that is good or with something that is not.
func (w *worker) anyToken(ctx context.Context, _ string) error {
	worker := control.TokenRequest{As: "default/worker"}
	with := func(f func(*control.TokenRequest)) *control.TokenRequest {
		q := worker
		f(&q)
		return &q
	}
	cases := []struct {
		assertion      *control.TokenRequest
		client, secret string
		refusal        string
	}{
		{&worker, workerID, "", ""},
		{with(func(q *control.TokenRequest) { q.As = "default/stranger" }), workerID, "", "700213"},
		{with(func(q *control.TokenRequest) { q.Audience = "api://wrong" }), workerID, "", "700212"},
		{with(func(q *control.TokenRequest) { q.ExpiresIn = "-1h" }), workerID, "", "700024"},
		{with(func(q *control.TokenRequest) { q.Key = "foreign" }), workerID, "", "7000274"},
		{&worker, "30000000-0000-4000-8000-000000000001", "", "700016"},
		{nil, appID, appSecret, ""},
		{nil, appID, "wrong", "7000215"},
	}
	c := cases[w.random.IntN(len(cases))]
	form := process.ClientCredentials(c.client)
	if c.assertion != nil {
		var err error
		if form, err = w.world.Federated(ctx, c.client, *c.assertion); err != nil {
			return err
		}
	} else {
		form.Set("client_secret", c.secret)
	}
	token, err := w.token(ctx, form, c.refusal)
	if err == nil && token != "" && c.client == workerID {
		w.bearer = token
	}
	return err
}

// refused reads with a token that is good for something else, or with none.
func (w *worker) refused(ctx context.Context, name string) error {
	bearer := w.bearer
	defer func() { w.bearer = bearer }()
	vault, refusal := w.vaultName, "Unauthorized"
	switch w.random.IntN(4) {
	case 0:
		w.bearer = ""
	case 1:
		w.bearer += "x"
	case 2:
		vault = otherVault
	default:
		form := process.ClientCredentials(appID)
		form.Set("client_secret", appSecret)
		token, err := w.token(ctx, form, "")
		if err != nil {
			return err
		}
		w.bearer, refusal = token, "Forbidden"
	}
	a, err := w.vault(ctx, http.MethodGet, vault, "/secrets/"+name, "")
	if err != nil {
		return err
	}
	if a.code() != refusal {
		return fmt.Errorf("%d %s was answered, %s must be", a.status, a.body, refusal)
	}
	return nil
}
