package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

// zeros makes the identifiers of tokens the same every time.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func fixedIdentifiers(o *Options) { o.Rand = zeros{} }

type tokenAnswer struct {
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
	Token     string `json:"access_token"`
}

// succeed sends an attempt that has to be answered with a token.
func (e *entraWire) succeed(t *testing.T, a *attempt) tokenAnswer {
	t.Helper()
	r := e.send(t, a)
	body := bodyOf(t, r)
	require.Equal(t, http.StatusOK, r.StatusCode, body)
	var got tokenAnswer
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, "Bearer", got.Type)
	return got
}

// audienceOf is the aud claim, its token verified with the keys that Entra publishes.
func (e *entraWire) audienceOf(t *testing.T, token string) string {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	payload, err := jws.Verify(e.publishedKey(t, jws.Signatures[0].Header.KeyID))
	require.NoError(t, err)
	var claims struct {
		Audience string `json:"aud"`
	}
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims.Audience
}

func (e *entraWire) publishedKey(t *testing.T, kid string) *jose.JSONWebKey {
	t.Helper()
	var set jose.JSONWebKeySet
	decodeInto(t, e.get(t, login+"/common/discovery/v2.0/keys"), &set)
	keys := set.Key(kid)
	require.Len(t, keys, 1)
	return &keys[0]
}

func (e *entraWire) get(t *testing.T, address string) *http.Response {
	t.Helper()
	return e.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))
}

func checkTokenHeaders(t *testing.T, r *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control":             "no-store, no-cache",
		"Pragma":                    "no-cache",
		"Expires":                   "-1",
		"Content-Type":              "application/json; charset=utf-8",
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
		"X-Content-Type-Options":    "nosniff",
		"P3P":                       `CP="DSP CUR OTPi IND OTRi ONL FIN"`,
		"x-ms-srs":                  "1.P",
		"X-XSS-Protection":          "0",
		"x-ms-ests-server":          "2.1.16522.6 - JPE ProdSlices",
	} {
		assert.Equal(t, want, r.Header.Get(name), name)
	}
	guid := `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`
	assert.Regexp(t, guid, r.Header.Get("x-ms-request-id"))
	assert.Regexp(t, guid, r.Header.Get("client-request-id"))
	var cookies []string
	for _, c := range r.Cookies() {
		assert.True(t, c.Secure && c.HttpOnly && c.Path == "/" && c.SameSite == http.SameSiteNoneMode, c.Raw)
		cookies = append(cookies, c.Name)
	}
	assert.Equal(t, []string{"fpc", "x-ms-gateway-slice", "stsservicecookie"}, cookies)
}

func TestFederatedManagedIdentity(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t, fixedIdentifiers)
	a := e.federated(identityID)
	a.header.Set("client-request-id", "99999999-0000-4000-8000-000000000009")
	r := e.send(t, a)
	checkTokenHeaders(t, r)
	assert.Equal(t, "99999999-0000-4000-8000-000000000009", r.Header.Get("client-request-id"))

	body := bodyOf(t, r)
	require.Equal(t, http.StatusOK, r.StatusCode, body)
	var got tokenAnswer
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, `{"token_type":"Bearer","expires_in":86399,"ext_expires_in":86399,"access_token":"`+got.Token+`"}`, body)

	head, payload := parts(t, got.Token)
	kid := e.entra.Keys.Current().Thumbprint()
	assert.Equal(t, `{"typ":"JWT","alg":"RS256","x5t":"`+kid+`","kid":"`+kid+`"}`, head)
	assert.Equal(t, `{"aud":"https://vault.azure.net","iss":"https://sts.windows.net/`+tenantContoso+`/",`+
		`"iat":1772600767,"nbf":1772600767,"exp":1772687167,"aio":"`+strings.Repeat("A", 48)+`",`+
		`"appid":"`+identityID+`","appidacr":"2","idp":"https://sts.windows.net/`+tenantContoso+`/","idtyp":"app",`+
		`"oid":"`+identityOID+`","rh":"1.`+strings.Repeat("A", 56)+`.","sub":"`+identityOID+`","tid":"`+tenantContoso+`",`+
		`"uti":"`+strings.Repeat("A", 22)+`","ver":"1.0","xms_mirid":"`+mirid+`"}`, payload)
	assert.Equal(t, "https://vault.azure.net", e.audienceOf(t, got.Token))

	records := e.journal.Records()
	record := records[0]
	for _, candidate := range records {
		if candidate.Route == "token" {
			record = candidate
		}
	}
	assert.Equal(t, tenantContoso, record.Tenant)
	assert.Equal(t, identityID, record.Client)
	require.NotNil(t, record.Presented)
	assert.Equal(t, workload, record.Presented.Subject)
	assert.Equal(t, aksIssuer, record.Presented.Issuer)
	assert.Empty(t, record.Divergences)
}

func TestFederatedApplication(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t, fixedIdentifiers)
	got := e.succeed(t, e.federated(appID))
	assert.Equal(t, 3599, got.ExpiresIn)
	_, payload := parts(t, got.Token)
	assert.Equal(t, `{"aud":"https://vault.azure.net","iss":"https://sts.windows.net/`+tenantContoso+`/",`+
		`"iat":1772600767,"nbf":1772600767,"exp":1772604367,"aio":"`+strings.Repeat("A", 48)+`",`+
		`"appid":"`+appID+`","appidacr":"2","idp":"https://sts.windows.net/`+tenantContoso+`/",`+
		`"oid":"`+appOID+`","rh":"1.`+strings.Repeat("A", 56)+`.","sub":"`+appOID+`","tid":"`+tenantContoso+`",`+
		`"uti":"`+strings.Repeat("A", 22)+`","ver":"1.0"}`, payload)
}

func TestFlexibleCredential(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	a := e.federated(flexibleID)
	a.claims["sub"] = "system:serviceaccount:team-a:anything"
	e.succeed(t, a)
}

func TestTokenV1(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	a := withSecret(goodSecret)
	a.url = login + "/contoso.onmicrosoft.com/oauth2/token"
	a.form.Del("scope")
	a.form.Set("resource", "https://vault.azure.net/")
	r := e.send(t, a)
	body := bodyOf(t, r)
	require.Equal(t, http.StatusOK, r.StatusCode, body)
	var got struct {
		Token string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, `{"token_type":"Bearer","expires_in":"3599","ext_expires_in":"3599","expires_on":"1772604367",`+
		`"not_before":"1772600767","resource":"https://vault.azure.net/","access_token":"`+got.Token+`"}`, body)
	_, payload := parts(t, got.Token)
	assert.Contains(t, payload, `"appidacr":"1"`)
	assert.Contains(t, payload, `"aud":"https://vault.azure.net"`)
}

// The tutorial's curl: a GET that carries multipart/form-data, and a doubled slash.
func TestTutorialsCurl(t *testing.T) {
	t.Parallel()
	request := func(t *testing.T, e *entraWire, method string) *http.Request {
		t.Helper()
		a := e.federated(identityID)
		a.form.Set("client_assertion", e.assertion(t, a)+"\n")
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for _, name := range []string{"grant_type", "client_id", "scope", "client_assertion_type", "client_assertion"} {
			require.NoError(t, form.WriteField(name, a.form.Get(name)))
		}
		require.NoError(t, form.Close())
		q := httptest.NewRequestWithContext(t.Context(), method, login+"//"+tenantContoso+"/oauth2/v2.0/token", &body)
		q.Header.Set("Content-Type", form.FormDataContentType())
		return q
	}
	t.Run("served and noted", func(t *testing.T) {
		t.Parallel()
		e := newEntraWire(t)
		r := e.do(request(t, e, http.MethodGet))
		require.Equal(t, http.StatusOK, r.StatusCode, bodyOf(t, r))
		assert.Equal(t, []string{"a GET with a body was served; Entra answers it with AADSTS900561"}, e.last(t).Divergences)
	})
	t.Run("strict", func(t *testing.T) {
		t.Parallel()
		e := newEntraWire(t, func(o *Options) { o.Strict = true })
		checkRefusal(t, e, e.do(request(t, e, http.MethodGet)), fault{
			number: 900561, code: "invalid_request", status: http.StatusMethodNotAllowed,
			text:  "The endpoint only accepts POST, OPTIONS requests. Received a GET request.",
			cause: "get-in-strict",
		})
		r := e.do(request(t, e, http.MethodPost))
		assert.Equal(t, http.StatusOK, r.StatusCode, bodyOf(t, r))
	})
}

func TestMethods(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		r := e.do(httptest.NewRequestWithContext(t.Context(), method, tokenURL(tenantContoso), nil))
		assert.Equal(t, http.StatusMethodNotAllowed, r.StatusCode, method)
		assert.Equal(t, "AADSTS900561", e.last(t).Error.ID, method)
		assert.Contains(t, e.last(t).Error.Message, "Received a "+method+" request.")
	}
	r := e.do(httptest.NewRequestWithContext(t.Context(), http.MethodOptions, tokenURL(tenantContoso), nil))
	assert.Equal(t, http.StatusOK, r.StatusCode)
	assert.Equal(t, "POST, OPTIONS", r.Header.Get("Allow"))
	assert.Empty(t, bodyOf(t, r))

	r = e.do(httptest.NewRequestWithContext(t.Context(), http.MethodPost, login+"/"+tenantContoso+"/oauth2/v2.0/devicecode", nil))
	assert.Equal(t, http.StatusNotFound, r.StatusCode)
	assert.Equal(t, "AADSTS90006", e.last(t).Error.ID)
}

func TestBodiesWithoutParameters(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	form := withSecret(goodSecret).form.Encode()
	for name, c := range map[string]struct{ contentType, query, body, cause string }{
		"json":            {"application/json", "", `{"grant_type":"client_credentials"}`, "body-not-a-form"},
		"no content type": {"", "", form, "body-not-a-form"},
		"query":           {"application/x-www-form-urlencoded", "?" + form, "", "parameter-in-query"},
		"broken multipart": {
			"multipart/form-data; boundary=x", "", "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient", "",
		},
		"no boundary": {"multipart/form-data", "", form, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tokenURL(tenantContoso)+c.query, strings.NewReader(c.body))
			q.Header.Set("Content-Type", c.contentType)
			checkRefusal(t, e, e.do(q), fault{
				number: 900144, code: "invalid_request", status: http.StatusBadRequest, uri: true,
				text: "The request body must contain the following parameter: 'grant_type'.", cause: c.cause,
			})
		})
	}
}

func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	a := withSecret(goodSecret)
	a.form.Set("claims", strings.Repeat("x", 1<<20))
	checkRefusal(t, e, e.send(t, a), fault{
		number: 90015, code: "invalid_request", status: http.StatusRequestEntityTooLarge,
		text: "The request is larger than the 1048576 bytes that are accepted.",
	})
}

func TestResources(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	for scope, audience := range map[string]string{
		vaultScope:                                          "https://vault.azure.net",
		"https://vault.azure.net//.default":                 "https://vault.azure.net",
		"https://vault.azure.net:443/.default":              "https://vault.azure.net",
		vaultScope + " openid offline_access profile":       "https://vault.azure.net",
		vaultScope + " https://vault.azure.net//.default":   "https://vault.azure.net",
		"https://vault.localhost:8443/.default":             "https://vault.azure.net",
		"https://vault.localhost/.default":                  "https://vault.azure.net",
		"cfa8b339-82a2-471a-a3c9-0fc0be7a4093/.default":     "https://vault.azure.net",
		"api://orders/.default":                             "api://orders",
		ordersID + "/.default":                              ordersID,
		"https://graph.microsoft.com/.default":              "https://graph.microsoft.com",
		"https://management.azure.com/.default":             "https://management.azure.com",
		"https://management.core.windows.net//.default":     "https://management.core.windows.net/",
		"https://storage.azure.com/.default openid profile": "https://storage.azure.com",
	} {
		a := withSecret(goodSecret)
		a.form.Set("scope", scope)
		assert.Equal(t, audience, e.audienceOf(t, e.succeed(t, a).Token), scope)
	}
}

func TestGovernmentTenant(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	for _, host := range []string{"login.microsoftonline.us", "localhost:8443"} {
		a := withSecret(goodSecret)
		a.url = "https://" + host + "/" + tenantFabrikam + "/oauth2/v2.0/token"
		a.form.Set("client_id", fabrikamApp)
		a.form.Set("scope", "https://vault.usgovcloudapi.net/.default")
		got := e.succeed(t, a)
		assert.Equal(t, "https://vault.usgovcloudapi.net", e.audienceOf(t, got.Token), host)
	}
}

// The journal is shown to people: nothing that opens a door may be in it.
func TestNoSecretsInTheJournal(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	a := e.federated(identityID)
	token := e.succeed(t, a).Token
	e.succeed(t, withSecret(goodSecret))
	a = withSecret(goodSecret)
	a.form.Set("client_id", goodSecret) // a mix-up
	e.send(t, a)
	e.send(t, withSecret("almost-"+goodSecret))
	var kept strings.Builder
	for _, r := range e.journal.Records() {
		r.Error = nil // Entra's own text repeats the client id
		fmt.Fprintf(&kept, "%+v %+v %+v", r, r.Presented, r.Explanation)
	}
	for _, secret := range []string{token, a.form.Get("client_assertion"), goodSecret} {
		if secret != "" {
			assert.NotContains(t, kept.String(), secret)
		}
	}
}
