package issuer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
)

// zeros is a source of randomness that has none.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func newSurface(t *testing.T, clusters ...*directory.Cluster) *Surface {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC) }
	o := keystest.Options()
	o.Now = now
	store, err := keys.Open(o, "cluster")
	require.NoError(t, err)
	ring, err := store.Ring("cluster")
	require.NoError(t, err)
	return New(Config{
		Directory: directory.New(directory.Contents{Clusters: clusters}),
		Keys:      func(*directory.Cluster) *keys.Ring { return ring },
		Now:       now,
		Rand:      zeros{},
	})
}

func cluster(name, issuer string) *directory.Cluster {
	return &directory.Cluster{Name: name, Issuer: issuer, Tenant: &directory.Tenant{ID: "t", Cloud: directory.Clouds()[0]}}
}

func TestServes(t *testing.T) {
	t.Parallel()
	s := newSurface(t,
		cluster("aks", "https://eastus.oic.prod-aks.azure.com/t/c/"), cluster("own", "https://OIDC.example.com:8443/c"),
		cluster("local", "https://localhost:8443/clusters/a"), cluster("address", "https://127.0.0.1:8443/clusters/b"),
	)
	for host, want := range map[string]bool{
		"eastus.oic.prod-aks.azure.com":  true,
		"westus.oic.prod-aks.azure.com":  true, // AKS's, though no cluster of the directory is there
		"oidc.prod-aks.azure.com":        true,
		"oidc.example.com":               true,
		"oic.prod-aks.azure.com":         false,
		"eviloidc.prod-aks.azure.com":    false,
		"example.com":                    false,
		"localhost":                      false, // shared with Entra's paths
		"127.0.0.1":                      false,
		"login.microsoftonline.com":      false,
		"":                               false,
		"x.oic.prod-aks.azure.com.evil.": false,
	} {
		assert.Equal(t, want, s.Serves(host), host)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	slash := cluster("slash", "https://h.example/t/a/")
	bare := cluster("bare", "https://h.example/t/b")
	root := cluster("root", "https://root.example")
	port := cluster("port", "https://localhost:8443/c/")
	twin := cluster("twin", "https://other.example/t/a/")
	s := newSurface(t, slash, bare, root, port, twin)
	for _, c := range []struct {
		host, path string
		anyHost    bool
		cluster    *directory.Cluster
		document   Document
	}{
		{"h.example", "/t/a/.well-known/openid-configuration", false, slash, Discovery},
		{"h.example", "/t/a/openid/v1/jwks", false, slash, JWKS},
		{"h.example", "/t/b/.well-known/openid-configuration", false, bare, Discovery},
		{"h.example", "/t/b/openid/v1/jwks", false, bare, JWKS},
		{"root.example", "/.well-known/openid-configuration", false, root, Discovery},
		{"root.example", "/openid/v1/jwks", false, root, JWKS},
		{"localhost", "/c/openid/v1/jwks", true, port, JWKS},
		{"192.0.2.1", "/c/.well-known/openid-configuration", true, port, Discovery},
		{"localhost", "/t/b/openid/v1/jwks", true, bare, JWKS},
		{"other.example", "/t/a/openid/v1/jwks", true, twin, JWKS},
		{"localhost", "/t/a/openid/v1/jwks", true, slash, JWKS}, // the first of two
		{"root.example", "/t/a/openid/v1/jwks", false, nil, ""},
		{"h.example", "/openid/v1/jwks", false, nil, ""},
		{"h.example", "/t/a", false, nil, ""},
		{"h.example", "/T/A/openid/v1/jwks", false, nil, ""},
		{"localhost", "/t/v2.0/.well-known/openid-configuration", true, nil, ""}, // Entra's
	} {
		found, document, ok := s.Find(c.host, c.path, c.anyHost)
		assert.Equal(t, c.cluster != nil, ok, "%s%s", c.host, c.path)
		assert.Same(t, c.cluster, found, "%s%s", c.host, c.path)
		assert.Equal(t, c.document, document, "%s%s", c.host, c.path)
	}
}

func TestTokenIsAsTheAPIServerWritesIt(t *testing.T) {
	t.Parallel()
	c := cluster("aks", "https://eastus.oic.prod-aks.azure.com/t/c/")
	s := newSurface(t, c)
	sa := &directory.ServiceAccount{Namespace: "default", Name: "workload-identity-sa", UID: "0c0ffee0-0000-4000-8000-000000000001"}
	raw, err := s.Token(TokenRequest{Cluster: c, ServiceAccount: sa, Pod: "quick-start", Node: "node-0"})
	require.NoError(t, err)

	key := s.Keys(c).Current()
	parts := strings.Split(raw, ".")
	require.Len(t, parts, 3)
	assert.Equal(t, `{"alg":"RS256","kid":"`+key.ID()+`"}`, text(t, parts[0]))
	assert.Equal(t, `{"aud":["api://AzureADTokenExchange"],"exp":1772604367,"iat":1772600767,`+
		`"iss":"https://eastus.oic.prod-aks.azure.com/t/c/","jti":"00000000-0000-4000-8000-000000000000",`+
		`"kubernetes.io":{"namespace":"default",`+
		`"node":{"name":"node-0","uid":"`+uid(c, "node", "node-0")+`"},`+
		`"pod":{"name":"quick-start","uid":"`+uid(c, "pod", "default", "quick-start")+`"},`+
		`"serviceaccount":{"name":"workload-identity-sa","uid":"0c0ffee0-0000-4000-8000-000000000001"}},`+
		`"nbf":1772600767,"sub":"system:serviceaccount:default:workload-identity-sa"}`, text(t, parts[1]))

	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	_, err = jws.Verify(key.Public())
	require.NoError(t, err)

	again, err := s.Token(TokenRequest{Cluster: c, ServiceAccount: sa, Pod: "quick-start", Node: "node-0"})
	require.NoError(t, err)
	assert.Equal(t, raw, again, "the same clock, the same randomness, the same token")
}

func text(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	require.NoError(t, err)
	return string(b)
}

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	c := cluster("c", "https://h.example/c")
	china := cluster("china", "https://h.example/c")
	china.Tenant = &directory.Tenant{Cloud: directory.Clouds()[2]}
	free := &directory.Cluster{Issuer: "https://h.example/c"}
	sa := &directory.ServiceAccount{Namespace: "ns", Name: "sa"}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		name    string
		request TokenRequest
		header  map[string]any // a part of it
		claims  map[string]any // likewise; nil: absent
	}{
		{"its cloud", TokenRequest{Cluster: china}, nil, map[string]any{"aud": []any{"api://AzureADTokenExchangeChina"}}},
		{"of no tenant", TokenRequest{Cluster: free}, nil, map[string]any{"aud": []any{"api://AzureADTokenExchange"}}},
		{"audience", TokenRequest{Cluster: c, Audience: []string{"a", "b"}}, nil, map[string]any{"aud": []any{"a", "b"}}},
		{"time", TokenRequest{Cluster: c, IssuedAt: at, Lifetime: time.Minute}, nil, map[string]any{"iat": 1577836800., "nbf": 1577836800., "exp": 1577836860.}},
		{"expired", TokenRequest{Cluster: c, IssuedAt: at, Lifetime: -time.Minute}, nil, map[string]any{"iat": 1577836800., "exp": 1577836740.}},
		{"claims", TokenRequest{Cluster: c, Claims: map[string]any{"sub": "repo:o/r", "exp": nil, "x": true}}, nil, map[string]any{"sub": "repo:o/r", "exp": nil, "x": true}},
		{"key id and type", TokenRequest{Cluster: c, KeyID: "foreign", Type: "at+jwt"}, map[string]any{"kid": "foreign", "typ": "at+jwt"}, nil},
		{"names of its own", TokenRequest{Cluster: c}, nil, map[string]any{"kubernetes.io": map[string]any{
			"namespace":      "ns",
			"node":           map[string]any{"name": "aks-nodepool1-00000000-vmss000000", "uid": uid(c, "node", "aks-nodepool1-00000000-vmss000000")},
			"pod":            map[string]any{"name": "sa", "uid": uid(c, "pod", "ns", "sa")},
			"serviceaccount": map[string]any{"name": "sa", "uid": uid(c, "serviceaccount", "ns", "sa")},
		}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			x.request.ServiceAccount = sa
			raw, err := newSurface(t, c).Token(x.request)
			require.NoError(t, err)
			for i, want := range []map[string]any{x.header, x.claims} {
				var got map[string]any
				require.NoError(t, json.Unmarshal([]byte(text(t, strings.Split(raw, ".")[i])), &got))
				for name, value := range want {
					assert.Equal(t, value, got[name], name)
					_, there := got[name]
					assert.Equal(t, value != nil, there, name)
				}
			}
		})
	}
}

func TestTokenFails(t *testing.T) {
	t.Parallel()
	c, sa := cluster("c", "https://h.example/c"), &directory.ServiceAccount{Namespace: "ns", Name: "sa"}
	s := newSurface(t, c)
	for _, x := range []struct {
		request TokenRequest
		want    string
	}{
		{TokenRequest{ServiceAccount: sa}, "a token needs a cluster and a service account"},
		{TokenRequest{Cluster: c}, "a token needs a cluster and a service account"},
		{TokenRequest{Cluster: c, ServiceAccount: sa, Claims: map[string]any{"f": func() {}}}, "marshal claims: json: unsupported type: func()"},
	} {
		_, err := s.Token(x.request)
		assert.EqualError(t, err, x.want)
	}
	s.Rand = bytes.NewReader(nil)
	_, err := s.Token(TokenRequest{Cluster: c, ServiceAccount: sa})
	assert.EqualError(t, err, "jti: EOF")
}

func TestUIDsTellObjectsApart(t *testing.T) {
	t.Parallel()
	a, b := cluster("a", "https://h.example/a"), cluster("b", "https://h.example/b")
	seen := map[string]bool{}
	for _, id := range []string{
		uid(a, "pod", "ns", "x"), uid(b, "pod", "ns", "x"), uid(a, "pod", "n", "sx"), uid(a, "node", "x"), uid(a, "serviceaccount", "ns", "x"),
	} {
		assert.False(t, seen[id], fmt.Sprint(seen))
		seen[id] = true
	}
	assert.Equal(t, uid(a, "pod", "ns", "x"), uid(a, "pod", "ns", "x"))
}
