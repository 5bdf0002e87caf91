package emulator

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// credential gives a principal's tokens, as azidentity would get them for the challenge.
type credential struct {
	w   *vaultWire
	who *directory.Principal
	// What the client asked for last.
	asked policy.TokenRequestOptions
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.asked = o
	return azcore.AccessToken{Token: c.w.token(c.who), ExpiresOn: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)}, nil
}

// client is an unmodified azsecrets client whose network is the wire.
func (w *vaultWire) client(vault string, who *directory.Principal) (*azsecrets.Client, *credential) {
	w.t.Helper()
	c := &credential{w: w, who: who}
	client, err := azsecrets.NewClient(vault, c, &azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: &http.Client{Transport: w}, Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	require.NoError(w.t, err)
	return client, c
}

func TestSDKChallenge(t *testing.T) {
	w := newVaultWire(t)
	for vault, scope := range map[string]string{
		kv:                                "https://vault.azure.net/.default",
		kv + "/":                          "https://vault.azure.net/.default",
		kv + ":8443":                      "https://vault.azure.net:8443/.default",
		"https://kv.vault.localhost:8443": "https://vault.localhost:8443/.default",
	} {
		client, credential := w.client(vault, w.reader)
		got, err := client.GetSecret(t.Context(), "my-secret", "", nil)
		require.NoError(t, err, vault)
		assert.Equal(t, "Hello!", *got.Value)
		assert.Equal(t, "my-secret", got.ID.Name())
		assert.Equal(t, []string{scope}, credential.asked.Scopes)
		assert.Equal(t, contosoID, credential.asked.TenantID)
	}
	client, _ := w.client(kv, w.stranger)
	_, err := client.GetSecret(t.Context(), "my-secret", "", nil)
	var refused *azcore.ResponseError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusForbidden, refused.StatusCode)
	assert.Equal(t, "Forbidden", refused.ErrorCode)
}

func TestSDKOperations(t *testing.T) {
	w := newVaultWire(t)
	client, _ := w.client(kv, w.admin)
	ctx := t.Context()
	set, err := client.SetSecret(ctx, "s", azsecrets.SetSecretParameters{
		Value: new("v"), ContentType: new("text/plain"), Tags: map[string]*string{"k": new("v")},
		SecretAttributes: &azsecrets.SecretAttributes{Enabled: new(true), Expires: new(frozen.Add(-time.Hour))},
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, "Recoverable+Purgeable", *set.Attributes.RecoveryLevel)
	assert.Equal(t, frozen, set.Attributes.Created.UTC())
	_, err = client.UpdateSecretProperties(ctx, "s", set.ID.Version(), azsecrets.UpdateSecretPropertiesParameters{ContentType: new("x")}, nil)
	require.NoError(t, err)
	_, err = client.UpdateSecretProperties(ctx, "s", "", azsecrets.UpdateSecretPropertiesParameters{Tags: map[string]*string{}}, nil)
	require.NoError(t, err)

	for versions := client.NewListSecretPropertiesVersionsPager("s", nil); versions.More(); {
		page, err := versions.NextPage(ctx)
		require.NoError(t, err)
		require.Len(t, page.Value, 1)
		assert.Equal(t, set.ID.Version(), page.Value[0].ID.Version())
	}
	backup, err := client.BackupSecret(ctx, "s", nil)
	require.NoError(t, err)
	for range 2 {
		deleted, err := client.DeleteSecret(ctx, "s", nil)
		require.NoError(t, err)
		assert.Equal(t, frozen.Add(90*24*time.Hour), deleted.ScheduledPurgeDate.UTC())
		_, err = client.GetDeletedSecret(ctx, "s", nil)
		require.NoError(t, err)
		_, err = client.RecoverDeletedSecret(ctx, "s", nil)
		require.NoError(t, err)
	}
	_, err = client.DeleteSecret(ctx, "s", nil)
	require.NoError(t, err)
	_, err = client.PurgeDeletedSecret(ctx, "s", nil)
	require.NoError(t, err)
	restored, err := client.RestoreSecret(ctx, azsecrets.RestoreSecretParameters{SecretBackup: backup.Value}, nil)
	require.NoError(t, err)
	assert.Equal(t, *set.ID, *restored.ID)
}

func TestSDKPages(t *testing.T) {
	w := newVaultWire(t)
	client, _ := w.client(kv, w.admin)
	for i := range 57 {
		_, err := client.SetSecret(t.Context(), "n-"+string(rune('a'+i%26))+string(rune('a'+i/26)), azsecrets.SetSecretParameters{Value: new("")}, nil)
		require.NoError(t, err)
	}
	live, deleted := 0, 0
	for pager := client.NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(t.Context())
		require.NoError(t, err)
		for _, s := range page.Value {
			live++
			_, err := client.DeleteSecret(t.Context(), s.ID.Name(), nil)
			require.NoError(t, err)
		}
	}
	for pager := client.NewListDeletedSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(t.Context())
		require.NoError(t, err)
		deleted += len(page.Value)
	}
	assert.Equal(t, []int{60, 60}, []int{live, deleted})
}
