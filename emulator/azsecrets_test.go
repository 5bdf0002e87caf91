package emulator_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/fixtures"
)

const sdkFixture = `
tenants: [{domain: contoso.onmicrosoft.com}]
clusters:
  - name: aks
    serviceAccounts:
      - {name: owner, annotations: {azure.workload.identity/client-id: 10000000-0000-4000-8000-000000000001}}
      - {name: reader, annotations: {azure.workload.identity/client-id: 10000000-0000-4000-8000-000000000002}}
identities:
  - name: owner
    clientId: 10000000-0000-4000-8000-000000000001
    federatedCredentials: [{name: aks, cluster: aks, subject: "system:serviceaccount:default:owner"}]
  - name: reader
    clientId: 10000000-0000-4000-8000-000000000002
    federatedCredentials: [{name: aks, cluster: aks, subject: "system:serviceaccount:default:reader"}]
vaults:
  - name: kv-sdk
    accessPolicies:
      - {identity: owner, permissions: {secrets: [all]}}
      - {identity: reader, permissions: {secrets: [list]}}
    secrets:
      - {name: expired, value: still readable, expires: 2020-01-01}
      - {name: disabled, value: x, enabled: false}
`

// sdk is azsecrets as a service account of the fixture, with no option set.
func sdk(t *testing.T, e *emulator.Emulator, account string) *azsecrets.Client {
	t.Helper()
	e.As(t, "default/"+account)
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	require.NoError(t, err)
	client, err := azsecrets.NewClient("https://kv-sdk.vault.azure.net/", credential, nil)
	require.NoError(t, err)
	return client
}

func startSDK(t *testing.T) *emulator.Emulator {
	t.Helper()
	f, err := fixtures.Parse(fixtures.File{Name: "sdk.yaml", Data: []byte(sdkFixture)})
	require.NoError(t, err)
	return emulator.StartT(t, emulator.Options{Directory: f.Directory})
}

// refused is the status and code of an error of the SDK.
func refused(t *testing.T, err error) (int, string) {
	t.Helper()
	var response *azcore.ResponseError
	require.ErrorAs(t, err, &response)
	return response.StatusCode, response.ErrorCode
}

func TestSDKLifeOfASecret(t *testing.T) {
	client, ctx := sdk(t, startSDK(t), "owner"), t.Context()
	first, err := client.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: to.Ptr("one"), ContentType: to.Ptr("text/plain"), Tags: map[string]*string{"team": to.Ptr("a")}}, nil)
	require.NoError(t, err)
	second, err := client.SetSecret(ctx, "db", azsecrets.SetSecretParameters{Value: to.Ptr("two")}, nil)
	require.NoError(t, err)
	require.NotEqual(t, first.ID.Version(), second.ID.Version())

	latest, err := client.GetSecret(ctx, "db", "", nil)
	require.NoError(t, err)
	assert.Equal(t, "two", *latest.Value)
	old, err := client.GetSecret(ctx, "db", first.ID.Version(), nil)
	require.NoError(t, err)
	assert.Equal(t, "one", *old.Value)
	assert.Equal(t, "a", *old.Tags["team"])
	assert.Equal(t, "Recoverable+Purgeable", *old.Attributes.RecoveryLevel)

	var versions []string
	for pager := client.NewListSecretPropertiesVersionsPager("db", nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		require.NoError(t, err)
		for _, v := range page.Value {
			versions = append(versions, v.ID.Version())
		}
	}
	assert.ElementsMatch(t, []string{first.ID.Version(), second.ID.Version()}, versions)

	updated, err := client.UpdateSecretProperties(ctx, "db", "", azsecrets.UpdateSecretPropertiesParameters{SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)}}, nil)
	require.NoError(t, err)
	assert.Nil(t, updated.Value)
	_, err = client.GetSecret(ctx, "db", "", nil)
	status, code := refused(t, err)
	assert.Equal(t, 403, status)
	assert.Equal(t, "Forbidden", code)
	_, err = client.GetSecret(ctx, "db", first.ID.Version(), nil)
	assert.NoError(t, err, "only the latest version is disabled")
}

func TestSDKDeleteAndBringBack(t *testing.T) {
	client, ctx := sdk(t, startSDK(t), "owner"), t.Context()
	set := func() azsecrets.SetSecretResponse {
		r, err := client.SetSecret(ctx, "gone", azsecrets.SetSecretParameters{Value: to.Ptr("v")}, nil)
		require.NoError(t, err)
		return r
	}
	original := set()
	backup, err := client.BackupSecret(ctx, "gone", nil)
	require.NoError(t, err)

	deleted, err := client.DeleteSecret(ctx, "gone", nil)
	require.NoError(t, err)
	assert.Equal(t, 90*24*time.Hour, deleted.ScheduledPurgeDate.Sub(*deleted.DeletedDate))
	_, err = client.GetSecret(ctx, "gone", "", nil)
	status, code := refused(t, err)
	assert.Equal(t, 404, status)
	assert.Equal(t, "SecretNotFound", code)
	_, err = client.SetSecret(ctx, "gone", azsecrets.SetSecretParameters{Value: to.Ptr("v")}, nil)
	status, code = refused(t, err)
	assert.Equal(t, 409, status)
	assert.Equal(t, "Conflict", code)
	inBin, err := client.GetDeletedSecret(ctx, "gone", nil)
	require.NoError(t, err)
	assert.Equal(t, original.ID.Version(), inBin.ID.Version())

	_, err = client.RecoverDeletedSecret(ctx, "gone", nil)
	require.NoError(t, err)
	back, err := client.GetSecret(ctx, "gone", "", nil)
	require.NoError(t, err)
	assert.Equal(t, "v", *back.Value)

	_, err = client.DeleteSecret(ctx, "gone", nil)
	require.NoError(t, err)
	_, err = client.PurgeDeletedSecret(ctx, "gone", nil)
	require.NoError(t, err)
	_, err = client.GetDeletedSecret(ctx, "gone", nil)
	status, _ = refused(t, err)
	assert.Equal(t, 404, status)

	restored, err := client.RestoreSecret(ctx, azsecrets.RestoreSecretParameters{SecretBackup: backup.Value}, nil)
	require.NoError(t, err)
	assert.Equal(t, *original.ID, *restored.ID)
	_, err = client.RestoreSecret(ctx, azsecrets.RestoreSecretParameters{SecretBackup: []byte("not a backup")}, nil)
	status, code = refused(t, err)
	assert.Equal(t, 400, status)
	assert.Equal(t, "Malformed backup blob", code)
}

func TestSDKPagesOfSixtySecrets(t *testing.T) {
	client, ctx := sdk(t, startSDK(t), "owner"), t.Context()
	want := map[string]bool{"expired": true, "disabled": true}
	for i := range 60 {
		name := fmt.Sprintf("paged-%02d", i)
		want[name] = true
		_, err := client.SetSecret(ctx, name, azsecrets.SetSecretParameters{Value: to.Ptr("v")}, nil)
		require.NoError(t, err)
	}
	got := make(map[string]bool)
	pages := 0
	for pager := client.NewListSecretPropertiesPager(nil); pager.More(); pages++ {
		page, err := pager.NextPage(ctx)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(page.Value), 25)
		for _, s := range page.Value {
			assert.Empty(t, s.ID.Version(), "ids of a list carry no version")
			assert.False(t, got[s.ID.Name()], "listed twice")
			got[s.ID.Name()] = true
		}
	}
	assert.Equal(t, 3, pages)
	assert.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
}

func TestSDKExpiredDisabledDenied(t *testing.T) {
	e := startSDK(t)
	owner, ctx := sdk(t, e, "owner"), t.Context()
	expired, err := owner.GetSecret(ctx, "expired", "", nil)
	require.NoError(t, err)
	assert.Equal(t, "still readable", *expired.Value)
	_, err = owner.GetSecret(ctx, "disabled", "", nil)
	status, _ := refused(t, err)
	assert.Equal(t, 403, status)

	reader := sdk(t, e, "reader")
	page, err := reader.NewListSecretPropertiesPager(nil).NextPage(ctx)
	require.NoError(t, err)
	assert.Len(t, page.Value, 2)
	for name, call := range map[string]func() error{
		"get":    func() error { _, err := reader.GetSecret(ctx, "expired", "", nil); return err },
		"absent": func() error { _, err := reader.GetSecret(ctx, "no-such-secret", "", nil); return err },
		"set": func() error {
			_, err := reader.SetSecret(ctx, "new", azsecrets.SetSecretParameters{Value: to.Ptr("v")}, nil)
			return err
		},
		"delete": func() error { _, err := reader.DeleteSecret(ctx, "expired", nil); return err },
	} {
		status, code := refused(t, call())
		assert.Equal(t, 403, status, name)
		assert.Equal(t, "Forbidden", code, name)
	}
	r, ok := e.Journal().LastRefused()
	require.True(t, ok)
	assert.Equal(t, "policy-denied", r.Explanation.Cause)
}

// A client keeps its access token; the vault refuses it once it has expired, and the SDK's next one is
// refused by Entra, for the service-account token has expired as well.
func TestSDKTokenExpires(t *testing.T) {
	e := startSDK(t)
	client, ctx := sdk(t, e, "owner"), t.Context()
	_, err := client.GetSecret(ctx, "expired", "", nil)
	require.NoError(t, err)
	require.NoError(t, e.Clock().Advance(25*time.Hour))
	_, err = client.GetSecret(ctx, "expired", "", nil)
	require.Error(t, err)
	var response *azcore.ResponseError
	if errors.As(err, &response) {
		assert.Equal(t, 401, response.StatusCode)
	}
	r, ok := e.Journal().LastRefused()
	require.True(t, ok)
	assert.Contains(t, []string{"token-expired", "assertion-expired"}, r.Explanation.Cause)
}
