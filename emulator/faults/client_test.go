package faults_test

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/fixtures"
)

// The real client's cache: an access token is used again while it lives, and another is asked for when
// it has expired.
func TestATokenCacheAcrossExpiry(t *testing.T) {
	contents := fixtures.Article().Directory.Contents
	contents.Faults = []directory.Fault{{Surface: "entra", Route: "token", TokenLifetime: 2 * time.Second}}
	e := emulator.StartT(t, emulator.Options{Directory: directory.New(contents), Keys: keystest.Options()})
	e.As(t, "")
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	require.NoError(t, err)
	client, err := azsecrets.NewClient("https://lgurret-demo-aks-wi.vault.azure.net/", credential, nil)
	require.NoError(t, err)
	read := func() error {
		_, err := client.GetSecret(t.Context(), "my-secret", "", nil)
		return err
	}
	tokens := func() (n int) {
		for _, r := range e.Journal().Records() {
			if r.Route == "token" && r.Error == nil {
				n++
			}
		}
		return n
	}
	require.NoError(t, read())
	require.NoError(t, read())
	assert.Equal(t, 1, tokens(), "one token served both")
	assert.Eventually(t, func() bool {
		assert.NoError(t, read())
		return tokens() == 2
	}, 10*time.Second, 50*time.Millisecond)
}
