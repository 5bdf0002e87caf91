package environ_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/emulator/trust"
)

var (
	workload = environ.Workload{ClientID: "client", TenantID: "tenant", Authority: "https://login.microsoftonline.com/", TokenFile: "/run/token"}
	target   = environ.Target{
		Way: environ.ViaProxy, Listen: "127.0.0.1:8443", Proxy: "127.0.0.1:8444",
		Trust: trust.Files{CA: "/t/ca.pem", Bundle: "/t/bundle.pem", Keystore: "/t/truststore.p12"},
	}
)

func variables(t environ.Target, present map[string]string) map[string]string {
	vars := make(map[string]string)
	for _, v := range environ.Variables(workload, t, func(name string) string { return present[name] }) {
		vars[v.Name] = v.Value
	}
	return vars
}

func TestViaProxyKeepsAzureNames(t *testing.T) {
	t.Parallel()
	vars := variables(target, nil)
	assert.Equal(t, "https://login.microsoftonline.com/", vars["AZURE_AUTHORITY_HOST"])
	assert.Equal(t, "client", vars["AZURE_CLIENT_ID"])
	assert.Equal(t, "tenant", vars["AZURE_TENANT_ID"])
	assert.Equal(t, "/run/token", vars["AZURE_FEDERATED_TOKEN_FILE"])
	assert.Equal(t, "http://127.0.0.1:8444", vars["HTTPS_PROXY"])
	assert.Equal(t, vars["HTTPS_PROXY"], vars["https_proxy"])
	assert.Equal(t, "localhost,127.0.0.1,::1,169.254.169.254", vars["NO_PROXY"])
	for _, name := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
		assert.Equal(t, "/t/bundle.pem", vars[name], "%s replaces the roots, so it needs all of them", name)
	}
	assert.Equal(t, "/t/ca.pem", vars["NODE_EXTRA_CA_CERTS"], "it adds to the roots")
	assert.NotContains(t, vars["JAVA_TOOL_OPTIONS"], "nonProxyHosts")
	for _, option := range []string{"-Djavax.net.ssl.trustStore=/t/truststore.p12", "-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort=8444"} {
		assert.Contains(t, strings.Fields(vars["JAVA_TOOL_OPTIONS"]), option)
	}
}

func TestViaAuthorityNamesTheListener(t *testing.T) {
	t.Parallel()
	direct := target
	direct.Way = environ.ViaAuthority
	vars := variables(direct, nil)
	assert.Equal(t, "https://localhost:8443/", vars["AZURE_AUTHORITY_HOST"])
	assert.NotContains(t, vars, "HTTPS_PROXY")
	assert.NotContains(t, vars["JAVA_TOOL_OPTIONS"], "proxy")
}

func TestPresentEnvironment(t *testing.T) {
	t.Parallel()
	vars := variables(target, map[string]string{
		"NO_PROXY":          "corp.example, *.azure.net,.vault.azure.net,net,login.microsoftonline.com,localhost,*",
		"JAVA_TOOL_OPTIONS": "-Xmx1g",
	})
	assert.Equal(t, "localhost,127.0.0.1,::1,169.254.169.254,corp.example", vars["NO_PROXY"], "nothing leads Azure's names past kindred")
	assert.True(t, strings.HasPrefix(vars["JAVA_TOOL_OPTIONS"], "-Xmx1g "), "the caller's own options stay")
}

func TestJavaResolvesNamesOffline(t *testing.T) {
	t.Parallel()
	assert.NotContains(t, variables(target, nil)["JAVA_TOOL_OPTIONS"], "hosts.file")
	offline := target
	offline.Hosts = "/run/hosts"
	assert.Contains(t, variables(offline, nil)["JAVA_TOOL_OPTIONS"], " -Djdk.net.hosts.file=/run/hosts")
	assert.Equal(t, "10.0.0.1 db\n127.0.0.1 localhost\n127.0.0.1 kv.vault.azure.net\n",
		string(environ.HostsFile([]byte("10.0.0.1 db\n"), []string{"kv.vault.azure.net"})))
}
