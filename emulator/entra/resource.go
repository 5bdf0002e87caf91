package entra

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

const (
	defaultScope = "/.default"
	// localVault is the suffix of vaults on a host of kindred's own; their challenge names it, with
	// the port, as the resource.
	localVault = "vault.localhost"
)

// resource is what a token is for.
type resource struct {
	asked    string // as the client named it
	audience string // the aud claim
}

// resource reads what the token shall be for: the v2 endpoint's scope or the v1 endpoint's
// resource. It has to be Key Vault, a well-known API of the tenant's cloud, or one that the
// directory registers.
func (s *Surface) resource(t *directory.Tenant, r *request) (resource, error) {
	asked := r.resource
	if r.version == v2 {
		var err error
		if asked, err = resourceOfScope(r.scope); err != nil {
			return resource{}, err
		}
	}
	audience, ok := s.audience(t, asked)
	if !ok {
		return resource{}, apierr.UnknownResource.With(asked, tenantName(t)).Because(s.explainResource(t, asked))
	}
	if r.version == v2 && r.resource != "" {
		return resource{}, apierr.ResourceOnV2.With().Because(explainScope("resource-on-v2",
			"The v2 endpoint takes a scope; resource belongs to /TENANT/oauth2/token.", audience))
	}
	return resource{asked: asked, audience: audience}, nil
}

// resourceOfScope is X of the scope X/.default. The scopes that SDKs add for OpenID Connect are
// passed over. X may end in a slash, which old SDKs keep: https://vault.azure.net//.default.
func resourceOfScope(scope string) (string, error) {
	oidc := []string{"openid", "offline_access", "profile", "email"}
	scopes := slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return slices.Contains(oidc, s) })
	var resources []string
	for _, one := range scopes {
		x, ok := strings.CutSuffix(one, defaultScope)
		if !ok {
			return "", withoutDefault(scope, one)
		}
		if !slices.ContainsFunc(resources, func(r string) bool { return sameResource(r, x) }) {
			resources = append(resources, x)
		}
	}
	if len(resources) == 0 {
		return "", withoutDefault(scope, "https://vault.azure.net")
	}
	for _, x := range resources {
		if !isIdentifier(x) {
			return "", apierr.BadScope.With(scope).Because(explainScope("scope-not-a-uri",
				quote(x)+" in the scope is neither a URI nor an application's id.", "https://vault.azure.net"))
		}
	}
	if len(resources) > 1 {
		return "", apierr.TwoResources.With(strings.Join(scopes, " ")).Because(explainScope("two-resources",
			"A token is for one resource; the scope names "+strings.Join(resources, " and ")+".", resources[0]))
	}
	return resources[0], nil
}

func withoutDefault(scope, one string) error {
	return apierr.ScopeWithoutDefault.With(scope).Because(explainScope("scope-without-default",
		"An application asks for all it was granted: RESOURCE/.default, not single permissions.", one))
}

func sameResource(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}

// isIdentifier says whether a text can name a resource: an absolute URI or an application's id.
func isIdentifier(x string) bool {
	if isGUID(x) {
		return true
	}
	u, err := url.Parse(x)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "")
}

// audience is the aud claim of tokens for a resource. For Key Vault it is the cloud's canonical
// name, however the client put it; for others it is what the client asked for.
func (s *Surface) audience(t *directory.Tenant, asked string) (string, bool) {
	if isKeyVault(t.Cloud, asked) {
		return t.Cloud.VaultResource(), true
	}
	if _, ok := s.Directory.Resource(t, asked); ok {
		return asked, true
	}
	known := slices.ContainsFunc(wellKnown(t.Cloud), func(uri string) bool { return sameResource(uri, asked) })
	return asked, known
}

// isKeyVault knows Key Vault by its app id, its URI with any port, and the name that vaults on
// localhost have in common.
func isKeyVault(c *directory.Cloud, asked string) bool {
	if strings.EqualFold(asked, c.VaultAppID) {
		return true
	}
	u, err := url.Parse(asked)
	if err != nil || u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == c.VaultSuffix || host == localVault
}

// wellKnown lists the APIs that every tenant of a cloud has, beside Key Vault.
// Source: https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
// and https://learn.microsoft.com/azure/china/resources-developer-guide.
func wellKnown(c *directory.Cloud) []string {
	common := "https://storage.azure.com"
	switch c.Name {
	case "AzureUSGovernment":
		return []string{common, "https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net", "https://graph.microsoft.us"}
	case "AzureChinaCloud":
		return []string{common, "https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"}
	default:
		return []string{common, "https://management.azure.com", "https://management.core.windows.net", "https://graph.microsoft.com"}
	}
}

func explainScope(cause, summary, uri string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   cause,
		Summary: summary,
		Fix:     &apierr.Fix{Text: "Ask with the scope " + strings.TrimSuffix(uri, "/") + defaultScope + "."},
	}
}

// explainResource lists what there is, and recognises the name of a single vault and the Key Vault
// of another cloud.
func (s *Surface) explainResource(t *directory.Tenant, asked string) *apierr.Explanation {
	x := &apierr.Explanation{
		Cause:   "unknown-resource",
		Summary: "The tenant " + tenantName(t) + " has no resource " + quote(asked) + ".",
		Fix:     &apierr.Fix{Text: "Ask for one of these, or register the resource in the fixture.", Field: "resources"},
	}
	known := append([]string{t.Cloud.VaultResource()}, wellKnown(t.Cloud)...)
	for _, r := range s.Directory.Resources {
		if r.Tenant == t {
			known = append(known, r.URI)
		}
	}
	x.Evidence = []string{"It has " + strings.Join(known, ", ") + "."}
	u, err := url.Parse(asked)
	if err != nil {
		return x
	}
	host := strings.ToLower(u.Hostname())
	for _, c := range directory.Clouds() {
		own := host == c.VaultSuffix
		if !own && !strings.HasSuffix(host, "."+c.VaultSuffix) {
			continue
		}
		detail := "one vault, not the service"
		x.Cause, x.Summary = "vault-url-as-resource", "Tokens are for Key Vault as a whole, not for one vault."
		if c != t.Cloud {
			detail = "Key Vault of another cloud"
			x.Cause, x.Summary = "resource-of-another-cloud", "The tenant is in "+t.Cloud.Name+"; that is Key Vault of "+c.Name+"."
		}
		x.Closest = t.Cloud.VaultResource()
		x.Differences = []apierr.Difference{{Field: "resource", Want: x.Closest, Got: asked, Detail: detail}}
		x.Fix = &apierr.Fix{Text: "Ask with the scope " + x.Closest + defaultScope + "."}
	}
	return x
}
