package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// shared is a buffer for several goroutines.
type shared struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

// secretive is an Azure whose secrets are easy to find in a text.
func secretive() *directory.Directory {
	tenant := &directory.Tenant{ID: tenantContoso, Domain: "contoso.onmicrosoft.com", Cloud: directory.Clouds()[0]}
	account := &directory.ServiceAccount{Namespace: "default", Name: "app", Annotations: map[string]string{directory.AnnotationClientID: appID}}
	cluster := &directory.Cluster{Name: "aks", Issuer: aksIssuer, Tenant: tenant, ServiceAccounts: []*directory.ServiceAccount{account}}
	app := &directory.Principal{
		Kind: directory.Application, Name: "app", ClientID: appID, PrincipalID: "dddddddd-0000-4000-8000-000000000001", Tenant: tenant,
		Secrets:              []directory.ClientSecret{{Value: "client-secret-of-app"}},
		FederatedCredentials: []*directory.FederatedCredential{{Name: "aks", Issuer: aksIssuer, Subject: account.Subject(), Audience: exchangeAs}},
	}
	return directory.New(directory.Contents{
		Tenants: []*directory.Tenant{tenant}, Clusters: []*directory.Cluster{cluster}, Principals: []*directory.Principal{app},
		Vaults: []*directory.Vault{{
			Name: "kv1", Location: "eastus", Tenant: tenant, RetentionDays: 90,
			AccessPolicies: []directory.AccessPolicy{{Principal: app, Secrets: []directory.Permission{directory.PermissionAll}}},
			Secrets:        []directory.Secret{{Name: "s", Value: "value-from-the-fixture"}},
		}},
	})
}

// TestNothingSecretIsLoggedOrJournalled does what clients do, rightly and wrongly, with the log at its
// most talkative, and looks for every token and secret that there was.
func TestNothingSecretIsLoggedOrJournalled(t *testing.T) {
	t.Parallel()
	log := &shared{}
	e, client := running(t, func(o *Options) {
		o.Directory, o.ControlToken = secretive(), "token-of-the-control-api"
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	secrets := []string{"client-secret-of-app", "wrong-client-secret", "value-from-the-fixture", "value-that-was-written", "token-of-the-control-api", "PRIVATE KEY"}
	send := func(method, address, bearer, body string) []byte {
		q, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		require.NoError(t, err)
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(body, "{") {
			q.Header.Set("Content-Type", "application/json")
		}
		if bearer != "" {
			q.Header.Set("Authorization", "Bearer "+bearer)
		}
		r, err := client.Do(q)
		require.NoError(t, err)
		data, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		return data
	}
	steer := control.NewClient(e.info.Control, "token-of-the-control-api")
	for _, q := range []control.TokenRequest{{}, {Audience: "wrong"}, {Key: "foreign"}, {Type: "at+jwt"}} {
		assertion, err := steer.Token(t.Context(), q)
		require.NoError(t, err)
		secrets = append(secrets, assertion.Token, assertion.Token[len(assertion.Token)-40:])
		var answer struct {
			Token string `json:"access_token"`
		}
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {appID}, "scope": {vaultScope},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion.Token},
		}
		require.NoError(t, json.Unmarshal(send(http.MethodPost, tokenURL(tenantContoso), "", form.Encode()), &answer))
		_ = send(http.MethodGet, tokenURL(tenantContoso)+"?"+form.Encode(), "", "")
		if answer.Token == "" {
			continue
		}
		secrets = append(secrets, answer.Token, answer.Token[len(answer.Token)-40:])
		_ = send(http.MethodGet, "https://kv1.vault.azure.net/secrets/s?api-version=7.4", answer.Token, "")
		_ = send(http.MethodPut, "https://kv1.vault.azure.net/secrets/t?api-version=7.4", answer.Token, `{"value": "value-that-was-written"}`)
		_ = send(http.MethodPut, "https://kv1.vault.azure.net/secrets/t?api-version=7.4", answer.Token, `{"value": "value-that-was-written", }`)
		_ = send(http.MethodGet, "https://kv1.vault.azure.net/secrets/s?api-version=7.4", answer.Token+"x", "")
	}
	for _, secret := range []string{"client-secret-of-app", "wrong-client-secret"} {
		_ = send(http.MethodPost, tokenURL(tenantContoso), "", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {appID}, "scope": {vaultScope}, "client_secret": {secret},
		}.Encode())
	}
	_, err := control.NewClient(e.info.Control, "token-of-the-control-api-not").Info(t.Context())
	require.Error(t, err)
	require.NoError(t, e.clock.Advance(48*time.Hour))

	records, err := json.Marshal(e.Journal().Records())
	require.NoError(t, err)
	log.mu.Lock()
	defer log.mu.Unlock()
	require.Greater(t, strings.Count(log.String(), "\n"), 15, "it is talkative")
	for _, secret := range secrets {
		assert.False(t, strings.Contains(log.String(), secret), "the log has %q", secret)
		assert.False(t, bytes.Contains(records, []byte(secret)), "the journal has %q", secret)
	}
}
