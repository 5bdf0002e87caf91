package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/scenarios/process"
)

// workload is what a load does, and what is aimed at: the most that its CPU time may be, as a ratio to
// that of the bound. Zero: there is no aim.
type workload struct {
	name  string
	aim   float64
	count int // requests a round
	mix   func(*caller, context.Context) (mix, error)
}

// mix is the requests of a load, one after the other and from the beginning again.
type mix []request

// The workloads. A read is the cheapest that there is, so it needs the most requests to be measured.
func workloads(tokens, reads int) []workload {
	return []workload{
		{"federated token", 1.08, tokens, one((*caller).federated)},
		{"client-secret token", 0, tokens, one((*caller).clientSecret)},
		{"secret read", 1.4, reads, one((*caller).read)},
		{"secret write", 0, reads, (*caller).writes},
		{"list page", 0, reads, one((*caller).list)},
		{"mixed", 0, reads, (*caller).mixed},
	}
}

// request is what a load repeats, and the answer it must have.
type request struct {
	method, url string
	header      http.Header
	body        string
	work        string // what its bound must do, beside answering
	answer      recorded
}

// recorded is an answer as it came.
type recorded struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
	Work   string      `json:"work"`
}

// The cryptography of a bound.
const (
	workSign   = "sign"
	workVerify = "verify and sign"
)

// caller makes requests as the identity that a shape's fixture has for it.
type caller struct {
	*process.Process
	shape  shape
	bearer string
}

// login gets the access token that the requests to vaults carry.
func login(ctx context.Context, p *process.Process, of shape) (*caller, error) {
	c := &caller{Process: p, shape: of}
	token, err := c.federated(ctx)
	if err != nil {
		return nil, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(token.answer.Body, &answer)
	c.bearer = answer.AccessToken
	return c, err
}

// federated swaps a service-account token for an access token.
func (c *caller) federated(ctx context.Context) (request, error) {
	form, err := c.Federated(ctx, c.shape.clientID(), control.TokenRequest{As: "default/" + c.shape.subject()})
	if err != nil {
		return request{}, err
	}
	return c.token(ctx, workVerify, form)
}

// clientSecret gets an access token as the application.
func (c *caller) clientSecret(ctx context.Context) (request, error) {
	form := process.ClientCredentials(application)
	form.Set("client_secret", appSecret)
	return c.token(ctx, workSign, form)
}

func (c *caller) token(ctx context.Context, work string, form url.Values) (request, error) {
	return c.first(ctx, request{
		method: http.MethodPost, url: c.TokenURL(), work: work,
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body: form.Encode(),
	})
}

// read reads one of the secrets in the middle.
func (c *caller) read(ctx context.Context) (request, error) {
	return c.vault(ctx, http.MethodGet, readVault, "/secrets/"+secretName(c.shape.secrets/2)+"/", "")
}

// list lists a page in the middle.
func (c *caller) list(ctx context.Context) (request, error) {
	return c.vault(ctx, http.MethodGet, readVault, "/secrets?maxresults=5", "")
}

// writes sets secrets, always the same few.
func (c *caller) writes(ctx context.Context) (mix, error) {
	const names = 64
	var m mix
	for i := range names {
		q, err := c.vault(ctx, http.MethodPut, writeVault, "/secrets/"+secretName(i), fmt.Sprintf(`{"value":"%032d"}`, i))
		if err != nil {
			return nil, err
		}
		m = append(m, q)
	}
	return m, nil
}

// mixed is 20 requests: 12 reads, 4 list pages, 3 writes and a federated token.
func (c *caller) mixed(ctx context.Context) (mix, error) {
	read, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	writes, err := c.writes(ctx)
	if err != nil {
		return nil, err
	}
	token, err := c.federated(ctx)
	if err != nil {
		return nil, err
	}
	half := mix{read, read, list, read, writes[0], read, read, list, read}
	return append(append(append(half, token), half...), writes[1]), nil
}

func one(f func(*caller, context.Context) (request, error)) func(*caller, context.Context) (mix, error) {
	return func(c *caller, ctx context.Context) (mix, error) {
		q, err := f(c, ctx)
		return mix{q}, err
	}
}

func (c *caller) vault(ctx context.Context, method, vault, path, body string) (request, error) {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return c.first(ctx, request{
		method: method, url: "https://" + vault + ".vault.azure.net" + path + separator + "api-version=7.4", body: body,
		header: http.Header{"Authorization": {"Bearer " + c.bearer}, "Content-Type": {"application/json"}},
	})
}

// first makes the request once and keeps its answer.
func (c *caller) first(ctx context.Context, q request) (request, error) {
	once := client(c.Process, 1)
	defer once.CloseIdleConnections()
	var err error
	q.answer, err = q.do(ctx, once)
	if err == nil && q.answer.Status != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", q.url, q.answer.Status, q.answer.Body)
	}
	q.answer.Work = q.work
	return q, err
}
