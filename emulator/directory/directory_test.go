package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestLookups(t *testing.T) {
	t.Parallel()
	public := directory.Clouds()[0]
	one := &directory.Tenant{ID: "0000aaaa-0000-4000-8000-000000000001", Domain: "Contoso.onmicrosoft.com", Cloud: public}
	two := &directory.Tenant{ID: "0000aaaa-0000-4000-8000-000000000002", Cloud: public}
	p := &directory.Principal{Name: "p", ClientID: "0000BBBB-0000-4000-8000-000000000001", Tenant: one}
	api := &directory.Resource{URI: "api://Orders", AppID: "0000cccc-0000-4000-8000-000000000001", Tenant: one}
	bare := &directory.Resource{URI: "https://bare.example", Tenant: one}
	vault := &directory.Vault{Name: "KV", Tenant: one}
	d := directory.New(directory.Contents{
		Tenants: []*directory.Tenant{one, two}, Principals: []*directory.Principal{p},
		Resources: []*directory.Resource{api, bare}, Vaults: []*directory.Vault{vault},
	})
	for name, want := range map[string]*directory.Tenant{
		"0000AAAA-0000-4000-8000-000000000001": one, "contoso.OnMicrosoft.com": one,
		"0000aaaa-0000-4000-8000-000000000002": two, "": nil, "common": nil,
	} {
		got, ok := d.Tenant(name)
		assert.Same(t, want, got, name)
		assert.Equal(t, want != nil, ok, name)
	}
	got, ok := d.Principal(one, "0000bbbb-0000-4000-8000-000000000001")
	assert.True(t, ok)
	assert.Same(t, p, got)
	_, ok = d.Principal(two, p.ClientID)
	assert.False(t, ok, "of another tenant")
	for uri, want := range map[string]*directory.Resource{
		"api://orders": api, "api://Orders/": api, "0000CCCC-0000-4000-8000-000000000001": api,
		"https://bare.example": bare, "": nil, "/": nil, "api://Orders//": nil,
	} {
		got, ok := d.Resource(one, uri)
		assert.Same(t, want, got, uri)
		assert.Equal(t, want != nil, ok, uri)
	}
	_, ok = d.Resource(two, "api://orders")
	assert.False(t, ok, "of another tenant")
	for host, want := range map[string]bool{"kv.vault.azure.net": true, "KV.VAULT.azure.net": true, "kv": false, "kv.vault.azure.cn": false} {
		_, ok := d.Vault(host)
		assert.Equal(t, want, ok, host)
	}
	assert.Equal(t, "https://sts.windows.net/0000aaaa-0000-4000-8000-000000000001/", one.Issuer())
}

func TestClouds(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]string{
		"azurecloud": "login.microsoftonline.com", "AzureUSGovernment": "login.microsoftonline.us", "AzureChinaCloud": "login.partner.microsoftonline.cn",
	} {
		c, ok := directory.CloudByName(name)
		require.True(t, ok, name)
		assert.Equal(t, host, c.LoginHost())
		of, ok := directory.CloudOfLogin("LOGIN" + host[5:])
		require.True(t, ok, host)
		assert.Same(t, c, of)
		assert.Equal(t, "https://"+c.VaultSuffix, c.VaultResource())
	}
	_, ok := directory.CloudByName("AzureGermanCloud")
	assert.False(t, ok)
	_, ok = directory.CloudOfLogin("example.com")
	assert.False(t, ok)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	sa := &directory.ServiceAccount{Namespace: "ns", Name: "sa"}
	c := &directory.Cluster{Issuer: "https://h.example:8443/a/", ServiceAccounts: []*directory.ServiceAccount{{Namespace: "ns", Name: "other"}, sa}}
	got, ok := c.ServiceAccount("ns", "sa")
	assert.True(t, ok)
	assert.Same(t, sa, got)
	_, ok = c.ServiceAccount("sa", "ns")
	assert.False(t, ok)
	assert.Equal(t, "system:serviceaccount:ns:sa", sa.Subject())
	assert.Equal(t, "h.example:8443", c.IssuerURL().Host)
	assert.Empty(t, (&directory.Cluster{Issuer: "://"}).IssuerURL().Host)
}

func TestPosition(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "azure.yaml:3:7", directory.Position{File: "azure.yaml", Line: 3, Column: 7}.String())
	assert.Empty(t, directory.Position{}.String())
}
