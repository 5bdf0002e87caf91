package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestZones(t *testing.T) {
	t.Parallel()
	tenant := &directory.Tenant{ID: "t", Cloud: directory.Clouds()[1]}
	d := directory.New(directory.Contents{
		Tenants: []*directory.Tenant{tenant, {ID: "u", Cloud: directory.Clouds()[1]}},
		Clusters: []*directory.Cluster{
			{Name: "aks", Issuer: "https://EastUS.oic.prod-aks.azure.com/a/b/", Tenant: tenant},
			{Name: "own", Issuer: "https://oidc.example.com:8443/x", Tenant: tenant},
			{Name: "plain", Issuer: "https://kubernetes.default.svc.cluster.local", Tenant: tenant},
			{Name: "short", Issuer: "https://kubernetes.default.svc", Tenant: tenant},
			{Name: "local", Issuer: "https://localhost:8443/x", Tenant: tenant},
			{Name: "address", Issuer: "https://192.0.2.1/x", Tenant: tenant},
		},
	})
	assert.Equal(t, []string{
		"login.microsoftonline.us", "login.usgovcloudapi.net", "vault.usgovcloudapi.net",
		"oic.prod-aks.azure.com", "oidc.prod-aks.azure.com", "oidc.example.com",
	}, d.Zones())
}
