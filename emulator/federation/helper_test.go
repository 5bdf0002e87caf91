package federation

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

const (
	testIssuer  = "https://eastus.oic.prod-aks.azure.com/tenant/cluster/"
	testSubject = "system:serviceaccount:default:workload-identity-sa"
	testKeyID   = "key-0"
	audience    = "api://AzureADTokenExchange"
)

var frozen = time.Date(2026, 3, 4, 5, 6, 7, 150113700, time.UTC)

type members = map[string]any

// with is a copy of members, changed; nil removes one.
func with(of members, changes members) members {
	m := maps.Clone(of)
	for name, value := range changes {
		if m[name] = value; value == nil {
			delete(m, name)
		}
	}
	return m
}

func goodHeader() members { return members{"alg": "RS256", "kid": testKeyID} }

func goodClaims() members {
	return members{
		"iss": testIssuer, "sub": testSubject, "aud": []string{audience},
		"iat": frozen.Unix(), "nbf": frozen.Unix(), "exp": frozen.Unix() + 3600,
	}
}

func testKey(tb testing.TB, n int) *rsa.PrivateKey {
	tb.Helper()
	key, err := keystest.Key(n)
	require.NoError(tb, err)
	return key
}

func encode(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	require.NoError(tb, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

// sign makes a JWT as its header's alg says.
func sign(tb testing.TB, key *rsa.PrivateKey, header, claims members) string {
	tb.Helper()
	signed := encode(tb, header) + "." + encode(tb, claims)
	alg, _ := header["alg"].(string)
	hash, ok := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[strings.TrimLeft(alg, "RPS")]
	if !ok {
		return signed + "."
	}
	h := hash.New()
	h.Write([]byte(signed))
	var signature []byte
	var err error
	if alg[0] == 'P' {
		signature, err = rsa.SignPSS(rand.Reader, key, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		signature, err = rsa.SignPKCS1v15(nil, key, hash, h.Sum(nil))
	}
	require.NoError(tb, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// assertion is a good one, its claims changed.
func assertion(tb testing.TB, changes members) *Assertion {
	tb.Helper()
	a, err := Parse(sign(tb, testKey(tb, 0), goodHeader(), with(goodClaims(), changes)))
	require.NoError(tb, err)
	return a
}

func publicJWK(key *rsa.PrivateKey, id string) members {
	return members{
		"use": "sig", "kty": "RSA", "kid": id, "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}

// web is the issuers of a test, without a network: a document or handler for each URL.
type web struct {
	pages map[string]any // a status, text, a JSON value, or a func(*http.Request) (*http.Response, error)
	count atomic.Int64   // requests
}

const (
	testDiscovery = testIssuer + ".well-known/openid-configuration"
	testJWKS      = testIssuer + "openid/v1/jwks"
)

// newWeb has the one good issuer.
func newWeb(tb testing.TB) *web {
	tb.Helper()
	return &web{pages: map[string]any{
		testDiscovery: discovery(nil),
		testJWKS:      members{"keys": []any{publicJWK(testKey(tb, 0), testKeyID)}},
	}}
}

func discovery(changes members) members {
	return with(members{
		"issuer": testIssuer, "jwks_uri": testJWKS, "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	}, changes)
}

func (w *web) RoundTrip(q *http.Request) (*http.Response, error) {
	w.count.Add(1)
	switch page := w.pages[q.URL.String()].(type) {
	case nil:
		return respond(http.StatusNotFound, strings.NewReader("not found")), nil
	case func(*http.Request) (*http.Response, error):
		return page(q)
	case int:
		return respond(page, strings.NewReader("no document")), nil
	case string:
		return respond(http.StatusOK, strings.NewReader(page)), nil
	default:
		text, err := json.Marshal(page)
		return respond(http.StatusOK, bytes.NewReader(text)), err
	}
}

func respond(status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body)}
}

func redirect(to string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		r := respond(http.StatusFound, http.NoBody)
		r.Header.Set("Location", to)
		return r, nil
	}
}

func fail(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

var testTenant = &directory.Tenant{ID: "5f6c7e1a-0000-4000-8000-000000000001", Domain: "contoso.onmicrosoft.com", Cloud: directory.Clouds()[0]}

// identity is a managed identity with these credentials.
func identity(credentials ...*directory.FederatedCredential) *directory.Principal {
	return &directory.Principal{
		Kind: directory.ManagedIdentity, Name: "myIdentity",
		ClientID:             "11111111-0000-4000-8000-000000000001",
		ResourceID:           "/subscriptions/s/resourcegroups/WorkloadIdentityResourceGroup/providers/Microsoft.ManagedIdentity/userAssignedIdentities/myIdentity",
		Tenant:               testTenant,
		FederatedCredentials: credentials,
		Source:               directory.Position{File: "azure.yaml", Line: 9, Column: 3},
	}
}

// credential is the good one, its fields changed.
func credential(changes ...func(*directory.FederatedCredential)) *directory.FederatedCredential {
	at := func(line int) directory.Position {
		return directory.Position{File: "azure.yaml", Line: line, Column: 9}
	}
	c := &directory.FederatedCredential{
		Name: "myFedIdentity", Issuer: testIssuer, Subject: testSubject, Audience: audience,
		Source: directory.FederatedCredentialSource{Credential: at(10), Issuer: at(11), Subject: at(12), Audience: at(13)},
	}
	for _, f := range changes {
		f(c)
	}
	return c
}

func flexible(tb testing.TB, expression string) *directory.FederatedCredential {
	tb.Helper()
	e, err := directory.ParseExpression(expression)
	require.NoError(tb, err)
	return credential(func(c *directory.FederatedCredential) { c.Subject, c.Expression, c.Name = "", e, "flexible" })
}

// clock is a frozen one that a test moves.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(frozen.UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) move(d time.Duration) { c.at.Add(int64(d)) }

// newVerifier is a verifier over a web and the principals, on a frozen clock.
func newVerifier(w http.RoundTripper, principals ...*directory.Principal) (*Verifier, *clock) {
	c := newClock()
	return New(Config{
		Client:    &http.Client{Transport: w},
		Directory: directory.New(directory.Contents{Tenants: []*directory.Tenant{testTenant}, Principals: principals}),
		Now:       c.now,
	}), c
}

// refusal is err as an error of the catalogue, by its row.
func refusal(tb testing.TB, err error, row *apierr.Row) *apierr.Error {
	tb.Helper()
	var e *apierr.Error
	require.True(tb, errors.As(err, &e), "%v", err)
	require.Equal(tb, row.ID(), e.ID(), e.Message)
	require.Same(tb, row, e.Row)
	require.NotNil(tb, e.Explanation)
	require.NotEmpty(tb, e.Explanation.Summary)
	return e
}
