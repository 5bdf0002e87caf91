package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/federation"
	"github.com/kindred-emulator/kindred/emulator/issuer"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// federated is an identity with a credential for a service account of each cluster, and the account.
func federated(d *directory.Directory) (*directory.Principal, *directory.ServiceAccount) {
	sa := &directory.ServiceAccount{Namespace: "default", Name: "workload-identity-sa"}
	p := &directory.Principal{Kind: directory.ManagedIdentity, Name: "myIdentity", ClientID: "11111111-0000-4000-8000-000000000001", Tenant: d.Tenants[0]}
	for _, c := range d.Clusters {
		p.FederatedCredentials = append(p.FederatedCredentials, &directory.FederatedCredential{
			Name: c.Name, Issuer: c.Issuer, Subject: sa.Subject(), Audience: p.Tenant.Cloud.FederationAudience,
		})
	}
	return p, sa
}

// verify has kindred's verifier look at a token, with the issuer's documents fetched from the wire.
func (w *wire) verify(t *testing.T, p *directory.Principal, token string) error {
	t.Helper()
	a, err := federation.Parse(token)
	require.NoError(t, err)
	return w.verifier.Verify(t.Context(), p, a)
}

func (w *wire) token(t *testing.T, q issuer.TokenRequest) string {
	t.Helper()
	token, err := w.issuer.Token(q)
	require.NoError(t, err)
	return token
}

func TestFederationWithOwnIssuers(t *testing.T) {
	t.Parallel()
	d := issuerDirectory()
	p, sa := federated(d)
	w := newWire(t, d)
	for _, c := range d.Clusters {
		assert.NoError(t, w.verify(t, p, w.token(t, issuer.TokenRequest{Cluster: c, ServiceAccount: sa})), c.Issuer)
	}
	var routes []string
	for _, r := range w.journal.Records() {
		routes = append(routes, r.Method+" "+r.Host+" "+r.Path)
	}
	assert.Equal(t, []string{
		"GET eastus.oic.prod-aks.azure.com /5f6c7e1a-0000-4000-8000-000000000001/c1/.well-known/openid-configuration",
		"GET eastus.oic.prod-aks.azure.com /5f6c7e1a-0000-4000-8000-000000000001/c1/openid/v1/jwks",
		"GET oidc.example.com:8443 /clusters/bare/.well-known/openid-configuration",
		"GET oidc.example.com:8443 /clusters/bare/openid/v1/jwks",
	}, routes)
}

func TestFederationRefusals(t *testing.T) {
	t.Parallel()
	d := issuerDirectory()
	p, sa := federated(d)
	w := newWire(t, d)
	aks := d.Clusters[0]
	for _, c := range []struct {
		name    string
		request issuer.TokenRequest
		row     *apierr.Row
		cause   string
	}{
		{"trailing slash", issuer.TokenRequest{Claims: map[string]any{"iss": strings.TrimSuffix(clusterIssuer, "/")}}, apierr.NoMatchingIssuer, "issuer-trailing-slash"},
		{"audience", issuer.TokenRequest{Audience: []string{"api://AzureADTokenExchangeChina"}}, apierr.NoMatchingAudience, "audience-cloud"},
		{"service account", issuer.TokenRequest{ServiceAccount: &directory.ServiceAccount{Namespace: "default", Name: "default"}}, apierr.NoMatchingSubject, "subject-serviceaccount"},
		{"case", issuer.TokenRequest{Claims: map[string]any{"sub": "system:serviceaccount:default:Workload-Identity-SA"}}, apierr.SubjectCase, "subject-case"},
		{"key", issuer.TokenRequest{KeyID: "foreign"}, apierr.UnknownKey, "key-not-published"},
		{"another cluster's key", issuer.TokenRequest{Cluster: d.Clusters[1], Claims: map[string]any{"iss": clusterIssuer}}, apierr.UnknownKey, "key-not-published"},
		{"expired", issuer.TokenRequest{Lifetime: -time.Second}, apierr.OutsideValidity, "assertion-expired"},
		{"early", issuer.TokenRequest{IssuedAt: frozen.Add(time.Minute)}, apierr.OutsideValidity, "assertion-not-yet-valid"},
		{"no exp", issuer.TokenRequest{Claims: map[string]any{"exp": nil}}, apierr.OutsideValidity, "assertion-expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.request.Cluster == nil {
				c.request.Cluster = aks
			}
			if c.request.ServiceAccount == nil {
				c.request.ServiceAccount = sa
			}
			var e *apierr.Error
			require.ErrorAs(t, w.verify(t, p, w.token(t, c.request)), &e)
			assert.Equal(t, c.row.ID(), e.ID())
			assert.Equal(t, c.cause, e.Explanation.Cause)
		})
	}
}

func TestFederationOverAKeyRotation(t *testing.T) {
	t.Parallel()
	d := issuerDirectory()
	p, sa := federated(d)
	w := newWire(t, d)
	ring, err := w.store.Ring("cluster-aks")
	require.NoError(t, err)
	request := issuer.TokenRequest{Cluster: d.Clusters[0], ServiceAccount: sa, Lifetime: 48 * time.Hour}

	old := w.token(t, request)
	require.NoError(t, w.verify(t, p, old))

	w.time = w.time.Add(time.Minute)
	require.NoError(t, ring.Rotate(w.time))
	require.NoError(t, w.verify(t, p, w.token(t, request)), "an unknown kid has the keys fetched anew")
	require.NoError(t, w.verify(t, p, old), "the old key stays published")

	w.time = w.time.Add(keys.Overlap)
	require.ErrorIs(t, w.verify(t, p, old), apierr.UnknownKey.With())
	require.NoError(t, w.verify(t, p, w.token(t, request)))
}
