package keyvault

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestServes(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"kv.vault.azure.net": true, "none.vault.azure.net": true, "vault.azure.net": true, "a.b.vault.azure.net": true,
		"kv.vault.usgovcloudapi.net": true, "kv.vault.azure.cn": true, "kv.vault.localhost": true, "vault.localhost": true,
		"": false, "localhost": false, "myvault.azure.net": false, ".vault.azure.net": false, "vault.azure.net.evil": false,
		"login.microsoftonline.com": false, "192.0.2.1": false,
	} {
		assert.Equal(t, want, isVaultHost(host), host)
	}
}

func TestNetworkInfo(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:80":     "conn_type=Ipv4;addr=192.0.2.1;act_addr_fam=InterNetwork;",
		"[2001:db8::1]:80": "conn_type=Ipv6;addr=2001:db8::1;act_addr_fam=InterNetworkV6;",
		"@":                "conn_type=Ipv4;addr=@;act_addr_fam=InterNetwork;",
	} {
		assert.Equal(t, want, networkInfo(remote))
	}
}

func TestSitesAreBounded(t *testing.T) {
	t.Parallel()
	tenant := &directory.Tenant{ID: "t", Cloud: directory.Clouds()[0]}
	s := newSites(directory.New(directory.Contents{
		Tenants: []*directory.Tenant{tenant}, Vaults: []*directory.Vault{{Name: "kv", Tenant: tenant}},
	}))
	for port := range 2 * maxSites {
		_, ok := s.find("kv.vault.azure.net:" + strings.Repeat("0", port%3) + string(rune('0'+port%10)) + string(rune('0'+port/10%10)))
		assert.True(t, ok)
	}
	assert.LessOrEqual(t, s.known.Len(), maxSites)
	found, ok := s.find("KV.Vault.Azure.Net.:443")
	require.True(t, ok)
	assert.Equal(t, "https://kv.vault.azure.net", found.base)
	assert.Equal(t, "https://kv.vault.azure.net:443", found.page)
}

func FuzzHost(f *testing.F) {
	for _, host := range []string{"kv.vault.azure.net", "kv.vault.localhost:8443", "[::1]:443", "kv.vault.azure.net:99999", "kv.vault.azure.net:443\""} {
		f.Add(host)
	}
	tenant := &directory.Tenant{ID: "t", Cloud: directory.Clouds()[0]}
	s := newSites(directory.New(directory.Contents{
		Tenants: []*directory.Tenant{tenant}, Vaults: []*directory.Vault{{Name: "kv", Tenant: tenant}},
	}))
	f.Fuzz(func(t *testing.T, host string) {
		if found, ok := s.find(host); ok {
			assert.Equal(t, 4, strings.Count(found.challenge, `"`), "nothing of the host gets out of its quotes")
			assert.True(t, strings.HasSuffix(found.base, strings.TrimPrefix(found.resource, "https://")))
		}
	})
}

func FuzzSkip(f *testing.F) {
	f.Add(encodeSkip("name"))
	f.Add(encodeSkip(""))
	f.Add("MTo")
	f.Add("%00")
	f.Fuzz(func(t *testing.T, token string) {
		key, ok := decodeSkip(token, isName)
		if !ok {
			return
		}
		require.NoError(t, checkName(key))
		again, ok := decodeSkip(encodeSkip(key), isName)
		assert.True(t, ok)
		assert.Equal(t, key, again)
	})
}

func FuzzBackup(f *testing.F) {
	a := &version{name: "N", id: strings.Repeat("a", versionIs), value: "\x00v", tags: map[string]string{"k": "v"}, enabled: true, expires: new(int64(9))}
	b := &version{name: "N", id: strings.Repeat("b", versionIs)}
	blob, err := encodeBackup([]*version{a, b}, a)
	require.NoError(f, err)
	f.Add(blob)
	f.Add(blob + "==")
	f.Add(strings.ToUpper(blob))
	f.Add("e30")
	f.Fuzz(func(t *testing.T, blob string) {
		all, latest, err := decodeBackup(blob)
		if err != nil {
			require.ErrorIs(t, err, apierr.BadBackup.With())
			return
		}
		assert.Contains(t, all, latest)
		blob, err = encodeBackup(all, latest)
		require.NoError(t, err)
		again, same, err := decodeBackup(blob)
		require.NoError(t, err)
		assert.Equal(t, all, again)
		assert.Equal(t, latest, same)
	})
}

// A blob with a right checksum over a wrong secret.
func TestBackupHoldsTheLimits(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("a", versionIs)
	good := version{name: "n", id: id}
	for name, change := range map[string]func(v *version){
		"name":    func(v *version) { v.name = "../n" },
		"id":      func(v *version) { v.id = "A" },
		"value":   func(v *version) { v.value = strings.Repeat("x", maxValue+1) },
		"type":    func(v *version) { v.contentType = strings.Repeat("x", maxContentType+1) },
		"expires": func(v *version) { v.expires = new(int64(-1)) },
	} {
		v := good
		change(&v)
		blob, err := encodeBackup([]*version{&v}, &v)
		require.NoError(t, err)
		_, _, err = decodeBackup(blob)
		require.ErrorIs(t, err, apierr.BadBackup.With(), name)
	}
	for name, all := range map[string][]*version{"twice the same id": {&good, &good}, "no version": {}} {
		blob, err := encodeBackup(all, &good)
		require.NoError(t, err)
		_, _, err = decodeBackup(blob)
		require.ErrorIs(t, err, apierr.BadBackup.With(), name)
	}
}

func FuzzSetBody(f *testing.F) {
	f.Add([]byte(`{"value":"v","contentType":"c","tags":{"a":"b"},"attributes":{"enabled":false,"nbf":1,"exp":2}}`))
	f.Add([]byte(`{"value":null,"attributes":null}`))
	f.Add([]byte(`{"attributes":{"exp":1e400}}`))
	f.Add([]byte("{\"value\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b setBody
		v := version{enabled: true}
		err := decode(body, &b)
		if err == nil {
			err = b.apply(&v)
		}
		var known *apierr.Error
		if err != nil {
			require.True(t, errors.As(err, &known))
			assert.Equal(t, "BadParameter", known.Code)
			return
		}
		assert.LessOrEqual(t, len(v.value), maxValue)
		assert.LessOrEqual(t, len(v.tags), maxTags)
		assert.True(t, v.notBefore == nil || v.expires == nil || *v.notBefore <= *v.expires)
	})
}

func FuzzToken(f *testing.F) {
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.AA")
	f.Add("eyJhbGciOiJub25lIn0.eyJleHAiOjF9.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		token, jws, err := parseToken(raw)
		if err != nil {
			assert.Nil(t, token)
			return
		}
		assert.NotNil(t, jws)
		assert.False(t, token.expires.IsZero())
	})
}
