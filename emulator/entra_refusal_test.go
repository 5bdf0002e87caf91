package emulator

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// fault spoils an attempt in one way, and says what Entra answers to it.
type fault struct {
	name   string
	spoil  func(t *testing.T, a *attempt)
	number int
	code   string
	status int
	uri    bool
	text   string
	cause  string // of the explanation; empty: there is none
}

const (
	seeFederation = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
	zeroGUID      = "00000000-0000-0000-0000-000000000000"
	unknownGUID   = "12345678-0000-4000-8000-000000000000"
	installed     = "This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
	tooLittle     = "Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
)

func withParameter(name, value string) func(*testing.T, *attempt) {
	return func(_ *testing.T, a *attempt) { a.form.Set(name, value) }
}

func withClaim(name string, value any) func(*testing.T, *attempt) {
	return func(_ *testing.T, a *attempt) { a.claims[name] = value }
}

func withHeader(name string, value any) func(*testing.T, *attempt) {
	return func(_ *testing.T, a *attempt) { a.jose[name] = value }
}

func without(names ...string) func(*testing.T, *attempt) {
	return func(_ *testing.T, a *attempt) {
		for _, name := range names {
			a.form.Del(name)
		}
	}
}

func atTenant(name string) func(*testing.T, *attempt) {
	return func(_ *testing.T, a *attempt) { a.url = tokenURL(name) }
}

func withAssertion(assertion string) func(*testing.T, *attempt) {
	return func(_ *testing.T, a *attempt) { a.raw = assertion }
}

func noKeyName(_ *testing.T, a *attempt) { a.jose["kid"] = "" }

// otherKey signs with a key that is not the cluster's, under the cluster's kid.
func otherKey(e *entraWire) func(*testing.T, *attempt) {
	return func(t *testing.T, a *attempt) {
		t.Helper()
		ring, err := e.store.Ring(ClusterRing(e.cluster.Name))
		require.NoError(t, err)
		if _, ok := a.jose["kid"]; !ok {
			a.jose["kid"] = ring.Current().ID()
		}
		a.key, err = keystest.Key(3)
		require.NoError(t, err)
	}
}

// requestFaults are the rows about the request, the tenant and the client, in Entra's order.
func requestFaults() []fault {
	unknownClient := func(id string) string {
		return "Application with identifier '" + id + "' was not found in the directory 'contoso.onmicrosoft.com'. " + installed + "You may have sent your authentication request to the wrong tenant."
	}
	return []fault{
		{
			"1 method", func(_ *testing.T, a *attempt) { a.method = http.MethodPut }, 900561, "invalid_request", 405, false,
			"The endpoint only accepts POST, OPTIONS requests. Received a PUT request.", "method-not-post",
		},
		{
			"doubled parameter", func(_ *testing.T, a *attempt) { a.form.Add("claims", "1"); a.form.Add("claims", "1") }, 9000411, "invalid_request", 400, true,
			"The request is not properly formatted. The parameter 'claims' is duplicated.", "",
		},
		{
			"2 grant_type", without("grant_type"), 900144, "invalid_request", 400, true,
			"The request body must contain the following parameter: 'grant_type'.", "",
		},
		{
			"3 bad grant", withParameter("grant_type", "no_such_grant"), 70003, "unsupported_grant_type", 400, false,
			"The app requested an unsupported grant type 'no_such_grant'.", "unsupported-grant",
		},
		{
			"4 no credential", without("client_assertion"), 7000216, "invalid_client", 401, true,
			"'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.", "",
		},
		{
			"5 client_id", without("client_id"), 900144, "invalid_request", 400, true,
			"The request body must contain the following parameter: 'client_id'.", "",
		},
		{
			"5 scope", without("scope"), 900144, "invalid_request", 400, true,
			"The request body must contain the following parameter: 'scope'.", "",
		},
		{
			"6 client_assertion_type", withParameter("client_assertion_type", "saml"), 900144, "invalid_request", 400, true,
			"The request body must contain the following parameter: 'client_assertion_type'.", "wrong-assertion-type",
		},
		{
			"alias", atTenant("common"), 50059, "invalid_request", 400, false,
			"No tenant-identifying information found in either the request or implied by any provided credentials.", "alias-as-tenant",
		},
		{
			"7 malformed tenant", atTenant("undefined"), 900023, "invalid_request", 400, true,
			"Specified tenant identifier 'undefined' is neither a valid DNS name, nor a valid external domain.", "malformed-tenant",
		},
		{
			"8 empty tenant", atTenant(zeroGUID), 900021, "invalid_request", 400, false,
			"Requested tenant identifier '" + zeroGUID + "' is not valid. Tenant identifiers may not be an empty GUID.", "empty-tenant",
		},
		{
			"9 unknown tenant", atTenant(unknownGUID), 90002, "invalid_request", 400, true,
			"Tenant '" + unknownGUID + "' not found. " + tooLittle, "unknown-tenant",
		},
		{
			"9 tenant of another cloud", atTenant("fabrikam.onmicrosoft.us"), 90002, "invalid_request", 400, true,
			"Tenant 'fabrikam.onmicrosoft.us' not found. " + tooLittle, "tenant-of-another-cloud",
		},
		{
			"10 empty client", withParameter("client_id", zeroGUID), 700038, "unauthorized_client", 400, false,
			zeroGUID + " is not a valid application identifier.", "unknown-client",
		},
		{"11 unknown client", withParameter("client_id", unknownGUID), 700016, "unauthorized_client", 400, true, unknownClient(unknownGUID), "unknown-client"},
		{"11 non-GUID client", withParameter("client_id", "ci"), 700016, "unauthorized_client", 400, true, unknownClient("ci"), "client-id-not-a-guid"},
		{"11 object id", withParameter("client_id", identityOID), 700016, "unauthorized_client", 400, true, unknownClient(identityOID), "object-id-as-client-id"},
		{"11 other tenant's client", withParameter("client_id", fabrikamApp), 700016, "unauthorized_client", 400, true, unknownClient(fabrikamApp), "client-of-another-tenant"},
		{
			"12 no service principal", withParameter("client_id", noSPID), 7000229, "invalid_client", 401, false,
			"The client application " + noSPID + " is missing service principal in the tenant " + tenantContoso + ". See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119", "no-service-principal",
		},
		{
			"13 disabled", withParameter("client_id", disabledID), 7000112, "unauthorized_client", 400, false,
			"Application '" + disabledID + "'(off) is disabled.", "client-disabled",
		},
	}
}

// assertionFaults are the rows about the assertion and the credential it must match, in Entra's
// order.
func assertionFaults(e *entraWire) []fault {
	check := "heck your federated identity credential Subject, Audience and Issuer against the presented assertion. " + seeFederation
	none := "No matching federated identity record found for presented assertion "
	return []fault{
		{"14 not a JWT", withAssertion("abc"), 50027, "invalid_request", 400, true, "JWT token is invalid or malformed.", "*"},
		{
			"15 typ", withHeader("typ", "at+jwt"), 5002727, "invalid_request", 400, false,
			"Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'", "*",
		},
		{
			"16 alg", withHeader("alg", "HS256"), 5002738, "invalid_client", 401, true,
			"Invalid JWT token. 'HS256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'", "*",
		},
		{
			"17 kid", noKeyName, 5002723, "invalid_client", 401, true,
			"Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.", "*",
		},
		{
			"18 iss", withClaim("iss", nil), 90014, "invalid_request", 400, true,
			"The required field 'iss' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", "*",
		},
		{
			"18 aud", withClaim("aud", nil), 90014, "invalid_request", 400, true,
			"The required field 'aud' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", "*",
		},
		{
			"18 sub", withClaim("sub", nil), 90014, "invalid_request", 400, true,
			"The required field 'sub' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", "*",
		},
		{
			"700222", withClaim("iss", "https://sts.windows.net/"+tenantContoso+"/"), 700222, "invalid_request", 400, false,
			"AAD-issued tokens may not be used for federated identity flows.", "*",
		},
		{
			"19 no credential", withParameter("client_id", bareID), 70025, "invalid_client", 401, false,
			"The client '" + bareID + "'(bare) has no configured federated identity credentials.", "*",
		},
		{
			"20 issuer", withClaim("iss", strings.TrimSuffix(aksIssuer, "/")), 700211, "invalid_client", 401, false,
			none + "issuer '" + strings.TrimSuffix(aksIssuer, "/") + "'. Please c" + check, "*",
		},
		{
			"21 audience", withClaim("aud", "api://other"), 700212, "invalid_client", 401, false,
			none + "audience 'api://other'. Please c" + check, "*",
		},
		{
			"22 subject", withClaim("sub", "system:serviceaccount:default:default"), 700213, "invalid_client", 401, false,
			none + "subject 'system:serviceaccount:default:default'. C" + check, "*",
		},
		{
			"23 unreachable", withClaim("iss", downIssuer), 501661, "invalid_request", 400, false,
			"Request to External OIDC endpoint failed.", "*",
		},
		{
			"24 unknown kid", withHeader("kid", "k0"), 7000272, "invalid_client", 401, true,
			"The certificate with identifier k0 used to sign the federated credential could not be found in the metadata of identity provider " + aksIssuer + ". Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.", "*",
		},
		{
			"25 signature", otherKey(e), 7000274, "invalid_client", 401, false,
			"The signature of the presented federated credential is not valid.", "*",
		},
		{
			"26 expired", withClaim("exp", frozen.Add(-90*time.Second).Unix()), 700024, "invalid_client", 401, true,
			"Client assertion is not within its valid time range. Current time: 2026-03-04T05:06:07.0000000Z, assertion valid from 2026-03-04T05:06:07.0000000Z, expiry time of assertion 2026-03-04T05:04:37.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", "*",
		},
	}
}

// resourceFaults are the rows about what the token is for, in Entra's order.
func resourceFaults() []fault {
	return []fault{
		{
			"27 no default", withParameter("scope", "https://vault.azure.net/user_impersonation openid"), 1002012, "invalid_scope", 400, false,
			"The provided value for scope https://vault.azure.net/user_impersonation openid is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", "scope-without-default",
		},
		{
			"28 no URI", withParameter("scope", "vault/.default"), 70011, "invalid_scope", 400, false,
			"The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope vault/.default is not valid.", "scope-not-a-uri",
		},
		{
			"29 two resources", withParameter("scope", vaultScope+" openid https://graph.microsoft.com/.default"), 28000, "invalid_scope", 400, false,
			"Provided value for the input parameter scope is not valid because it contains more than one resource. Scope https://vault.azure.net/.default https://graph.microsoft.com/.default is not valid.", "two-resources",
		},
		{
			"30 unknown resource", withParameter("scope", "https://example.com/api/.default"), 500011, "invalid_resource", 400, true,
			"The resource principal named https://example.com/api was not found in the tenant named contoso.onmicrosoft.com. " + installed + "You might have sent your authentication request to the wrong tenant.", "unknown-resource",
		},
		{
			"31 resource", withParameter("resource", "https://vault.azure.net"), 901002, "invalid_request", 400, false,
			"The 'resource' request parameter is not supported.", "resource-on-v2",
		},
		{
			"32 conditional access", withParameter("client_id", blockedID), 53003, "invalid_grant", 400, false,
			"Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", "conditional-access",
		},
	}
}

func orderedFaults(e *entraWire) []fault {
	return append(append(requestFaults(), assertionFaults(e)...), resourceFaults()...)
}

// otherFaults have a principal, tenant or endpoint of their own.
func otherFaults(e *entraWire) []fault {
	none := "No matching federated identity record found for presented assertion subject "
	return []fault{
		{
			"22b case", withClaim("sub", strings.ToUpper(workload)), 7002138, "invalid_client", 401, false,
			none + "'" + strings.ToUpper(workload) + "'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: " + seeFederation + ". See breaking change notification and remediation at: https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.", "*",
		},
		{
			"22c expression", withParameter("client_id", flexibleID), 7002131, "invalid_client", 401, false,
			none + "'" + workload + "' or no federated identity credential expression matched. Please check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion. " + seeFederation, "*",
		},
		{
			"26 not yet valid, no exp", func(_ *testing.T, a *attempt) { delete(a.claims, "exp"); delete(a.claims, "nbf") }, 700024, "invalid_client", 401, true,
			"Client assertion is not within its valid time range. Current time: 2026-03-04T05:06:07.0000000Z, assertion valid from 1970-01-01T00:00:00.0000000Z, expiry time of assertion 1970-01-01T00:00:00.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", "*",
		},
		{
			"700223", func(_ *testing.T, a *attempt) { a.url = tokenURL(tenantClosed); a.form.Set("client_id", closedApp) }, 700223, "invalid_client", 401, false,
			"Workload identity federation is disabled by policy for tenant '" + tenantClosed + "'.", "federation-disabled",
		},
		{
			"30 one vault", withParameter("scope", "https://kv.vault.azure.net/.default"), 500011, "invalid_resource", 400, true,
			"The resource principal named https://kv.vault.azure.net was not found in the tenant named contoso.onmicrosoft.com. " + installed + "You might have sent your authentication request to the wrong tenant.", "vault-url-as-resource",
		},
		{
			"30 another cloud's Key Vault", withParameter("scope", "https://vault.azure.cn/.default"), 500011, "invalid_resource", 400, true,
			"The resource principal named https://vault.azure.cn was not found in the tenant named contoso.onmicrosoft.com. " + installed + "You might have sent your authentication request to the wrong tenant.", "resource-of-another-cloud",
		},
		{
			"5 resource on v1", func(_ *testing.T, a *attempt) { a.url = strings.Replace(a.url, "/v2.0", "", 1) }, 900144, "invalid_request", 400, true,
			"The request body must contain the following parameter: 'resource'.", "",
		},
	}
}

// refusal is Entra's envelope.
type refusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
	Timestamp   string `json:"timestamp"`
	TraceID     string `json:"trace_id"`
	Correlation string `json:"correlation_id"`
	URI         string `json:"error_uri"`
}

func checkRefusal(t *testing.T, e *entraWire, r *http.Response, f fault) {
	t.Helper()
	var got refusal
	decodeInto(t, r, &got)
	id := "AADSTS" + itoa(f.number)
	want := refusal{
		Error: f.code, Codes: []int{f.number}, Timestamp: "2026-03-04 05:06:07Z",
		TraceID: r.Header.Get("x-ms-request-id"), Correlation: r.Header.Get("client-request-id"),
	}
	want.Description = id + ": " + f.text + " Trace ID: " + want.TraceID + " Correlation ID: " + want.Correlation + " Timestamp: 2026-03-04 05:06:07Z"
	if f.uri {
		want.URI = "https://login.microsoftonline.com/error?code=" + itoa(f.number)
	}
	assert.Equal(t, want, got)
	assert.Equal(t, f.status, r.StatusCode)
	checkTokenHeaders(t, r)

	record := e.last(t)
	require.NotNil(t, record.Error)
	assert.Equal(t, id, record.Error.ID)
	switch f.cause {
	case "":
		assert.Nil(t, record.Explanation)
	case "*": // the federation's, which its own tests look at
		require.NotNil(t, record.Explanation)
	default:
		require.NotNil(t, record.Explanation)
		assert.Equal(t, f.cause, record.Explanation.Cause)
		assert.NotEmpty(t, record.Explanation.Summary)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	for _, f := range append(orderedFaults(e), otherFaults(e)...) {
		t.Run(f.name, func(t *testing.T) {
			a := e.federated(identityID)
			f.spoil(t, a)
			checkRefusal(t, e, e.send(t, a), f)
		})
	}
}

// Whatever else is wrong with a request, the check that comes first answers it. Checks are made one
// after the other, so the next few stand for all later ones.
func TestTheFirstCheckAnswers(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	const few = 6
	faults := orderedFaults(e)
	for i, first := range faults {
		for _, later := range faults[i+1 : min(i+1+few, len(faults))] {
			if first.number == later.number {
				continue
			}
			a := e.federated(identityID)
			later.spoil(t, a)
			first.spoil(t, a)
			e.send(t, a)
			record := e.last(t)
			require.NotNil(t, record.Error, "%s before %s", first.name, later.name)
			assert.Equal(t, "AADSTS"+itoa(first.number), record.Error.ID, "%s before %s", first.name, later.name)
		}
	}
}

// What `kindred explain` shows of refusals that federation does not explain.
func TestEntraExplanations(t *testing.T) {
	t.Parallel()
	e := newEntraWire(t)
	explain := func(spoil func(*testing.T, *attempt)) *apierr.Explanation {
		a := withSecret(goodSecret)
		spoil(t, a)
		e.send(t, a)
		record := e.last(t)
		require.NotNil(t, record.Explanation)
		return record.Explanation
	}

	x := explain(withParameter("client_id", identityOID))
	assert.Equal(t, "That is the object id (principal id) of myIdentity, not its client id.", x.Summary)
	assert.Equal(t, []apierr.Difference{{Field: "client_id", Want: identityID, Got: identityOID, Detail: "the principal's object id"}}, x.Differences)
	assert.Equal(t, "export AZURE_CLIENT_ID="+identityID, x.Fix.Command)

	x = explain(withParameter("client_id", fabrikamApp))
	assert.Equal(t, "export AZURE_TENANT_ID="+tenantFabrikam, x.Fix.Command)

	x = explain(atTenant(unknownGUID))
	assert.Equal(t, []string{
		"The fixture has the tenant " + tenantContoso + " (contoso.onmicrosoft.com, AzureCloud).",
		"The fixture has the tenant " + tenantFabrikam + " (fabrikam.onmicrosoft.us, AzureUSGovernment).",
		"The fixture has the tenant " + tenantClosed + " (closed.example.com, AzureCloud).",
	}, x.Evidence)

	x = explain(atTenant(tenantFabrikam))
	assert.Equal(t, "export AZURE_AUTHORITY_HOST=https://login.microsoftonline.us/", x.Fix.Command)

	x = explain(withParameter("scope", "https://example.com/.default"))
	assert.Equal(t, []string{"It has https://vault.azure.net, https://storage.azure.com, https://management.azure.com, https://management.core.windows.net, https://graph.microsoft.com, api://orders."}, x.Evidence)

	x = explain(withParameter("scope", "https://kv.vault.azure.net/.default"))
	assert.Equal(t, "Ask with the scope https://vault.azure.net/.default.", x.Fix.Text)

	x = explain(withParameter("client_secret", oldSecret))
	assert.Equal(t, []string{"It expired at 2026-03-04T04:06:07Z, 1h0m0s ago."}, x.Evidence)
}
