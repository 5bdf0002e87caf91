package keyvault

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// BenchmarkFill is the first start with --state and a fixture of 100,000 secrets that are in no order.
func BenchmarkFill(b *testing.B) {
	const count, step = 100_000, 7919 // a prime, so that each comes once
	secrets := make([]directory.Secret, count)
	for i := range secrets {
		secrets[i] = directory.Secret{Name: fmt.Sprintf("secret-%06d", i*step%count), Value: "a value"}
	}
	for b.Loop() {
		d, err := OpenDisk(b.TempDir())
		require.NoError(b, err)
		v := newVault(&directory.Vault{Name: "kv", Tenant: &directory.Tenant{Cloud: directory.Clouds()[0]}, Secrets: secrets})
		all, err := d.load([]*vault{v}, 0)
		require.NoError(b, err)
		require.Equal(b, count, all[0].live.Len())
		require.NoError(b, d.Close())
	}
}
