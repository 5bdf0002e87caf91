package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	wrong := "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '"
	for name, c := range map[string]struct {
		clientID, secret string
		fault
	}{
		"wrong":            {appID, "nope", fault{number: 7000215, uri: true, text: wrong + appID + "'.", cause: "wrong-secret"}},
		"the secret's id":  {appID, unknownGUID, fault{number: 7000215, uri: true, text: wrong + appID + "'.", cause: "secret-id-as-secret"}},
		"none":             {bareID, goodSecret, fault{number: 7000215, uri: true, text: wrong + bareID + "'.", cause: "no-secrets"}},
		"managed identity": {identityID, goodSecret, fault{number: 7000215, uri: true, text: wrong + identityID + "'.", cause: "secret-of-managed-identity"}},
		"expired": {appID, oldSecret, fault{
			number: 7000222, cause: "secret-expired",
			text: "The provided client secret keys for app '" + appID + "' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := withSecret(c.secret)
			a.form.Set("client_id", c.clientID)
			c.code, c.status = "invalid_client", http.StatusUnauthorized
			checkRefusal(t, e, e.send(t, a), c.fault)
		})
	}
	e.succeed(t, withSecret(goodSecret))
	e.time = e.time.Add(time.Hour)
	e.send(t, withSecret(goodSecret))
	assert.Equal(t, "AADSTS7000222", e.last(t).Error.ID, "it expires with the clock")
}

func TestBasicAuthorization(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	a := withSecret("")
	a.form.Del("client_secret")
	a.form.Del("client_id")
	id, secret := url.QueryEscape(appID), url.QueryEscape(goodSecret)
	a.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	e.succeed(t, a)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	long := sha256.Sum256(e.certificate.Raw)
	short, err := base64.RawURLEncoding.DecodeString(x5t(e.certificate))
	require.NoError(t, err)
	for name, change := range map[string]func(a *attempt){
		"x5t":        func(*attempt) {},
		"x5t padded": func(a *attempt) { a.jose["x5t"] = x5t(e.certificate) + "=" },
		"x5t#S256": func(a *attempt) {
			delete(a.jose, "x5t")
			a.jose["x5t#S256"] = base64.RawURLEncoding.EncodeToString(long[:])
		},
		"kid":             func(a *attempt) { delete(a.jose, "x5t"); a.jose["kid"] = strings.ToUpper(hex.EncodeToString(short)) },
		"PS256":           func(a *attempt) { a.jose["alg"] = "PS256" },
		"v1 audience":     func(a *attempt) { a.claims["aud"] = login + "/contoso.onmicrosoft.com/oauth2/token" },
		"issuer audience": func(a *attempt) { a.claims["aud"] = "https://login.windows.net/" + tenantContoso + "/v2.0" },
		"tenant audience": func(a *attempt) { a.claims["aud"] = login + "/" + tenantContoso + "/" },
		"localhost": func(a *attempt) {
			a.url = "https://localhost:8443/" + tenantContoso + "/oauth2/v2.0/token"
			a.claims["aud"] = a.url
		},
		"upper-case issuer": func(a *attempt) { a.claims["iss"] = strings.ToUpper(appID) },
	} {
		t.Run(name, func(t *testing.T) {
			a := e.withCertificate(t)
			change(a)
			got := e.succeed(t, a)
			_, payload := parts(t, got.Token)
			assert.Contains(t, payload, `"appidacr":"2"`)
		})
	}
}

func TestCertificateRefusals(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	keysOf := "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '" + appID + "'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/" + appID + "']."
	thumb := func(x5t string) string {
		sum, err := base64.RawURLEncoding.DecodeString(x5t)
		require.NoError(t, err)
		return strings.ToUpper(hex.EncodeToString(sum))
	}
	old := testCertificate(t, 1, frozen.Add(-time.Hour))
	unknown := base64.RawURLEncoding.EncodeToString(make([]byte, 20))
	none := testKey(t, 2)
	for name, c := range map[string]struct {
		change func(a *attempt)
		fault
	}{
		"unknown": {func(a *attempt) { a.jose["x5t"] = unknown }, fault{
			number: 700027, uri: true, cause: "unknown-certificate",
			text: "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '" + strings.Repeat("00", 20) + "', " + keysOf,
		}},
		"expired": {func(a *attempt) { a.jose["x5t"] = x5t(old) }, fault{
			number: 700027, uri: true, cause: "certificate-expired",
			text: "The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired., Thumbprint of key used by client: '" + thumb(x5t(old)) + "', Found key 'Start=03/02/2026 05:06:07, End=03/04/2026 04:06:07', " + keysOf,
		}},
		"signature": {func(a *attempt) { a.key = none }, fault{
			number: 700027, uri: true, cause: "certificate-signature",
			text: "Client assertion contains an invalid signature. [Reason - The provided signature value did not match the expected signature value., Thumbprint of key used by client: '" + thumb(x5t(e.certificate)) + "', Found key 'Start=03/02/2026 05:06:07, End=03/05/2026 05:06:07', " + keysOf,
		}},
		"subject":        {func(a *attempt) { a.claims["sub"] = "ci" }, fault{number: 700021, cause: "assertion-of-another-client", text: "Client assertion application identifier doesn't match 'client_id' parameter."}},
		"another client": {func(a *attempt) { a.claims["iss"] = bareID }, fault{number: 700021, cause: "assertion-of-another-client", text: "Client assertion application identifier doesn't match 'client_id' parameter."}},
		"audience": {func(a *attempt) { a.claims["aud"] = tokenURL(tenantFabrikam) }, fault{
			number: 700023, cause: "assertion-audience",
			text: "Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		}},
		"expired assertion": {func(a *attempt) { a.claims["exp"] = frozen.Unix() }, fault{
			number: 700024, uri: true, cause: "assertion-expired",
			text: "Client assertion is not within its valid time range. Current time: 2026-03-04T05:06:07.0000000Z, assertion valid from 2026-03-04T05:06:07.0000000Z, expiry time of assertion 2026-03-04T05:06:07.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := e.withCertificate(t)
			c.change(a)
			c.code, c.status = "invalid_client", http.StatusUnauthorized
			checkRefusal(t, e, e.send(t, a), c.fault)
		})
	}
}
