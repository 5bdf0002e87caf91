package scenarios_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/keys/keystest"
	"github.com/kindred-emulator/kindred/fixtures"
)

// What a secret of a fixture needs beside its value, in the directory and in its vault.
func TestMemoryOfASecret(t *testing.T) {
	const secrets, value = 20_000, 100
	var b strings.Builder
	b.WriteString("tenants: [{domain: contoso.onmicrosoft.com}]\nvaults:\n  - name: kv1\n    secrets:\n")
	for i := range secrets {
		fmt.Fprintf(&b, "      - {name: secret-%06d, value: \"%0*d\"}\n", i, value, i)
	}
	before := alive()
	f, err := fixtures.Parse(fixtures.File{Name: "f.yaml", Data: []byte(b.String())})
	require.NoError(t, err)
	e, err := emulator.InMemory(emulator.Options{Directory: f.Directory, Keys: keystest.Options()})
	require.NoError(t, err)
	each := (alive()-before)/secrets - value
	t.Logf("%d bytes beside the value", each)
	assert.Less(t, each, 1000)
	require.NoError(t, e.Close())
}

// alive is the bytes of the heap that are in use.
func alive() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc) //nolint:gosec // no heap has more
}
