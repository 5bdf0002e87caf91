package entra

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/inbound"
)

// instanceAnswer says where a client finds an authority's OpenID configuration, and which names
// stand for the same service.
type instanceAnswer struct {
	Endpoint string    `json:"tenant_discovery_endpoint"`
	Version  string    `json:"api-version"`
	Metadata []network `json:"metadata"`
}

type network struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

// networks are the clouds as instance discovery lists them: more than package directory plays.
func networks() []network {
	return []network{
		{"login.microsoftonline.com", "login.windows.net", []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
		{"login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn", []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
		{"login.microsoftonline.de", "login.microsoftonline.de", []string{"login.microsoftonline.de"}},
		{"login.microsoftonline.us", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
		{"login-us.microsoftonline.com", "login-us.microsoftonline.com", []string{"login-us.microsoftonline.com"}},
	}
}

// Instance is /common/discovery/instance. SDKs whose authority is a host of kindred's own ask for it
// at login.microsoftonline.com, so the answer follows the authority they name, its port included.
func (s *Surface) Instance(c echo.Context) error {
	q := c.Request()
	endpoint := q.URL.Query().Get("authorization_endpoint")
	if endpoint == "" {
		return apierr.MissingParameter.With("authorization_endpoint")
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || !knownInstance(u.Host, q.Host) {
		return apierr.UnknownInstance.With().Because(explainInstance(endpoint))
	}
	tenant, rest, _ := strings.Cut(strings.TrimLeft(u.Path, "/"), "/")
	path := "/.well-known/openid-configuration"
	if strings.HasPrefix(rest, "oauth2/v2.0/") {
		path = "/v2.0" + path
	}
	return writeDocument(c, instanceAnswer{
		Endpoint: "https://" + u.Host + "/" + url.PathEscape(tenant) + path,
		Version:  "1.1",
		Metadata: networks(),
	})
}

// knownInstance says whether an authority may be kindred: by a name of Azure's, by the name it was
// reached by now, or by one that cannot be a public name (an address, a single label, and the
// domains reserved by RFC 2606 and 6762 and by ICANN for internal use).
func knownInstance(authority, reached string) bool {
	host := inbound.Host(authority)
	azure := slices.ContainsFunc(networks(), func(n network) bool { return slices.Contains(n.Aliases, host) })
	if azure || strings.EqualFold(authority, reached) {
		return true
	}
	if host == "" {
		return false
	}
	if !strings.Contains(host, ".") || net.ParseIP(host) != nil {
		return true
	}
	return slices.ContainsFunc([]string{".localhost", ".local", ".internal", ".test"}, func(suffix string) bool {
		return strings.HasSuffix(host, suffix)
	})
}

func explainInstance(endpoint string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:    "unknown-instance",
		Summary:  "The authority of " + quote(endpoint) + " is neither Azure's nor kindred's.",
		Evidence: []string{"Known: the login hosts of Azure, the host that the request was sent to, and names that are not public."},
		Fix:      &apierr.Fix{Text: "Correct AZURE_AUTHORITY_HOST.", Command: "export AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/"},
	}
}
