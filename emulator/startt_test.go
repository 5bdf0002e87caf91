package emulator_test

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/fixtures"
)

// The example of docs/go-tests.md.
func TestReadsItsSecret(t *testing.T) {
	e := emulator.StartT(t, emulator.Options{Directory: fixtures.Article().Directory})
	e.As(t, "default/workload-identity-sa")

	credential, err := azidentity.NewDefaultAzureCredential(nil)
	require.NoError(t, err)
	client, err := azsecrets.NewClient("https://lgurret-demo-aks-wi.vault.azure.net/", credential, nil)
	require.NoError(t, err)
	secret, err := client.GetSecret(t.Context(), "my-secret", "", nil)
	require.NoError(t, err)
	require.Equal(t, "Hello!", *secret.Value)
}

// A second emulator in the same process: net/http and crypto/x509 have read their environment, and
// what they read must still hold.
func TestStartTAgain(t *testing.T) {
	e := emulator.StartT(t, emulator.Options{Directory: fixtures.Article().Directory})
	e.As(t, "")
	require.NoError(t, e.Clock().Advance(2*time.Hour))

	credential, err := azidentity.NewDefaultAzureCredential(nil)
	require.NoError(t, err)
	client, err := azsecrets.NewClient("https://lgurret-demo-aks-wi.vault.azure.net/", credential, nil)
	require.NoError(t, err)
	_, err = client.GetSecret(t.Context(), "my-secret", "", nil)
	require.ErrorContains(t, err, "AADSTS700024")
	r, ok := e.Journal().LastRefused()
	require.True(t, ok)
	assert.Equal(t, "assertion-expired", r.Explanation.Cause)
}

// BenchmarkStartT is the start of an emulator after the first in a process. All end with the benchmark.
func BenchmarkStartT(b *testing.B) {
	d := fixtures.Article().Directory
	for b.Loop() {
		emulator.StartT(b, emulator.Options{Directory: d})
	}
}
