package emulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/fixtures"
)

// faulty is an emulator with the tutorial's Azure and faults, and the real client's read of its secret.
func faulty(t *testing.T, faults ...directory.Fault) (e *emulator.Emulator, read func() error) {
	t.Helper()
	contents := fixtures.Article().Directory.Contents
	contents.Faults = faults
	e = emulator.StartT(t, emulator.Options{Directory: directory.New(contents), Seed: 1})
	e.As(t, "")
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	require.NoError(t, err)
	client, err := azsecrets.NewClient("https://lgurret-demo-aks-wi.vault.azure.net/", credential, nil)
	require.NoError(t, err)
	return e, func() error {
		_, err := client.GetSecret(t.Context(), "my-secret", "", nil)
		return err
	}
}

// counted is how many records of the journal have an error, by its name; "" counts the others.
func counted(e *emulator.Emulator, route string) map[string]int {
	found := make(map[string]int)
	for _, r := range e.Journal().Records() {
		if r.Route == route && !r.Challenge {
			found[name(r)]++
		}
	}
	return found
}

func name(r journal.Record) string {
	if r.Error == nil {
		return ""
	}
	return r.Error.ID
}

func TestADroppedConnection(t *testing.T) {
	e, _ := faulty(t, directory.Fault{Surface: "entra", Route: "instance", Times: 1, Latency: time.Millisecond, Drop: true})
	ask := func() error {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://login.microsoftonline.com/common/discovery/instance", http.NoBody)
		require.NoError(t, err)
		r, err := e.Client().Do(q)
		if err == nil {
			err = r.Body.Close()
		}
		return err
	}
	require.ErrorContains(t, ask(), "stream error", "HTTP/2 ends the stream and not the connection")
	require.NoError(t, ask())
	assert.Equal(t, 1, counted(e, "instance")["Dropped"])
}

func TestKeysOfAnIssuerThatAreMissing(t *testing.T) {
	e, read := faulty(t, directory.Fault{Surface: "issuer", Keys: directory.KeysMissing})
	require.ErrorContains(t, read(), "AADSTS7000272")
	r, ok := e.Journal().LastRefused()
	require.True(t, ok)
	assert.Equal(t, "key-not-published", r.Explanation.Cause)
}

func TestAFixturesFaultThatIsNone(t *testing.T) {
	t.Parallel()
	contents := fixtures.Article().Directory.Contents
	contents.Faults = []directory.Fault{{Surface: "entra", Error: "AADSTS1", Source: directory.Position{File: "f.yaml", Line: 3, Column: 5}}}
	_, err := emulator.InMemory(emulator.Options{Directory: directory.New(contents)})
	require.EqualError(t, err, `f.yaml:3:5: fault: error "AADSTS1" is none that entra answers with`)
}
