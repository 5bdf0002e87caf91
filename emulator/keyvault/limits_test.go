package keyvault

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestVaultThrottle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	v := &vault{Vault: &directory.Vault{TransactionLimit: 2}}
	require.NoError(t, v.throttle(now))
	require.NoError(t, v.throttle(now.Add(time.Second)))
	for after, wait := range map[time.Duration]int{time.Second: 9, 1500 * time.Millisecond: 9, 9999 * time.Millisecond: 1} {
		var refused *apierr.Error
		require.ErrorAs(t, v.throttle(now.Add(after)), &refused)
		assert.Same(t, apierr.Throttled, refused.Row)
		assert.Equal(t, wait, refused.RetryAfter, after)
	}
	v.window.reset()
	require.NoError(t, v.throttle(now.Add(9*time.Second)), "reset")
	require.NoError(t, v.throttle(now.Add(12*time.Second)), "reset, in the window that was")
	require.Error(t, v.throttle(now.Add(15*time.Second)), "the window began with the reset")
	assert.NoError(t, v.throttle(now.Add(9*time.Second+windowIs)), "another window")
	assert.NoError(t, v.throttle(now.Add(-time.Hour)), "the clock was moved back")

	free := &vault{Vault: &directory.Vault{}}
	for range 10_000 {
		require.NoError(t, free.throttle(now))
	}
}

func TestVaultFirewall(t *testing.T) {
	t.Parallel()
	r := &request{
		site: &site{vault: &vault{Vault: &directory.Vault{
			Name: "kv", Location: "eastus",
			AllowedAddresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("127.0.0.1/32")},
		}}},
		token: &accessToken{claims: claims{ClientID: "c", ObjectID: "o", Issuer: "i"}},
	}
	for _, in := range []string{"192.0.2.7:1234", "[::ffff:192.0.2.7]:1234", "127.0.0.1:1", "pipe"} {
		assert.NoError(t, r.firewall(in), in)
	}
	for _, out := range []string{"198.51.100.1:1234", "[2001:db8::1]:1234"} {
		var refused *apierr.Error
		require.ErrorAs(t, r.firewall(out), &refused, out)
		assert.Same(t, apierr.DeniedByFirewall, refused.Row)
		assert.Equal(t, "firewall", refused.Explanation.Cause)
	}
	r.AllowedAddresses = nil
	assert.NoError(t, r.firewall("198.51.100.1:1234"))
}
