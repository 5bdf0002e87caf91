package emulator

import (
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/keys"
)

// The documents below are golden: BASE is the URL of the tenant, and the order of the members counts.
const (
	documentV2 = `{"token_endpoint":"BASE/oauth2/v2.0/token","token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt","client_secret_basic"],` +
		`"jwks_uri":"BASE/discovery/v2.0/keys","response_modes_supported":["query","fragment","form_post"],"subject_types_supported":["pairwise"],` +
		`"id_token_signing_alg_values_supported":["RS256"],"response_types_supported":["code","id_token","code id_token","id_token token"],` +
		`"scopes_supported":["openid","profile","email","offline_access"],"issuer":"ISSUER","request_uri_parameter_supported":false,` +
		`"userinfo_endpoint":"https://graph.microsoft.com/oidc/userinfo","authorization_endpoint":"BASE/oauth2/v2.0/authorize",` +
		`"device_authorization_endpoint":"BASE/oauth2/v2.0/devicecode","http_logout_supported":true,"frontchannel_logout_supported":true,` +
		`"end_session_endpoint":"BASE/oauth2/v2.0/logout","claims_supported":["sub","iss","cloud_instance_name","cloud_instance_host_name",` +
		`"cloud_graph_host_name","msgraph_host","aud","exp","iat","auth_time","acr","nonce","preferred_username","name","tid","ver","at_hash","c_hash","email"],` +
		`"kerberos_endpoint":"BASE/kerberos","tenant_region_scope":"WW","cloud_instance_name":"microsoftonline.com",` +
		`"cloud_graph_host_name":"graph.windows.net","msgraph_host":"graph.microsoft.com","rbac_url":"https://pas.windows.net"}`
	documentV1 = `{"token_endpoint":"BASE/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt","client_secret_basic"],` +
		`"jwks_uri":"COMMON/discovery/keys","response_modes_supported":["query","fragment","form_post"],"subject_types_supported":["pairwise"],` +
		`"id_token_signing_alg_values_supported":["RS256"],"response_types_supported":["code","id_token","code id_token","token id_token","token"],` +
		`"scopes_supported":["openid"],"issuer":"ISSUER","microsoft_multi_refresh_token":true,"authorization_endpoint":"BASE/oauth2/authorize",` +
		`"device_authorization_endpoint":"BASE/oauth2/devicecode","http_logout_supported":true,"frontchannel_logout_supported":true,` +
		`"end_session_endpoint":"BASE/oauth2/logout","claims_supported":["sub","iss","cloud_instance_name","cloud_instance_host_name",` +
		`"cloud_graph_host_name","msgraph_host","aud","exp","iat","auth_time","acr","amr","nonce","email","given_name","family_name","nickname"],` +
		`"check_session_iframe":"BASE/oauth2/checksession","userinfo_endpoint":"BASE/openid/userinfo","kerberos_endpoint":"BASE/kerberos",` +
		`"tenant_region_scope":"WW","cloud_instance_name":"microsoftonline.com","cloud_graph_host_name":"graph.windows.net",` +
		`"msgraph_host":"graph.microsoft.com","rbac_url":"https://pas.windows.net"}`
	instanceDocument = `{"tenant_discovery_endpoint":"ENDPOINT","api-version":"1.1","metadata":[` +
		`{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com","login.windows.net","login.microsoft.com","sts.windows.net"]},` +
		`{"preferred_network":"login.partner.microsoftonline.cn","preferred_cache":"login.partner.microsoftonline.cn","aliases":["login.partner.microsoftonline.cn","login.chinacloudapi.cn"]},` +
		`{"preferred_network":"login.microsoftonline.de","preferred_cache":"login.microsoftonline.de","aliases":["login.microsoftonline.de"]},` +
		`{"preferred_network":"login.microsoftonline.us","preferred_cache":"login.microsoftonline.us","aliases":["login.microsoftonline.us","login.usgovcloudapi.net"]},` +
		`{"preferred_network":"login-us.microsoftonline.com","preferred_cache":"login-us.microsoftonline.com","aliases":["login-us.microsoftonline.com"]}]}`
)

func checkDocumentHeaders(t *testing.T, r *http.Response) {
	t.Helper()
	assert.Equal(t, http.StatusOK, r.StatusCode)
	for name, want := range map[string]string{
		"Content-Type":                 "application/json; charset=utf-8",
		"Cache-Control":                "max-age=86400, private",
		"Access-Control-Allow-Origin":  "*",
		"Access-Control-Allow-Methods": "GET, OPTIONS",
		"Pragma":                       "",
		"Expires":                      "",
	} {
		assert.Equal(t, want, r.Header.Get(name), name)
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	sts := "https://sts.windows.net/" + tenantContoso + "/"
	for _, c := range []struct{ ask, base, issuer, document string }{
		{login + "/" + tenantContoso + "/v2.0", login + "/" + tenantContoso, login + "/" + tenantContoso + "/v2.0", documentV2},
		{login + "/Contoso.onmicrosoft.com/v2.0", login + "/" + tenantContoso, login + "/" + tenantContoso + "/v2.0", documentV2},
		{"https://login.windows.net/" + tenantContoso + "/v2.0", login + "/" + tenantContoso, login + "/" + tenantContoso + "/v2.0", documentV2},
		{login + "/common/v2.0", login + "/common", login + "/{tenantid}/v2.0", documentV2},
		{login + "/organizations/v2.0", login + "/organizations", login + "/{tenantid}/v2.0", documentV2},
		{
			"https://localhost:8443/" + tenantContoso + "/v2.0", "https://localhost:8443/" + tenantContoso,
			"https://localhost:8443/" + tenantContoso + "/v2.0", documentV2,
		},
		{login + "/" + tenantContoso, login + "/" + tenantContoso, sts, documentV1},
		{"https://localhost:8443/" + tenantContoso, "https://localhost:8443/" + tenantContoso, sts, documentV1},
		{login + "/common", login + "/common", "https://sts.windows.net/{tenantid}/", documentV1},
	} {
		r := e.get(t, c.ask+"/.well-known/openid-configuration?")
		checkDocumentHeaders(t, r)
		common := c.base[:strings.LastIndex(c.base, "/")] + "/common"
		want := strings.NewReplacer("BASE", c.base, "ISSUER", c.issuer, "COMMON", common).Replace(c.document)
		assert.Equal(t, want, bodyOf(t, r), c.ask)
	}
}

func TestConfigurationOfOtherClouds(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	var document map[string]any
	decodeInto(t, e.get(t, "https://login.microsoftonline.us/"+tenantFabrikam+"/v2.0/.well-known/openid-configuration"), &document)
	assert.Equal(t, "https://login.microsoftonline.us/"+tenantFabrikam+"/v2.0", document["issuer"])
	assert.Equal(t, "microsoftonline.us", document["cloud_instance_name"])
	assert.Equal(t, "graph.microsoft.us", document["msgraph_host"])

	document = nil
	decodeInto(t, e.get(t, "https://login.chinacloudapi.cn/common/v2.0/.well-known/openid-configuration"), &document)
	assert.Equal(t, "https://login.partner.microsoftonline.cn/{tenantid}/v2.0", document["issuer"])
	assert.Equal(t, "partner.microsoftonline.cn", document["cloud_instance_name"])
}

func TestConfigurationOfNoTenant(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	for _, path := range []string{"/v2.0/.well-known/openid-configuration", "/.well-known/openid-configuration", "/discovery/v2.0/keys"} {
		checkRefusal(t, e, e.get(t, login+"/"+unknownGUID+path), fault{
			number: 90002, code: "invalid_tenant", status: http.StatusBadRequest, uri: true,
			text: "Tenant '" + unknownGUID + "' not found. " + tooLittle, cause: "unknown-tenant",
		})
	}
	checkRefusal(t, e, e.get(t, login+"/undefined/v2.0/.well-known/openid-configuration"), fault{
		number: 900023, code: "invalid_request", status: http.StatusBadRequest, uri: true,
		text: "Specified tenant identifier 'undefined' is neither a valid DNS name, nor a valid external domain.", cause: "malformed-tenant",
	})
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	entry := func(k *keys.Key, issuer string) string {
		return `{"kty":"RSA","use":"sig","kid":"` + k.Thumbprint() + `","x5t":"` + x5t(k.Certificate()) + `",` +
			`"n":"` + base64.RawURLEncoding.EncodeToString(k.Public().N.Bytes()) + `",` +
			`"e":"` + base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.Public().E)).Bytes()) + `",` +
			`"x5c":["` + base64.StdEncoding.EncodeToString(k.Certificate().Raw) + `"],` +
			`"cloud_instance_name":"microsoftonline.com","issuer":"` + issuer + `"}`
	}
	first := e.entra.Keys.Current()
	for ask, issuer := range map[string]string{
		login + "/common/discovery/v2.0/keys":                              login + "/{tenantid}/v2.0",
		login + "/common/discovery/keys":                                   login + "/{tenantid}/v2.0",
		login + "/" + tenantContoso + "/discovery/v2.0/keys":               login + "/" + tenantContoso + "/v2.0",
		"https://localhost:8443/" + tenantContoso + "/discovery/v2.0/keys": "https://localhost:8443/" + tenantContoso + "/v2.0",
	} {
		r := e.get(t, ask)
		checkDocumentHeaders(t, r)
		assert.Equal(t, `{"keys":[`+entry(first, issuer)+`]}`, bodyOf(t, r), ask)
	}
	assert.Equal(t, "accounts.accesscontrol.windows.net", first.Certificate().Subject.CommonName)

	require.NoError(t, e.entra.Keys.Rotate(e.time))
	second := e.entra.Keys.Current()
	common := login + "/{tenantid}/v2.0"
	both := `{"keys":[` + entry(second, common) + "," + entry(first, common) + `]}`
	assert.Equal(t, both, bodyOf(t, e.get(t, login+"/common/discovery/v2.0/keys")))
	head, _ := parts(t, e.succeed(t, withSecret(goodSecret)).Token)
	assert.Contains(t, head, second.Thumbprint())

	e.time = e.time.Add(keys.Overlap + time.Second)
	assert.Equal(t, `{"keys":[`+entry(second, common)+`]}`, bodyOf(t, e.get(t, login+"/common/discovery/v2.0/keys")))
}

func TestInstanceDiscovery(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	ask := func(host, authority string) *http.Response {
		return e.get(t, "https://"+host+"/common/discovery/instance?api-version=1.1&authorization_endpoint="+authority)
	}
	const azure, local, own = "login.microsoftonline.com", "localhost:8443", "kindred.example:8443"
	for _, c := range []struct{ host, authority, endpoint string }{
		{azure, login + "/T/oauth2/v2.0/authorize", login + "/T/v2.0/.well-known/openid-configuration"},
		{azure, login + "/T/oauth2/authorize", login + "/T/.well-known/openid-configuration"},
		{azure, "https://login.microsoftonline.us/T/oauth2/v2.0/authorize", "https://login.microsoftonline.us/T/v2.0/.well-known/openid-configuration"},
		{azure, "https://localhost:8443/T/oauth2/v2.0/authorize", "https://localhost:8443/T/v2.0/.well-known/openid-configuration"},
		{azure, "https://localhost:8443//T/oauth2/v2.0/authorize", "https://localhost:8443/T/v2.0/.well-known/openid-configuration"},
		{azure, "https://[::1]:8443/T/oauth2/v2.0/authorize", "https://[::1]:8443/T/v2.0/.well-known/openid-configuration"},
		{azure, "https://172.18.0.5/T/oauth2/v2.0/authorize", "https://172.18.0.5/T/v2.0/.well-known/openid-configuration"},
		{azure, "https://kindred:8443/T/oauth2/v2.0/authorize", "https://kindred:8443/T/v2.0/.well-known/openid-configuration"},
		{local, login + "/T/oauth2/v2.0/authorize", login + "/T/v2.0/.well-known/openid-configuration"},
		{own, "https://kindred.example:8443/T/oauth2/v2.0/authorize", "https://kindred.example:8443/T/v2.0/.well-known/openid-configuration"},
	} {
		r := ask(c.host, c.authority)
		checkDocumentHeaders(t, r)
		assert.Equal(t, strings.Replace(instanceDocument, "ENDPOINT", c.endpoint, 1), bodyOf(t, r), c.authority)
	}
	for _, authority := range []string{
		"https://login.microsoftonlin.com/T/oauth2/v2.0/authorize", "https://kindred.example/T/oauth2/v2.0/authorize",
		"http://localhost:8443/T/oauth2/v2.0/authorize", "https:///T", "%25zz", "localhost",
	} {
		checkRefusal(t, e, ask(azure, authority), fault{
			number: 50049, code: "invalid_instance", status: http.StatusBadRequest, uri: true,
			text: "Unknown or invalid instance.", cause: "unknown-instance",
		})
	}
	checkRefusal(t, e, ask(azure, ""), fault{
		number: 900144, code: "invalid_request", status: http.StatusBadRequest, uri: true,
		text: "The request body must contain the following parameter: 'authorization_endpoint'.",
	})
}
