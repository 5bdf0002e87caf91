package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

const (
	contosoID = "11111111-1111-1111-1111-111111111111"
	fabrikam  = "22222222-2222-2222-2222-222222222222"
	resources = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourcegroups/rg/providers/microsoft.keyvault/vaults/"
	kv        = "https://kv.vault.azure.net"
	version   = "api-version=7.4"
)

// azure is what the tests of Key Vault play: vaults under access policies (kv), roles (roles), purge
// protection (safe, 7 days), and in another cloud and tenant (kv-gov).
type azure struct {
	*directory.Directory
	admin, reader, lister, stranger, gov *directory.Principal
}

func newAzure() *azure {
	public, _ := directory.CloudByName("AzureCloud")
	government, _ := directory.CloudByName("AzureUSGovernment")
	contoso := &directory.Tenant{ID: contosoID, Domain: "contoso.onmicrosoft.com", Cloud: public}
	other := &directory.Tenant{ID: fabrikam, Domain: "fabrikam.onmicrosoft.com", Cloud: government}
	principals := 0
	principal := func(name string, t *directory.Tenant) *directory.Principal {
		principals++
		return &directory.Principal{
			Kind: directory.ManagedIdentity, Name: name, Tenant: t,
			ClientID:    fmt.Sprintf("aaaaaaaa-0000-0000-0000-%012d", principals),
			PrincipalID: fmt.Sprintf("bbbbbbbb-0000-0000-0000-%012d", principals),
		}
	}
	a := &azure{
		admin: principal("admin", contoso), reader: principal("reader", contoso), lister: principal("lister", contoso),
		stranger: principal("stranger", contoso), gov: principal("gov", other),
	}
	all := []directory.Permission{directory.PermissionAll}
	everything := []directory.AccessPolicy{
		{Principal: a.admin, Secrets: all},
		{Principal: a.reader, Secrets: []directory.Permission{"get"}, Source: directory.Position{File: "f.yaml", Line: 7, Column: 3}},
	}
	role := func(name string) *directory.Role { r, _ := directory.RoleByName(name); return r }
	a.Directory = directory.New(directory.Contents{
		Tenants:    []*directory.Tenant{contoso, other},
		Principals: []*directory.Principal{a.admin, a.reader, a.lister, a.stranger, a.gov},
		Vaults: []*directory.Vault{
			{
				Name: "kv", Location: "eastus", Tenant: contoso, ResourceID: resources + "kv", RetentionDays: 90, AccessPolicies: everything,
				Source: directory.Position{File: "f.yaml", Line: 5, Column: 1},
				Secrets: []directory.Secret{
					{Name: "my-secret", Value: "Hello!"},
					{Name: "old", Value: "<past & gone>", ContentType: "text/plain", Tags: map[string]string{"b": "2", "a": "1"}, Expires: frozen.Add(-time.Hour)},
					{Name: "off", Value: "x", Disabled: true},
				},
			},
			{
				Name: "roles", Location: "westus", Tenant: contoso, ResourceID: resources + "roles", RetentionDays: 90, RBAC: true,
				RoleAssignments: []directory.RoleAssignment{
					{Principal: a.admin, Role: role("Key Vault Secrets Officer")},
					{Principal: a.reader, Role: role("Key Vault Secrets User"), Secret: "one"},
					{Principal: a.lister, Role: role("Key Vault Reader"), Source: directory.Position{File: "f.yaml", Line: 20, Column: 5}},
				},
				Secrets: []directory.Secret{{Name: "one", Value: "1"}, {Name: "two", Value: "2"}},
			},
			{
				Name: "safe", Location: "eastus", Tenant: contoso, ResourceID: resources + "safe", RetentionDays: 7, PurgeProtection: true,
				AccessPolicies: everything, Secrets: []directory.Secret{{Name: "kept", Value: "k"}},
			},
			{
				Name: "kv-gov", Location: "usgovvirginia", Tenant: other, ResourceID: resources + "kv-gov", RetentionDays: 90,
				AccessPolicies: []directory.AccessPolicy{{Principal: a.gov, Secrets: all}},
				Secrets:        []directory.Secret{{Name: "my-secret", Value: "Hi"}},
			},
		},
	})
	return a
}

// vaultWire is a wire with the azure above and what a client of Key Vault does.
type vaultWire struct {
	*wire
	*azure
	t testing.TB
}

func newVaultWire(t testing.TB) *vaultWire {
	a := newAzure()
	return &vaultWire{wire: newWire(t, a.Directory), azure: a, t: t}
}

// token is an access token for Key Vault, as Entra would sign it; change edits its claims.
func (w *vaultWire) token(p *directory.Principal, change ...func(map[string]any)) string {
	w.t.Helper()
	claims := map[string]any{
		"aud": p.Tenant.Cloud.VaultResource(), "iss": p.Tenant.Issuer(), "tid": p.Tenant.ID,
		"appid": p.ClientID, "oid": p.PrincipalID, "sub": p.PrincipalID,
		"iat": w.time.Unix(), "nbf": w.time.Unix(), "exp": w.time.Add(time.Hour).Unix(),
	}
	for _, f := range change {
		f(claims)
	}
	ring, err := w.store.Ring(entraRing)
	require.NoError(w.t, err)
	key := ring.Current()
	signed, err := key.SignJWT(claims, "", keys.Headers{"typ": "JWT", "x5t": key.Thumbprint(), "kid": key.Thumbprint()})
	require.NoError(w.t, err)
	return signed
}

func claim(name string, value any) func(map[string]any) {
	return func(m map[string]any) { m[name] = value }
}

type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// send makes one request; an empty token stands for none.
func (w *vaultWire) send(method, target, token, body string) *reply {
	w.t.Helper()
	q, err := http.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	require.NoError(w.t, err)
	q.RemoteAddr = "192.0.2.1:1234"
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	response := w.do(q)
	defer func() { assert.NoError(w.t, response.Body.Close()) }()
	b, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	return &reply{w.t, response.StatusCode, response.Header, string(b)}
}

func (r *reply) is(status int, body string) *reply {
	r.t.Helper()
	assert.Equal(r.t, status, r.status)
	assert.Equal(r.t, body, r.body)
	return r
}

// fails asserts Key Vault's envelope.
func (r *reply) fails(status int, code, inner, message string) *reply {
	r.t.Helper()
	var got struct {
		Error struct {
			Code, Message string
			InnerError    struct{ Code string }
		}
	}
	require.NoError(r.t, json.Unmarshal([]byte(r.body), &got), r.body)
	assert.Equal(r.t, status, r.status)
	assert.Equal(r.t, code, got.Error.Code)
	assert.Equal(r.t, inner, got.Error.InnerError.Code)
	assert.Equal(r.t, message, got.Error.Message)
	return r
}

func (r *reply) into(v any) {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, r.body)
	require.NoError(r.t, json.Unmarshal([]byte(r.body), v))
}

// secret is any of the bodies that describe secrets.
type secret struct {
	Value      *string
	ID         string
	Attributes struct {
		Enabled          bool
		Created, Updated int64
		Nbf, Exp         *int64
		RecoveryLevel    string
		RecoverableDays  int
	}
	Tags               map[string]string
	RecoveryID         string
	DeletedDate        int64
	ScheduledPurgeDate int64
}

func (s *secret) version() string { return s.ID[strings.LastIndex(s.ID, "/")+1:] }

type list struct {
	Value    []secret
	NextLink *string
}

func at(vault, path string, query ...string) string {
	return vault + path + "?" + strings.Join(append([]string{version}, query...), "&")
}
