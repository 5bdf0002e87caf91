// Package environ is the environment in which an unmodified Azure client reaches kindred: what the
// workload identity webhook gives a pod, the way to kindred, and the trust in its certificates.
package environ

import (
	"bytes"
	"net"
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/trust"
)

// Way is how a client gets to kindred.
type Way string

// The ways.
const (
	// ViaProxy leaves every name as in Azure; HTTPS_PROXY leads to kindred.
	ViaProxy Way = "proxy"
	// ViaAuthority names kindred itself in AZURE_AUTHORITY_HOST; vaults are at *.vault.localhost.
	ViaAuthority Way = "authority"
)

// Workload is who the client is.
type Workload struct {
	ClientID  string
	TenantID  string
	Authority string // https://login.microsoftonline.com/
	TokenFile string // absolute
}

// Target is the kindred to reach.
type Target struct {
	Way    Way
	Listen string // host:port of the TLS listener
	Proxy  string // host:port of the CONNECT proxy
	Trust  trust.Files
	// Hosts is a hosts file for Java, whose Azure SDK resolves names before it asks the proxy. Java
	// then knows the names in it and no others, so it is for working offline. Empty: none.
	Hosts string
}

// Variable is one variable of the environment.
type Variable struct{ Name, Value string }

// direct are the hosts that no proxy may stand before: this machine, and the instance metadata
// service.
var direct = []string{"localhost", "127.0.0.1", "::1", "169.254.169.254"}

// Variables are what to add to an environment: Identity and Reach.
func Variables(w Workload, t Target, lookup func(name string) string) []Variable {
	return append(Identity(w, t), Reach(t, lookup)...)
}

// Identity is what the webhook gives a pod.
func Identity(w Workload, t Target) []Variable {
	authority := w.Authority
	if t.Way == ViaAuthority {
		authority = "https://" + localhost(t.Listen) + "/"
	}
	return []Variable{
		{"AZURE_CLIENT_ID", w.ClientID},
		{"AZURE_TENANT_ID", w.TenantID},
		{"AZURE_FEDERATED_TOKEN_FILE", w.TokenFile},
		{"AZURE_AUTHORITY_HOST", authority},
	}
}

// Reach is the way to kindred and the trust in its certificates; lookup reads the present
// environment. Variables that already have a say in the same matter are replaced or, where they hold
// a list, kept in it.
func Reach(t Target, lookup func(name string) string) []Variable {
	vars := Trust(t.Trust)
	java := &vars[len(vars)-1].Value
	if t.Way == ViaProxy {
		*java += javaProxy(t.Proxy)
		if t.Hosts != "" {
			*java += " -Djdk.net.hosts.file=" + t.Hosts
		}
	}
	if present := lookup(javaOptions); present != "" {
		*java = present + " " + *java
	}
	if t.Way == ViaProxy {
		vars = append(vars, proxyVariables(t.Proxy, lookup)...)
	}
	return vars
}

const javaOptions = "JAVA_TOOL_OPTIONS"

// Trust is the variables by which runtimes find what to trust, Java's last. Without a Keystore Java is
// left out.
func Trust(f trust.Files) []Variable {
	vars := []Variable{
		{"SSL_CERT_FILE", f.Bundle},
		{"REQUESTS_CA_BUNDLE", f.Bundle},
		{"CURL_CA_BUNDLE", f.Bundle},
		{"NODE_EXTRA_CA_CERTS", f.CA},
	}
	if f.Keystore == "" {
		return vars
	}
	return append(vars, Variable{javaOptions, strings.Join([]string{
		"-Djavax.net.ssl.trustStore=" + f.Keystore,
		"-Djavax.net.ssl.trustStoreType=PKCS12",
		"-Djavax.net.ssl.trustStorePassword=" + trust.Password,
	}, " ")})
}

func proxyVariables(proxy string, lookup func(string) string) []Variable {
	none := strings.Join(withoutProxy(lookup), ",")
	return []Variable{
		{"HTTPS_PROXY", "http://" + proxy},
		{"https_proxy", "http://" + proxy}, // curl and others read the lower case first
		{"NO_PROXY", none},
		{"no_proxy", none},
	}
}

// azure are the suffixes that must go through the proxy whatever NO_PROXY says.
var azure = []string{
	"microsoftonline.com", "microsoftonline.us", "microsoftonline.cn", "microsoft.com", "windows.net", "chinacloudapi.cn",
	"usgovcloudapi.net", "azure.net", "azure.cn", "azure.com",
}

// withoutProxy is the caller's own NO_PROXY, less what would lead Azure's names past kindred.
func withoutProxy(lookup func(string) string) []string {
	present := lookup("NO_PROXY")
	if present == "" {
		present = lookup("no_proxy")
	}
	hosts := slices.Clone(direct)
	for _, h := range strings.Split(present, ",") {
		if h = strings.TrimSpace(h); h != "" && h != "*" && !coversAzure(h) && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

func coversAzure(host string) bool {
	host = strings.TrimLeft(strings.ToLower(host), "*.")
	for _, a := range azure {
		if host == a || strings.HasSuffix(host, "."+a) || strings.HasSuffix(a, "."+host) {
			return true
		}
	}
	return false
}

// javaProxy is the proxy in Java's own properties, to follow others. http.nonProxyHosts is left to its
// default, which is this machine.
func javaProxy(proxy string) string {
	host, port, err := net.SplitHostPort(proxy)
	if err != nil {
		return ""
	}
	return " -Dhttps.proxyHost=" + host + " -Dhttps.proxyPort=" + port
}

// localhost is the listener by the name that its certificates and *.vault.localhost share.
func localhost(listen string) string {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "localhost"
	}
	return net.JoinHostPort("localhost", port)
}

// HostsFile is a hosts file (hosts(5)) with the present one's lines and the names, which only have to
// resolve: the proxy is told the name.
func HostsFile(present []byte, names []string) []byte {
	var b bytes.Buffer
	b.Write(bytes.TrimRight(present, "\n"))
	b.WriteString("\n127.0.0.1 localhost\n")
	for _, name := range names {
		b.WriteString("127.0.0.1 " + name + "\n")
	}
	return b.Bytes()
}
