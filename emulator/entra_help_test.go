package emulator

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// The GUIDs of the directory that the tests of the token endpoint use.
const (
	tenantContoso  = "aaaaaaaa-0000-4000-8000-000000000001"
	tenantFabrikam = "aaaaaaaa-0000-4000-8000-000000000002" // in the US Government cloud
	tenantClosed   = "aaaaaaaa-0000-4000-8000-000000000003" // allows no federation
	identityID     = "cccccccc-0000-4000-8000-000000000001"
	identityOID    = "dddddddd-0000-4000-8000-000000000001"
	appID          = "cccccccc-0000-4000-8000-000000000002"
	appOID         = "dddddddd-0000-4000-8000-000000000002"
	flexibleID     = "cccccccc-0000-4000-8000-000000000003"
	disabledID     = "cccccccc-0000-4000-8000-000000000004"
	noSPID         = "cccccccc-0000-4000-8000-000000000005"
	blockedID      = "cccccccc-0000-4000-8000-000000000006"
	bareID         = "cccccccc-0000-4000-8000-000000000007" // has no credential of any sort
	fabrikamApp    = "cccccccc-0000-4000-8000-000000000008"
	closedApp      = "cccccccc-0000-4000-8000-000000000009"
	ordersID       = "eeeeeeee-0000-4000-8000-000000000001" // the resource api://orders

	aksIssuer  = "https://eastus.oic.prod-aks.azure.com/" + tenantContoso + "/bbbbbbbb-0000-4000-8000-000000000001/"
	downIssuer = "https://down.example/"
	workload   = "system:serviceaccount:default:workload-identity-sa"
	exchangeAs = "api://AzureADTokenExchange"
	mirid      = "/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/myIdentity"

	goodSecret = "s3cr3t~value"
	oldSecret  = "an0ther~value"
)

const (
	login      = "https://login.microsoftonline.com"
	vaultScope = "https://vault.azure.net/.default"
)

func tokenURL(tenant string) string { return login + "/" + tenant + "/oauth2/v2.0/token" }

// entraWire is a wire over a directory with a principal for every case of the token endpoint.
type entraWire struct {
	*wire
	cluster     *directory.Cluster
	certificate *x509.Certificate
}

func newEntraWire(t testing.TB, change ...func(*Options)) *entraWire {
	t.Helper()
	public, government := directory.Clouds()[0], directory.Clouds()[1]
	contoso := &directory.Tenant{ID: tenantContoso, Domain: "contoso.onmicrosoft.com", Cloud: public, Source: directory.Position{File: "f.yaml", Line: 2, Column: 3}}
	fabrikam := &directory.Tenant{ID: tenantFabrikam, Domain: "fabrikam.onmicrosoft.us", Cloud: government}
	closed := &directory.Tenant{ID: tenantClosed, Domain: "closed.example.com", Cloud: public, FederationDisabled: true}
	federated := []*directory.FederatedCredential{
		{Name: "aks", Issuer: aksIssuer, Subject: workload, Audience: exchangeAs},
		{Name: "down", Issuer: downIssuer, Subject: workload, Audience: exchangeAs},
	}
	expression, err := directory.ParseExpression("claims['sub'] matches 'system:serviceaccount:team-a:*'")
	require.NoError(t, err)
	e := &entraWire{
		cluster:     &directory.Cluster{Name: "aks", Issuer: aksIssuer, Tenant: contoso},
		certificate: testCertificate(t, 3, frozen.Add(24*time.Hour)),
	}
	app := func(t *directory.Tenant, name, clientID string, f ...*directory.FederatedCredential) *directory.Principal {
		return &directory.Principal{
			Kind: directory.Application, Name: name, ClientID: clientID, Tenant: t,
			PrincipalID: strings.Replace(clientID, "cccccccc", "dddddddd", 1), FederatedCredentials: f,
		}
	}
	identity := app(contoso, "myIdentity", identityID, federated...)
	identity.Kind, identity.ResourceID = directory.ManagedIdentity, mirid
	ci := app(contoso, "ci", appID, federated...)
	ci.Secrets = []directory.ClientSecret{{Value: oldSecret, Expires: frozen.Add(-time.Hour)}, {Value: goodSecret, Expires: frozen.Add(time.Hour)}}
	ci.Certificates = []*x509.Certificate{testCertificate(t, 1, frozen.Add(-time.Hour)), e.certificate}
	disabled, noSP, blocked := app(contoso, "off", disabledID, federated...), app(contoso, "ghost", noSPID, federated...), app(contoso, "blocked", blockedID, federated...)
	disabled.Disabled, noSP.NoServicePrincipal, blocked.ConditionalAccess = true, true, true
	foreign := app(fabrikam, "gov", fabrikamApp)
	foreign.Secrets = []directory.ClientSecret{{Value: goodSecret}}
	d := directory.New(directory.Contents{
		Tenants:  []*directory.Tenant{contoso, fabrikam, closed},
		Clusters: []*directory.Cluster{e.cluster},
		Principals: []*directory.Principal{
			identity, ci, disabled, noSP, blocked, foreign, app(contoso, "bare", bareID), app(closed, "closed", closedApp, federated...),
			app(contoso, "flexible", flexibleID, &directory.FederatedCredential{Name: "team-a", Issuer: aksIssuer, Audience: exchangeAs, Expression: expression}),
		},
		Resources: []*directory.Resource{{Name: "orders", URI: "api://orders", AppID: ordersID, Tenant: contoso}},
	})
	e.wire = newWire(t, d, change...)
	return e
}

// testCertificate is of the nth test key.
func testCertificate(t testing.TB, n int, until time.Time) *x509.Certificate {
	t.Helper()
	key, err := keystest.Key(n)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(n)), Subject: pkix.Name{CommonName: "ci"},
		NotBefore: frozen.Add(-48 * time.Hour), NotAfter: until,
	}
	der, err := x509.CreateCertificate(nil, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return certificate
}

func x5t(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// attempt is a token request in the making: the assertion is signed when it is sent.
type attempt struct {
	method, url string
	form        url.Values
	header      http.Header
	jose        map[string]any // of the assertion
	claims      map[string]any
	key         *rsa.PrivateKey // nil: the cluster's
	raw         string          // the assertion, where it is not a JWT
}

// federated is an attempt that succeeds: the workload of the cluster as the principal.
func (e *entraWire) federated(clientID string) *attempt {
	return &attempt{
		method: http.MethodPost,
		url:    tokenURL(tenantContoso),
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		form: url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {vaultScope},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {""},
		},
		jose: map[string]any{"alg": "RS256"},
		claims: map[string]any{
			"iss": aksIssuer, "sub": workload, "aud": []string{exchangeAs},
			"iat": frozen.Unix(), "nbf": frozen.Unix(), "exp": frozen.Add(time.Hour).Unix(),
		},
	}
}

// withSecret is an attempt that succeeds: the application with its secret.
func withSecret(secret string) *attempt {
	return &attempt{
		method: http.MethodPost,
		url:    tokenURL(tenantContoso),
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		form:   url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "scope": {vaultScope}, "client_secret": {secret}},
	}
}

// withCertificate is an attempt that succeeds: the application's own assertion.
func (e *entraWire) withCertificate(t *testing.T) *attempt {
	t.Helper()
	a := e.federated(appID)
	key, err := keystest.Key(3)
	require.NoError(t, err)
	a.key = key
	a.jose = map[string]any{"alg": "RS256", "typ": "JWT", "x5t": x5t(e.certificate)}
	a.claims = map[string]any{
		"iss": appID, "sub": appID, "aud": tokenURL(tenantContoso), "jti": "1",
		"nbf": frozen.Unix(), "exp": frozen.Add(10 * time.Minute).Unix(),
	}
	return a
}

func (e *entraWire) send(t *testing.T, a *attempt) *http.Response {
	t.Helper()
	if a.form.Has("client_assertion") {
		a.form.Set("client_assertion", e.assertion(t, a))
	}
	q := httptest.NewRequestWithContext(t.Context(), a.method, a.url, strings.NewReader(a.form.Encode()))
	q.Header = a.header
	return e.do(q)
}

func (e *entraWire) assertion(t testing.TB, a *attempt) string {
	t.Helper()
	if a.raw != "" {
		return a.raw
	}
	ring, err := e.store.Ring(ClusterRing(e.cluster.Name))
	require.NoError(t, err)
	if a.key == nil {
		if _, ok := a.jose["kid"]; !ok {
			a.jose["kid"] = ring.Current().ID()
		}
	}
	header, err := json.Marshal(a.jose)
	require.NoError(t, err)
	claims, err := json.Marshal(a.claims)
	require.NoError(t, err)
	if a.key == nil {
		signed, err := ring.Current().Sign(header, claims)
		require.NoError(t, err)
		return signed
	}
	return signWith(t, a.key, a.jose["alg"], header, claims)
}

// signWith signs with RSASSA-PSS where the header's alg is PS256, and as RS256 where it is anything
// else.
func signWith(t testing.TB, key *rsa.PrivateKey, alg any, header, claims []byte) string {
	t.Helper()
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if alg == "PS256" {
		signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
	require.NoError(t, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// last is the newest record of the journal.
func (e *entraWire) last(t *testing.T) journal.Record {
	t.Helper()
	records := e.journal.Records()
	require.NotEmpty(t, records)
	return records[len(records)-1]
}

func bodyOf(t *testing.T, r *http.Response) string {
	t.Helper()
	defer func() { require.NoError(t, r.Body.Close()) }()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(body)
}

func decodeInto(t *testing.T, r *http.Response, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(bodyOf(t, r)), v))
}

// parts are the header and payload of a JWT, decoded.
func parts(t *testing.T, token string) (header, payload string) {
	t.Helper()
	segments := strings.Split(token, ".")
	require.Len(t, segments, 3)
	h, err := base64.RawURLEncoding.DecodeString(segments[0])
	require.NoError(t, err)
	p, err := base64.RawURLEncoding.DecodeString(segments[1])
	require.NoError(t, err)
	return string(h), string(p)
}

func testKey(t *testing.T, n int) *rsa.PrivateKey {
	t.Helper()
	key, err := keystest.Key(n)
	require.NoError(t, err)
	return key
}
