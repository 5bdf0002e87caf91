package emulator

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

const noToken = "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."

// refused is the last record, which has a cause.
func (w *vaultWire) refused(cause string) journal.Record {
	w.t.Helper()
	records := w.journal.Records()
	last := records[len(records)-1]
	require.NotNil(w.t, last.Explanation)
	assert.Equal(w.t, cause, last.Explanation.Cause)
	assert.NotEmpty(w.t, last.Explanation.Summary)
	require.NotNil(w.t, last.Explanation.Fix)
	assert.NotEmpty(w.t, last.Explanation.Fix.Text)
	return last
}

func TestVaultChallenge(t *testing.T) {
	w := newVaultWire(t)
	for host, want := range map[string]string{
		"kv.vault.azure.net":               `Bearer authorization="https://login.microsoftonline.com/` + contosoID + `", resource="https://vault.azure.net"`,
		"kv.vault.azure.net:443":           `Bearer authorization="https://login.microsoftonline.com/` + contosoID + `", resource="https://vault.azure.net"`,
		"KV.vault.azure.net:8443":          `Bearer authorization="https://login.microsoftonline.com/` + contosoID + `", resource="https://vault.azure.net:8443"`,
		"kv-gov.vault.usgovcloudapi.net":   `Bearer authorization="https://login.microsoftonline.us/` + fabrikam + `", resource="https://vault.usgovcloudapi.net"`,
		"kv.vault.localhost":               `Bearer authorization="https://localhost/` + contosoID + `", resource="https://vault.localhost"`,
		"kv.vault.localhost:8443":          `Bearer authorization="https://localhost:8443/` + contosoID + `", resource="https://vault.localhost:8443"`,
		"kv-gov.vault.localhost:443":       `Bearer authorization="https://localhost/` + fabrikam + `", resource="https://vault.localhost"`,
		"kv-gov.vault.usgovcloudapi.net:1": `Bearer authorization="https://login.microsoftonline.us/` + fabrikam + `", resource="https://vault.usgovcloudapi.net:1"`,
	} {
		got := w.send("GET", at("https://"+host, "/secrets/my-secret"), "", "")
		got.fails(401, "Unauthorized", "", noToken)
		assert.Equal(t, []string{want}, got.header.Values("WWW-Authenticate"), host)
		assert.Equal(t, "no-cache", got.header.Get("Cache-Control"))
	}
	record := w.refused("token-missing")
	assert.NotEmpty(t, record.Tenant)
	assert.Nil(t, record.Presented)
}

// The first request of an SDK has no token and no body, whatever it is going to be.
func TestVaultChallengeComesFirst(t *testing.T) {
	w := newVaultWire(t)
	for _, q := range []struct{ method, target string }{
		{"GET", kv + "/secrets/none"},
		{"GET", kv + "/secrets"},
		{"GET", kv + "/secrets?maxresults=99"},
		{"PUT", at(kv, "/secrets/my-secret")},
		{"PUT", at(kv, "/secrets/My_Secret")},
		{"PATCH", at(kv, "/secrets/none/")},
		{"GET", at(kv, "/secrets/my-secret/nonsense")},
		{"DELETE", at(kv, "/secrets/none")},
		{"POST", at(kv, "/secrets/restore")},
		{"POST", at(kv, "/secrets/none/backup")},
		{"GET", at(kv, "/deletedsecrets")},
		{"GET", at(kv, "/deletedsecrets/none")},
		{"DELETE", at(kv, "/deletedsecrets/none")},
		{"POST", at(kv, "/deletedsecrets/none/recover")},
		{"OPTIONS", kv + "/secrets/x"},
		{"GET", kv + "/keys/k"},
		{"POST", kv + "/secrets"},
	} {
		got := w.send(q.method, q.target, "", "").fails(401, "Unauthorized", "", noToken)
		assert.NotEmpty(t, got.header.Get("WWW-Authenticate"), q)
	}
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Basic dTpw", "PoP x"} {
		q, err := http.NewRequestWithContext(t.Context(), "GET", at(kv, "/secrets/my-secret"), http.NoBody)
		require.NoError(t, err)
		q.Header.Set("Authorization", authorization)
		response := w.do(q)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, 401, response.StatusCode)
		assert.Equal(t, "AKV10000", w.refused("token-missing").Error.Message[:8])
	}
}

func TestVaultUnknown(t *testing.T) {
	w := newVaultWire(t)
	for _, host := range []string{
		"none.vault.azure.net", "vault.azure.net", "vault.localhost:8443", "a.kv.vault.azure.net",
		"kv.vault.azure.cn", "kv.vault.usgovcloudapi.net", "kv.vault.azure.net:x",
	} {
		got := w.send("GET", at(kv, "/secrets/my-secret"), "", "")
		require.Equal(t, 401, got.status)
		q, err := http.NewRequestWithContext(t.Context(), "GET", at(kv, "/secrets/my-secret"), http.NoBody)
		require.NoError(t, err)
		q.Host = host
		response := w.do(q)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, 404, response.StatusCode, host)
		assert.Empty(t, response.Header.Get("WWW-Authenticate"))
		assert.Empty(t, response.Header.Get("X-Ms-Keyvault-Region"))
		last, _ := w.journal.LastRefused()
		assert.Equal(t, "VaultNotFound", last.Error.ID)
	}
}

func TestVaultAudiences(t *testing.T) {
	w := newVaultWire(t)
	const local, port = "https://kv.vault.localhost:8443", "https://kv.vault.azure.net:8443"
	for _, c := range []struct {
		vault, audience string
		expected        string // empty: accepted
	}{
		{kv, "https://vault.azure.net", ""},
		{kv, "https://vault.azure.net/", ""},
		{kv, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", ""},
		{local, "https://vault.azure.net", ""},
		{local, "https://vault.localhost:8443", ""},
		{local, "https://vault.localhost:8443/", ""},
		{port, "https://vault.azure.net:8443", ""},
		{kv, "https://management.azure.com/", "https://vault.azure.net"},
		{kv, "https://vault.azure.net:8443", "https://vault.azure.net"},
		{kv, "https://vault.usgovcloudapi.net", "https://vault.azure.net"},
		{kv, "https://VAULT.azure.net", "https://vault.azure.net"},
		{local, "https://vault.localhost", "https://vault.localhost:8443"},
		{kv, "", "https://vault.azure.net"},
	} {
		got := w.send("GET", at(c.vault, "/secrets/my-secret"), w.token(w.reader, claim("aud", c.audience)), "")
		if c.expected == "" {
			assert.Equal(t, 200, got.status, c)
			continue
		}
		got.fails(401, "Unauthorized", "", "AKV10022: Invalid audience. Expected "+c.expected+", found: "+c.audience+".")
		assert.NotEmpty(t, got.header.Get("WWW-Authenticate"))
		record := w.refused("token-audience")
		assert.Equal(t, w.reader.ClientID, record.Client)
		assert.Equal(t, []apierr.Difference{{Field: "aud", Want: c.expected, Got: c.audience, Detail: record.Explanation.Differences[0].Detail}}, record.Explanation.Differences)
		assert.Equal(t, "f.yaml:5:1", record.Explanation.Source)
	}
	w.send("GET", at(kv, "/secrets/my-secret"), w.token(w.reader, claim("aud", []string{"x", "https://vault.azure.net"})), "").into(new(secret))
}

func TestVaultTokenIssuer(t *testing.T) {
	w := newVaultWire(t)
	const own = "https://sts.windows.net/" + contosoID + "/"
	for issuer, detail := range map[string]string{
		"https://sts.windows.net/" + fabrikam + "/":                "another tenant",
		"https://sts.windows.net/" + contosoID:                     "a trailing slash",
		"https://login.microsoftonline.com/" + contosoID + "/v2.0": "a v2.0 token, where Key Vault takes v1.0 ones",
		"": "another issuer",
	} {
		w.send("GET", at(kv, "/secrets/my-secret"), w.token(w.reader, claim("iss", issuer)), "").
			fails(401, "Unauthorized", "", "AKV10032: Invalid issuer. Expected one of "+own+", found "+issuer+".")
		assert.Equal(t, detail, w.refused("token-issuer").Explanation.Differences[0].Detail)
	}
}

func TestVaultTokenTimes(t *testing.T) {
	w := newVaultWire(t)
	const expired = "[TokenExpired] Error validating token: 'S2S12086'."
	token := w.token(w.reader)
	read := func(token string) *reply { return w.send("GET", at(kv, "/secrets/my-secret"), token, "") }
	read(token).into(new(secret))
	w.time = frozen.Add(time.Hour - time.Second)
	read(token).into(new(secret))
	w.time = frozen.Add(time.Hour)
	read(token).fails(401, "Unauthorized", "", expired) // although its signature is remembered
	w.time = frozen.Add(time.Hour + 7*time.Second)
	read(token).fails(401, "Unauthorized", "", expired)
	record := w.refused("token-expired")
	assert.Equal(t, "The access token expired 7 s ago.", record.Explanation.Summary)
	assert.Equal(t, &journal.Presented{
		Issuer: "https://sts.windows.net/" + contosoID + "/", Subject: w.reader.PrincipalID, Audience: []string{"https://vault.azure.net"},
		KeyID: record.Presented.KeyID, IssuedAt: frozen, NotBefore: frozen, Expires: frozen.Add(time.Hour),
	}, record.Presented)

	w.time = frozen
	read(w.token(w.reader, claim("nbf", frozen.Add(5*time.Minute).Unix()))).into(new(secret))
	read(w.token(w.reader, claim("nbf", frozen.Add(5*time.Minute+time.Second).Unix()))).
		fails(401, "Unauthorized", "", "[TokenNotYetValid] Error validating token: it is not valid before 2026-03-04T05:11:08Z.")
	w.refused("token-not-yet-valid")
	read(w.token(w.reader, func(m map[string]any) { delete(m, "nbf") })).into(new(secret))
}

func TestVaultTokenKey(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.reader)
	read := func(token string) *reply { return w.send("GET", at(kv, "/secrets/my-secret"), token, "") }
	read(token).into(new(secret))
	ring, err := w.store.Ring(entraRing)
	require.NoError(t, err)
	old := ring.Current()
	require.NoError(t, ring.Rotate(w.time))
	read(token).into(new(secret)) // still published
	read(w.token(w.reader)).into(new(secret))

	// Past the overlap, a remembered signature does not help.
	w.time = frozen.Add(keys.Overlap + time.Second)
	long := claim("exp", w.time.Add(time.Hour).Unix())
	header := strings.Split(token, ".")[0]
	read(token).fails(401, "Unauthorized", "", "AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '"+header+"'.")
	assert.Contains(t, w.refused("token-key").Explanation.Evidence[0], old.Thumbprint())

	// A good kid over another key's signature.
	good := ring.Current().Thumbprint()
	forged, err := old.SignJWT(map[string]any{"exp": w.time.Add(time.Hour).Unix()}, "", keys.Headers{"kid": good})
	require.NoError(t, err)
	const badSignature = "[AggregatedAuthenticationFailure] Error validating token: 'S2S17001'."
	read(forged).fails(401, "Unauthorized", "", badSignature)
	w.refused("token-signature")
	parts := strings.Split(w.token(w.reader, long), ".")
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"https://vault.azure.net","exp":9999999999}`))
	read(strings.Join(parts, ".")).fails(401, "Unauthorized", "", badSignature)
	noKid, err := ring.Current().SignJWT(map[string]any{"exp": w.time.Add(time.Hour).Unix()}, "", nil)
	require.NoError(t, err)
	assert.Equal(t, 401, read(noKid).status)
	w.refused("token-key")
}

func TestVaultTokenMalformed(t *testing.T) {
	w := newVaultWire(t)
	ring, err := w.store.Ring(entraRing)
	require.NoError(t, err)
	private, err := keystest.Key(0)
	require.NoError(t, err)
	sign := func(algorithm jose.SignatureAlgorithm, key any, claims any) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key},
			(&jose.SignerOptions{}).WithHeader("kid", ring.Current().Thumbprint()))
		require.NoError(t, err)
		jws, err := signer.Sign([]byte(dump(t, claims)))
		require.NoError(t, err)
		token, err := jws.CompactSerialize()
		require.NoError(t, err)
		return token
	}
	valid := map[string]any{"aud": "https://vault.azure.net", "iss": w.reader.Tenant.Issuer(), "oid": w.reader.PrincipalID, "exp": w.time.Add(time.Hour).Unix()}
	encode := base64.RawURLEncoding.EncodeToString
	for name, token := range map[string]string{
		"no JWT":          "abc",
		"two parts":       "a.b",
		"five parts":      "a.b.c.d.e",
		"not base64":      "!.!.!",
		"alg none":        encode([]byte(`{"alg":"none","kid":"`+ring.Current().Thumbprint()+`"}`)) + "." + encode([]byte(`{"exp":9999999999}`)) + ".",
		"HS256":           sign(jose.HS256, ring.Current().Public().N.Bytes(), valid),
		"PS256":           sign(jose.PS256, private, valid),
		"JSON":            `{"payload":"","signatures":[]}`,
		"no exp":          sign(jose.RS256, private, map[string]any{"aud": "https://vault.azure.net"}),
		"exp is text":     sign(jose.RS256, private, map[string]any{"exp": "soon"}),
		"exp is huge":     sign(jose.RS256, private, map[string]any{"exp": 1e300}),
		"oid is a number": sign(jose.RS256, private, map[string]any{"exp": 1, "oid": 5}),
		"claims are []":   sign(jose.RS256, private, []int{1}),
		"too long":        w.token(w.reader, claim("x", strings.Repeat("x", 16<<10))),
	} {
		got := w.send("GET", at(kv, "/secrets/my-secret"), token, "")
		got.fails(401, "Unauthorized", "", "[BearerReadAccessTokenFailed] Error validating token: 'S2S12005'.")
		assert.NotEmpty(t, got.header.Get("WWW-Authenticate"), name)
		w.refused("token-malformed")
	}
}

func TestVaultAccessPolicies(t *testing.T) {
	w := newVaultWire(t)
	denied := func(p *directory.Principal, permission string) string {
		return "The user, group or application 'appid=" + p.ClientID + ";oid=" + p.PrincipalID + ";iss=https://sts.windows.net/" + contosoID +
			"/' does not have secrets " + permission + " permission on key vault 'kv;location=eastus'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
	}
	for _, c := range []struct{ method, path, permission string }{
		{"PUT", "/secrets/x", "set"},
		{"PATCH", "/secrets/my-secret", "set"},
		{"PATCH", "/secrets/none", "set"},
		{"DELETE", "/secrets/none", "delete"},
		{"GET", "/secrets", "list"},
		{"GET", "/secrets/none/versions", "list"},
		{"GET", "/deletedsecrets", "list"},
		{"POST", "/deletedsecrets/none/recover", "recover"},
		{"DELETE", "/deletedsecrets/none", "purge"},
		{"POST", "/secrets/none/backup", "backup"},
		{"POST", "/secrets/restore", "restore"},
	} {
		// Neither the body nor what exists matters to who may not.
		got := w.send(c.method, at(kv, c.path), w.token(w.reader), "")
		got.fails(403, "Forbidden", "AccessDenied", denied(w.reader, c.permission))
		assert.Empty(t, got.header.Get("WWW-Authenticate"))
		x := w.refused("policy-denied").Explanation
		assert.Equal(t, "f.yaml:7:3", x.Source)
		assert.Equal(t, []apierr.Difference{{Field: "permissions.secrets", Want: "get", Got: c.permission, Detail: "`" + c.permission + "` is not among them"}}, x.Differences)
		assert.Equal(t, &apierr.Fix{
			Text:    "Add `" + c.permission + "` to the accessPolicies of vault kv for identity reader.",
			Command: "az keyvault set-policy --name kv --object-id " + w.reader.PrincipalID + " --secret-permissions get " + c.permission,
			Source:  "f.yaml:7:3", Field: "permissions.secrets", Value: "[get, " + c.permission + "]",
		}, x.Fix)
	}
	w.send("GET", at(kv, "/secrets/none"), w.token(w.reader), "").fails(404, "SecretNotFound", "", notFound("none"))
	assert.Equal(t, 404, w.send("GET", at(kv, "/deletedsecrets/none"), w.token(w.reader), "").status)

	for _, path := range []string{"/secrets/my-secret", "/secrets/none", "/secrets/my-secret/" + strings.Repeat("0", 32), "/deletedsecrets/none"} {
		w.send("GET", at(kv, path), w.token(w.stranger), "").fails(403, "Forbidden", "AccessDenied", denied(w.stranger, "get"))
		x := w.refused("policy-denied").Explanation
		assert.Equal(t, "f.yaml:5:1", x.Source)
		assert.Equal(t, "- {identity: stranger, permissions: {secrets: [get]}}", x.Fix.Value)
		assert.Empty(t, x.Differences)
	}
}

func notFound(id string) string {
	return "A secret with (name/id) " + id + " was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
}

func TestVaultRoles(t *testing.T) {
	w := newVaultWire(t)
	const roles = "https://roles.vault.azure.net"
	denied := func(p *directory.Principal, action, resource string) string {
		return "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid=" +
			p.ClientID + ";oid=" + p.PrincipalID + ";iss=https://sts.windows.net/" + contosoID + "/\r\nAction: 'Microsoft.KeyVault/vaults/secrets/" + action + "'\r\nResource: '" + resources + "roles" + resource +
			"'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: roles;location=westus\r\n"
	}
	for _, c := range []struct {
		who          *directory.Principal
		method, path string
		status       int
		action       string // what is denied
		resource     string
		role         string // what would mend it
	}{
		{w.reader, "GET", "/secrets/one", 200, "", "", ""},
		{w.reader, "GET", "/secrets/ONE/versions", 200, "", "", ""},
		{w.reader, "GET", "/secrets/two", 403, "getSecret/action", "/secrets/two", "Key Vault Secrets User"},
		{w.reader, "GET", "/secrets", 403, "readMetadata/action", "", "Key Vault Reader"},
		{w.reader, "PUT", "/secrets/one", 403, "setSecret/action", "/secrets/one", "Key Vault Secrets Officer"},
		{w.lister, "GET", "/secrets", 200, "", "", ""},
		{w.lister, "GET", "/deletedsecrets", 200, "", "", ""},
		{w.lister, "GET", "/secrets/one", 403, "getSecret/action", "/secrets/one", "Key Vault Secrets User"},
		{w.stranger, "PATCH", "/secrets/one", 403, "update/action", "/secrets/one", "Key Vault Secrets Officer"},
		{w.stranger, "DELETE", "/secrets/one", 403, "delete", "/secrets/one", "Key Vault Secrets Officer"},
		{w.stranger, "POST", "/secrets/one/backup", 403, "backup/action", "/secrets/one", "Key Vault Secrets Officer"},
		{w.stranger, "POST", "/secrets/restore", 403, "restore/action", "", "Key Vault Secrets Officer"},
		{w.stranger, "GET", "/deletedsecrets/one", 403, "readMetadata/action", "/secrets/one", "Key Vault Reader"},
		{w.stranger, "POST", "/deletedsecrets/one/recover", 403, "recover/action", "/secrets/one", "Key Vault Secrets Officer"},
		{w.stranger, "DELETE", "/deletedsecrets/one", 403, "purge/action", "/secrets/one", "Key Vault Secrets Officer"},
		{w.admin, "POST", "/secrets/one/backup", 200, "", "", ""},
		{w.admin, "DELETE", "/secrets/one", 200, "", "", ""},
		{w.admin, "DELETE", "/deletedsecrets/one", 204, "", "", ""},
	} {
		got := w.send(c.method, at(roles, c.path), w.token(c.who), "")
		if c.status != 403 {
			assert.Equal(t, c.status, got.status, "%s %s %s", c.who.Name, c.method, c.path)
			continue
		}
		got.fails(403, "Forbidden", "ForbiddenByRbac", denied(c.who, c.action, c.resource))
		fix := w.refused("rbac-denied").Explanation.Fix
		assert.Equal(t, "- {identity: "+c.who.Name+", role: "+c.role+"}", fix.Value)
		assert.Equal(t, "az role assignment create --assignee-object-id "+c.who.PrincipalID+
			` --assignee-principal-type ServicePrincipal --role "`+c.role+`" --scope `+resources+"roles", fix.Command)
	}
	w.send("GET", at(roles, "/secrets/two"), w.token(w.lister), "")
	x := w.refused("rbac-denied").Explanation
	assert.Equal(t, "role assignment Key Vault Reader of vault roles for lister", x.Closest)
	assert.Equal(t, "f.yaml:20:5", x.Source)
	assert.Equal(t, "role", x.Differences[0].Field)
	w.send("GET", at(roles, "/secrets/two"), w.token(w.reader), "")
	assert.Equal(t, "secret", w.refused("rbac-denied").Explanation.Differences[0].Field)
}

// Nothing of a refused or served exchange holds the token or a secret's value.
func TestVaultJournalKeepsNoSecret(t *testing.T) {
	w := newVaultWire(t)
	token := w.token(w.admin)
	w.send("PUT", at(kv, "/secrets/s"), token, `{"value":"hunter2"}`).into(new(secret))
	w.send("PUT", at(kv, "/secrets/s"), token, `{"value":"hunter2","tags":5}`)
	w.send("PUT", at(kv, "/secrets/s"), w.token(w.reader), `{"value":"hunter2"}`)
	w.send("GET", at(kv, "/secrets/s"), token+"x", "")
	for _, r := range w.journal.Records() {
		text := dump(t, r)
		assert.NotContains(t, text, "hunter2")
		assert.NotContains(t, text, strings.Split(token, ".")[1])
	}
}
