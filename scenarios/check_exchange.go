package scenarios

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// exchange swaps the assertion for an access token and, where the check speaks of one, reads
// the secret.
func (c *checker) exchange(ctx context.Context) (result, error) {
	p := c.check.As
	cloud := p.Tenant.Cloud
	var answer struct {
		Token string `json:"access_token"`
		Codes []int  `json:"error_codes"`
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {p.ClientID}, "scope": {cloud.VaultResource() + "/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {c.token},
	}
	if err := c.do(ctx, http.MethodPost, "https://"+cloud.LoginHost()+"/"+p.Tenant.ID+"/oauth2/v2.0/token", "", form.Encode(), &answer); err != nil {
		return result{}, err
	}
	if len(answer.Codes) > 0 {
		return result{codes: []string{"AADSTS" + strconv.Itoa(answer.Codes[0])}}, nil
	}
	claims, err := claimsOf(answer.Token)
	if err != nil {
		return result{}, err
	}
	r := result{claims: claims}
	if c.check.Expect.Secret == "" {
		return r, nil
	}
	return c.read(ctx, r, answer.Token)
}

func (c *checker) read(ctx context.Context, r result, token string) (result, error) {
	var answer struct {
		Value string `json:"value"`
		Error struct {
			Code  string `json:"code"`
			Inner struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}
	host := c.check.Expect.Vault + "." + c.check.As.Tenant.Cloud.VaultSuffix
	address := "https://" + host + "/secrets/" + url.PathEscape(c.check.Expect.Secret) + "?api-version=7.4"
	if err := c.do(ctx, http.MethodGet, address, token, "", &answer); err != nil {
		return r, err
	}
	for _, code := range []string{answer.Error.Code, answer.Error.Inner.Code} {
		if code != "" {
			r.codes = append(r.codes, code)
		}
	}
	r.read, r.value = true, answer.Value
	return r, nil
}

// do makes one request; an answer that is no JSON is an error.
func (c *checker) do(ctx context.Context, method, address, token, body string, answer any) (err error) {
	q, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("client-request-id", c.id)
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	} else {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r, err := c.e.Client().Do(q)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r.Body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return err
	}
	return json.Unmarshal(data, answer)
}

// explanation is that of the check's last refused request.
func (c *checker) explanation() *apierr.Explanation {
	var last *apierr.Explanation
	for _, r := range c.e.Journal().Records() {
		if r.CorrelationID == c.id && r.Refused() {
			last = r.Explanation
		}
	}
	return last
}

// claimsOf reads the claims of a token that the emulator has just made.
func claimsOf(token string) (map[string]any, error) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil, fmt.Errorf("access token: %w", err)
	}
	var claims map[string]any
	return claims, json.Unmarshal(data, &claims)
}
