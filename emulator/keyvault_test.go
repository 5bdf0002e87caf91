package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
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

func newVaultWire(t *testing.T) *vaultWire {
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
	signed, err := key.SignJWT(claims, keys.Headers{"typ": "JWT", "x5t": key.Thumbprint(), "kid": key.Thumbprint()})
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

func TestSecretLife(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	created := frozen.Unix()
	attributes := fmt.Sprintf(`"attributes":{"enabled":true,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}`, created, created)

	var first secret
	set := w.send("PUT", at(kv, "/secrets/Db-Password"), admin, `{"value":"a<b>&\"é\" ","contentType":"text/plain","tags":{"env":"test"}}`)
	set.into(&first)
	require.Len(t, first.version(), 32)
	id := kv + "/secrets/Db-Password/" + first.version()
	set.is(200, `{"value":"a<b>&\"é\" ","contentType":"text/plain","id":"`+id+`",`+attributes+`,"tags":{"env":"test"}}`)

	// Names keep their case and are found in any; a trailing slash and a double one are as good.
	for _, path := range []string{"/secrets/Db-Password", "/secrets/db-password/", "//secrets/DB-PASSWORD", "/secrets/Db-Password/" + first.version()} {
		w.send("GET", at(kv, path), admin, "").is(200, set.body)
	}

	// A second version, an update of the first, and the list of both.
	w.time = frozen.Add(time.Minute)
	var second secret
	w.send("PUT", at(kv, "/secrets/db-password"), admin, `{"value":"","attributes":{"enabled":true,"nbf":10,"exp":32503680000}}`).into(&second)
	assert.NotEqual(t, first.ID, second.ID)
	assert.Equal(t, kv+"/secrets/Db-Password/"+second.version(), second.ID)
	assert.Empty(t, *second.Value)
	w.send("PATCH", at(kv, "/secrets/db-password/"+first.version()), admin, `{"attributes":{"enabled":false},"tags":{}}`).
		is(200, fmt.Sprintf(`{"contentType":"text/plain","id":"%s","attributes":{"enabled":false,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}}`, id, created, created+60))
	w.send("GET", at(kv, "/secrets/db-password/"+first.version()), admin, "").
		fails(403, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret.")
	w.send("PATCH", at(kv, "/secrets/db-password/"+first.version()), admin, `{"attributes":{"enabled":true}}`).into(new(secret))
	w.send("PATCH", at(kv, "/secrets/db-password/"), admin, `{"contentType":"x"}`).into(new(secret))
	w.send("GET", at(kv, "/secrets/db-password/"+first.version()), admin, "").into(&first)
	assert.Equal(t, "a<b>&\"é\" ", *first.Value)

	// Deleted, it can be seen, and neither read, set nor updated.
	w.time = frozen.Add(time.Hour - time.Second)
	now := w.time.Unix()
	var latest secret
	w.send("GET", at(kv, "/secrets/db-password"), admin, "").into(&latest)
	deleted := w.send("DELETE", at(kv, "/secrets/db-password"), admin, "")
	deleted.is(200, fmt.Sprintf(`{"recoveryId":"%s/deletedsecrets/Db-Password","deletedDate":%d,"scheduledPurgeDate":%d,"contentType":"x","id":"%s","attributes":{"enabled":true,"nbf":10,"exp":32503680000,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}}`,
		kv, now, now+90*86400, second.ID, created+60, created+60))
	w.send("GET", at(kv, "/deletedsecrets/DB-password"), admin, "").is(200, deleted.body)
	for _, q := range []struct{ method, body string }{{"GET", ""}, {"PATCH", "{}"}, {"DELETE", ""}} {
		assert.Equal(t, 404, w.send(q.method, at(kv, "/secrets/db-password"), admin, q.body).status, q.method)
	}
	w.send("PUT", at(kv, "/secrets/db-password"), admin, `{"value":"x"}`).fails(409, "Conflict", "ObjectIsDeletedButRecoverable",
		"Secret db-password is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.")

	// Recovered, it is what it was.
	var recovered, after secret
	w.send("POST", at(kv, "/deletedsecrets/db-password/recover"), admin, "").into(&recovered)
	assert.Nil(t, recovered.Value)
	w.send("GET", at(kv, "/secrets/db-password"), admin, "").into(&after)
	assert.Equal(t, latest, after)
	w.send("GET", at(kv, "/deletedsecrets/db-password"), admin, "").
		fails(404, "SecretNotFound", "", "Deleted Secret not found: db-password")
}

func TestSecretPurgeAndRestore(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	for _, value := range []string{"one", "two"} {
		w.send("PUT", at(kv, "/secrets/S"), admin, `{"value":"`+value+`","attributes":{"exp":4102444800},"tags":{"k":"v"}}`).into(new(secret))
	}
	read := w.send("GET", at(kv, "/secrets/S"), admin, "")
	versions := w.send("GET", at(kv, "/secrets/S/versions"), admin, "")
	backup := w.send("POST", at(kv, "/secrets/s/backup"), admin, "")
	var blob struct{ Value string }
	backup.into(&blob)
	assert.Regexp(t, `^\{"value":"[A-Za-z0-9_-]+"\}$`, backup.body)

	const taken = "A secret with name S already exists in this vault, or in its deleted but recoverable secrets, and cannot be restored."
	restore := func(w *vaultWire) *reply {
		return w.send("POST", at(kv, "/secrets/restore"), w.token(w.admin), backup.body)
	}
	restore(w).fails(409, "Conflict", "", taken)
	w.send("DELETE", at(kv, "/secrets/S"), admin, "").into(new(secret))
	restore(w).fails(409, "Conflict", "", taken)
	purged := w.send("DELETE", at(kv, "/deletedsecrets/S"), admin, "").is(204, "")
	assert.Empty(t, purged.header.Get("Content-Type"))
	assert.Equal(t, "no-cache", purged.header.Get("Cache-Control"))
	w.send("DELETE", at(kv, "/deletedsecrets/S"), admin, "").fails(404, "SecretNotFound", "", "Deleted Secret not found: S")

	// The same kindred, and another one: the id and all versions are as before.
	other := newVaultWire(t)
	for _, w := range []*vaultWire{w, other} {
		var restored secret
		restore(w).into(&restored)
		assert.Nil(t, restored.Value)
		w.send("GET", at(kv, "/secrets/S"), w.token(w.admin), "").is(200, read.body)
		w.send("GET", at(kv, "/secrets/S/versions"), w.token(w.admin), "").is(200, versions.body)
	}
	for _, bad := range []string{"", "AAAA", blob.Value[:len(blob.Value)-8], "x" + blob.Value, blob.Value + "AAAA"} {
		w.send("POST", at(kv, "/secrets/restore"), admin, `{"value":"`+bad+`"}`).
			fails(400, "Malformed backup blob", "", "Backup blob contains invalid or corrupt version.")
	}
}

func TestSecretSeeds(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	// Expired, yet readable; the id follows from the names.
	w.send("GET", at(kv, "/secrets/old"), admin, "").is(200, fmt.Sprintf(
		`{"value":"<past & gone>","contentType":"text/plain","id":"https://kv.vault.azure.net/secrets/old/6242ea279a88f877ad674cb66c4e89fe","attributes":{"enabled":true,"exp":%d,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90},"tags":{"a":"1","b":"2"}}`,
		frozen.Add(-time.Hour).Unix(), frozen.Unix(), frozen.Unix()))
	w.send("PUT", at(kv, "/secrets/my-secret"), admin, `{"value":"changed"}`).into(new(secret))
	w.send("DELETE", at(kv, "/secrets/old"), admin, "").into(new(secret))
	w.send("PUT", at(kv, "/secrets/new"), admin, `{"value":"new"}`).into(new(secret))

	w.keyvault.Reset()
	var got secret
	w.send("GET", at(kv, "/secrets/my-secret"), admin, "").into(&got)
	assert.Equal(t, "Hello!", *got.Value)
	w.send("GET", at(kv, "/secrets/old"), admin, "").into(new(secret))
	assert.Equal(t, 404, w.send("GET", at(kv, "/secrets/new"), admin, "").status)
	assert.Equal(t, 404, w.send("GET", at(kv, "/deletedsecrets/old"), admin, "").status)
}

func TestSecretRetention(t *testing.T) {
	w := newVaultWire(t)
	const safe = "https://safe.vault.azure.net"
	var deleted secret
	w.send("DELETE", at(safe, "/secrets/kept"), w.token(w.admin), "").into(&deleted)
	assert.Equal(t, "CustomizedRecoverable", deleted.Attributes.RecoveryLevel)
	assert.Equal(t, 7, deleted.Attributes.RecoverableDays)
	assert.Equal(t, frozen.Add(7*24*time.Hour).Unix(), deleted.ScheduledPurgeDate)
	w.send("DELETE", at(safe, "/deletedsecrets/kept"), w.token(w.admin), "").fails(403, "Forbidden", "",
		`Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed. Vault: safe;location=eastus`)
	refused, _ := w.journal.LastRefused()
	assert.Equal(t, "purge-protection", refused.Explanation.Cause)

	w.time = frozen.Add(7*24*time.Hour - time.Second)
	w.send("GET", at(safe, "/deletedsecrets/kept"), w.token(w.admin), "").into(new(secret))
	w.time = frozen.Add(7 * 24 * time.Hour)
	for _, q := range []struct{ method, path string }{
		{"GET", "/deletedsecrets/kept"}, {"POST", "/deletedsecrets/kept/recover"},
	} {
		w.send(q.method, at(safe, q.path), w.token(w.admin), "").fails(404, "SecretNotFound", "", "Deleted Secret not found: kept")
	}
	w.send("GET", at(safe, "/deletedsecrets"), w.token(w.admin), "").is(200, `{"value":[],"nextLink":null}`)
	w.send("PUT", at(safe, "/secrets/kept"), w.token(w.admin), `{"value":"again"}`).into(new(secret))
}

func TestSecretNamesThatAreOperations(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	for _, name := range []string{"restore", "versions", "backup", "recover", strings.Repeat("n", 127)} {
		w.send("PUT", at(kv, "/secrets/"+name), admin, `{"value":"v"}`).into(new(secret))
		var got secret
		w.send("GET", at(kv, "/secrets/"+name), admin, "").into(&got)
		assert.Equal(t, "v", *got.Value, name)
		w.send("GET", at(kv, "/secrets/"+name+"/"+got.version()), admin, "").into(new(secret))
		w.send("PATCH", at(kv, "/secrets/"+name), admin, "{}").into(new(secret))
		w.send("POST", at(kv, "/secrets/"+name+"/backup"), admin, "").into(new(struct{}))
		w.send("DELETE", at(kv, "/secrets/"+name), admin, "").into(new(secret))
		w.send("POST", at(kv, "/deletedsecrets/"+name+"/recover"), admin, "").into(new(secret))
	}
}

func TestVaultHeaders(t *testing.T) {
	w := newVaultWire(t)
	want := map[string]string{
		"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1", "X-Content-Type-Options": "nosniff",
		"Strict-Transport-Security": "max-age=31536000;includeSubDomains", "X-Ms-Keyvault-Region": "eastus",
		"X-Ms-Keyvault-Service-Version": "1.9.3347.1", "Content-Type": "application/json; charset=utf-8",
		"X-Ms-Keyvault-Network-Info": "conn_type=Ipv4;addr=192.0.2.1;act_addr_fam=InterNetwork;",
		"X-Ms-Client-Request-Id":     "mine",
	}
	for path, status := range map[string]int{"/secrets/my-secret": 200, "/secrets/none": 404, "/nothing": 404, "/healthstatus": 200, "/secrets": 200} {
		q := httptest.NewRequest("GET", at(kv, path), http.NoBody)
		q.RemoteAddr = "192.0.2.1:1234"
		q.Header.Set("Authorization", "bearer "+w.token(w.admin))
		q.Header.Set("X-Ms-Client-Request-Id", "mine")
		response := w.do(q)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, status, response.StatusCode, path)
		for name, value := range want {
			assert.Equal(t, []string{value}, response.Header.Values(name), "%s of %s", name, path)
		}
		id := response.Header.Get("X-Ms-Request-Id")
		assert.NoError(t, uuid.Validate(id))
		records := w.journal.Records()
		assert.Equal(t, records[len(records)-1].TraceID, id)
	}
	w.send("GET", kv+"/healthstatus", "", "").is(200, "null")
}

func TestSecretsConcurrently(t *testing.T) {
	w := newVaultWire(t)
	admin, reader := w.token(w.admin), w.token(w.reader)
	const writers, rounds = 4, 10
	var group sync.WaitGroup
	for n := range writers {
		name := fmt.Sprintf("/secrets/own-%d", n)
		group.Go(func() {
			for i := range rounds {
				body := fmt.Sprintf(`{"value":"%d","tags":{"n":"%d"}}`, i, i)
				assert.Equal(t, 200, w.send("PUT", at(kv, "/secrets/shared"), admin, body).status)
				assert.Equal(t, 200, w.send("PATCH", at(kv, "/secrets/shared"), admin, `{"tags":{"x":"y"}}`).status)
				assert.Equal(t, 200, w.send("PUT", at(kv, name), admin, body).status)
				assert.Equal(t, 200, w.send("DELETE", at(kv, name), admin, "").status)
				assert.Equal(t, 204, w.send("DELETE", at(kv, "/deleted"+name[1:]), admin, "").status)
			}
		})
		group.Go(func() {
			for range rounds {
				assert.Contains(t, []int{200, 404}, w.send("GET", at(kv, "/secrets/shared"), reader, "").status)
				assert.Equal(t, 200, w.send("GET", at(kv, "/secrets"), admin, "").status)
				assert.Equal(t, 200, w.send("GET", at(kv, "/deletedsecrets"), admin, "").status)
			}
		})
	}
	group.Wait()
	seen := make(map[string]bool)
	for next := at(kv, "/secrets/shared/versions"); next != ""; {
		var page list
		w.send("GET", next, admin, "").into(&page)
		for _, v := range page.Value {
			seen[v.version()] = true
		}
		next = ""
		if page.NextLink != nil {
			next = *page.NextLink
		}
	}
	assert.Len(t, seen, writers*rounds, "no version is lost")
}

func TestSecretPages(t *testing.T) {
	w := newVaultWire(t)
	admin := w.token(w.admin)
	var want []string
	for i := range 57 { // and three seeds
		name := fmt.Sprintf("N-%02d", i)
		w.send("PUT", at(kv, "/secrets/"+name), admin, `{"value":"v","contentType":"c"}`).into(new(secret))
		want = append(want, kv+"/secrets/"+name)
	}
	want = append([]string{kv + "/secrets/my-secret"}, append(want, kv+"/secrets/off", kv+"/secrets/old")...)

	// read follows nextLink to the end; between is done after each page.
	read := func(start string, between func(list)) (ids []string, sizes []int) {
		for next := start; ; {
			var page list
			reply := w.send("GET", next, admin, "")
			reply.into(&page)
			sizes = append(sizes, len(page.Value))
			for _, s := range page.Value {
				ids = append(ids, s.ID)
			}
			if page.NextLink == nil {
				assert.True(t, strings.HasSuffix(reply.body, `,"nextLink":null}`))
				return ids, sizes
			}
			next = *page.NextLink
			between(page)
		}
	}
	ids, sizes := read(at(kv, "/secrets"), func(list) {})
	assert.Equal(t, want, ids)
	assert.Equal(t, []int{25, 25, 10}, sizes)
	_, sizes = read(at(kv, "/secrets", "maxresults=20"), func(list) {})
	assert.Equal(t, []int{20, 20, 20}, sizes, "no empty page at the end")

	var page list
	w.send("GET", at(kv, "/secrets", "maxresults=2"), admin, "").into(&page)
	assert.Regexp(t, `^https://kv\.vault\.azure\.net:443/secrets\?api-version=7\.4&\$skiptoken=[A-Za-z0-9_-]+&maxresults=2$`, *page.NextLink)
	w.send("GET", at("https://kv.vault.localhost:8443", "/secrets"), admin, "").into(&page)
	assert.Contains(t, *page.NextLink, "https://kv.vault.localhost:8443/secrets?")

	// The item that the token points at is deleted between the pages; so the bin fills in pages too.
	ids, _ = read(at(kv, "/secrets"), func(p list) {
		last := p.Value[len(p.Value)-1].ID
		w.send("DELETE", at(last, ""), admin, "").into(new(secret))
	})
	assert.Equal(t, want, ids)
	ids, sizes = read(at(kv, "/deletedsecrets", "maxresults=1"), func(list) {})
	assert.Equal(t, []int{1, 1}, sizes)
	assert.Equal(t, []string{want[24], want[49]}, ids)
	w.send("GET", at(kv, "/deletedsecrets", "maxresults=1"), admin, "").into(&page)
	assert.Equal(t, kv+"/deletedsecrets/N-23", page.Value[0].RecoveryID)

	for i := range 3 {
		w.send("PUT", at(kv, "/secrets/N-00"), admin, fmt.Sprintf(`{"value":"%d"}`, i)).into(new(secret))
	}
	ids, sizes = read(at(kv, "/secrets/n-00/versions", "maxresults=2"), func(list) {})
	assert.Equal(t, []int{2, 2}, sizes)
	assert.IsIncreasing(t, ids)
	assert.Regexp(t, `^https://kv\.vault\.azure\.net/secrets/N-00/[0-9a-f]{32}$`, ids[0])
	w.send("GET", at(kv, "/secrets/none/versions"), admin, "").is(200, `{"value":[],"nextLink":null}`)
}

func TestSecretListItem(t *testing.T) {
	w := newVaultWire(t)
	item := func(id string) string {
		return fmt.Sprintf(`{"value":[{"contentType":"text/plain","id":"%s","attributes":{"enabled":true,"exp":%d,"created":%d,"updated":%d,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90},"tags":{"a":"1","b":"2"}}],"nextLink":null}`,
			id, frozen.Add(-time.Hour).Unix(), frozen.Unix(), frozen.Unix())
	}
	admin := w.token(w.admin)
	w.send("GET", at(kv, "/secrets", "$skiptoken="+url.QueryEscape("MTpvZmY")), admin, "").is(200, item(kv+"/secrets/old"))
	w.send("GET", at(kv, "/secrets/old/versions"), admin, "").is(200, item(kv+"/secrets/old/6242ea279a88f877ad674cb66c4e89fe"))
	for _, bad := range []string{"maxresults=0", "maxresults=26", "maxresults=x", "maxresults="} {
		w.send("GET", at(kv, "/secrets", bad), admin, "").
			fails(400, "BadParameter", "", "The query parameter maxresults must be a number from 1 to 25.")
	}
	for _, bad := range []string{"", "*", "AAAA", "MTo", "MTpuYW1l"} { // the last is 1:name, for versions
		w.send("GET", at(kv, "/secrets/old/versions", "$skiptoken="+bad), admin, "").
			fails(400, "BadParameter", "", "The query parameter $skiptoken is not one that a nextLink had.")
	}
}
