package entra

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestIsDomain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"contoso.onmicrosoft.com":         true,
		"Contoso.COM":                     true,
		"xn--bcher-kva.example":           true,
		"undefined":                       false,
		"":                                false,
		"contoso..com":                    false,
		".com":                            false,
		"a.":                              false,
		"-a.com":                          false,
		"a-.com":                          false,
		"a b.com":                         false,
		"a/b.com":                         false,
		"bücher.example":                  false,
		strings.Repeat("a", 64) + ".com":  false,
		strings.Repeat("aa.", 100) + "de": false,
		strings.Repeat("a", 63) + ".com":  true,
	} {
		assert.Equal(t, want, isDomain(name), name)
	}
}

func TestIsGUID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"aaaaaaaa-0000-4000-8000-000000000001":          true,
		"AAAAAAAA-0000-4000-8000-000000000001":          true,
		"{aaaaaaaa-0000-4000-8000-000000000001}":        false,
		"urn:uuid:aaaaaaaa-0000-4000-8000-000000000001": false,
		"aaaaaaaa000040008000000000000001":              false,
		"aaaaaaaa-0000-4000-8000-00000000000g":          false,
		"":                                              false,
	} {
		assert.Equal(t, want, isGUID(text), text)
	}
}

func TestForTenant(t *testing.T) {
	t.Parallel()
	tenant := &directory.Tenant{ID: "t", Domain: "contoso.com", Cloud: directory.Clouds()[0]}
	for audience, want := range map[string]bool{
		"https://login.microsoftonline.com/t/oauth2/v2.0/token":           true,
		"https://login.microsoftonline.com/T/oauth2/token":                true,
		"https://login.windows.net/contoso.com/v2.0":                      true,
		"https://sts.windows.net/t/":                                      true,
		"https://localhost:8443/t/oauth2/v2.0/token":                      true,
		"https://localhost/t/oauth2/v2.0/token":                           false, // another port
		"http://login.microsoftonline.com/t/oauth2/v2.0/token":            false,
		"https://login.microsoftonline.us/t/oauth2/v2.0/token":            false,
		"https://login.microsoftonline.com/other/oauth2/v2.0/token":       false,
		"https://login.microsoftonline.com/t/oauth2/v2.0/authorize":       false,
		"https://login.microsoftonline.com.example/t/oauth2/v2.0/token":   false,
		"https://example@login.microsoftonline.com:444/t/oauth2/v2/token": false,
		"api://AzureADTokenExchange":                                      false,
		"%zz":                                                             false,
	} {
		assert.Equal(t, want, forTenant(audience, tenant, "localhost:8443"), audience)
	}
}

func TestIsKeyVault(t *testing.T) {
	t.Parallel()
	public := directory.Clouds()[0]
	for uri, want := range map[string]bool{
		"https://vault.azure.net":              true,
		"https://VAULT.azure.net/":             true,
		"https://vault.azure.net:8443":         true,
		"https://vault.localhost:8443":         true,
		"cfa8b339-82a2-471a-a3c9-0fc0be7a4093": true,
		"http://vault.azure.net":               false,
		"https://kv.vault.azure.net":           false,
		"https://vault.azure.net/x":            false,
		"https://vault.azure.net?x":            false,
		"https://user@vault.azure.net":         false,
		"https://vault.azure.cn":               false,
		"vault.azure.net":                      false,
	} {
		assert.Equal(t, want, isKeyVault(public, uri), uri)
	}
}
