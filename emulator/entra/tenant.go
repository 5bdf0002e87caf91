package entra

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/inbound"
)

// isAlias knows the tenant names that stand for no tenant in particular.
func isAlias(name string) bool {
	return slices.Contains([]string{"common", "organizations", "consumers"}, strings.ToLower(name))
}

// tenant finds the tenant that the path names by GUID or domain. A tenant is known at the login
// hosts of its own cloud, and at every other host.
func (s *Surface) tenant(name, host string) (*directory.Tenant, error) {
	switch {
	case isAlias(name):
		return nil, apierr.NoTenant.With().Because(s.explainTenant("alias-as-tenant", name+" stands for no tenant in particular; an application signs in to one tenant."))
	case name == uuid.Nil.String():
		return nil, apierr.EmptyTenant.With(name).Because(s.explainTenant("empty-tenant", "The tenant in the URL is the empty GUID."))
	case !isGUID(name) && !isDomain(name):
		return nil, apierr.BadTenant.With(name).Because(s.explainTenant("malformed-tenant", quote(name)+" is neither a GUID nor a domain: the client's tenant id is probably not set."))
	}
	t, ok := s.Directory.Tenant(name)
	if !ok {
		return nil, apierr.UnknownTenant.With(name).Because(s.explainTenant("unknown-tenant", "The fixture has no tenant "+quote(name)+"."))
	}
	if cloud, ok := directory.CloudOfLogin(inbound.Host(host)); ok && cloud != t.Cloud {
		return nil, apierr.UnknownTenant.With(name).Because(explainCloud(t, cloud, inbound.Host(host)))
	}
	return t, nil
}

// isGUID knows the one form of a GUID that Entra takes: 8-4-4-4-12 hexadecimal digits.
func isGUID(s string) bool {
	const length = 36
	return len(s) == length && uuid.Validate(s) == nil
}

// isDomain says whether a name has the form of a DNS name of two labels or more (RFC 1123, section
// 2.1).
func isDomain(name string) bool {
	const longestName, longestLabel = 253, 63
	labels := strings.Split(name, ".")
	return len(name) <= longestName && len(labels) > 1 && !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || len(l) > longestLabel || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") ||
			strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
	})
}

// tenantName is how Entra's texts call a tenant.
func tenantName(t *directory.Tenant) string {
	if t.Domain != "" {
		return t.Domain
	}
	return t.ID
}

// explainTenant lists the tenants there are.
func (s *Surface) explainTenant(cause, summary string) *apierr.Explanation {
	x := &apierr.Explanation{Cause: cause, Summary: summary}
	x.Evidence = some(s.Directory.Tenants, func(t *directory.Tenant) string {
		return "The fixture has the tenant " + t.ID + " (" + tenantName(t) + ", " + t.Cloud.Name + ")."
	})
	if len(s.Directory.Tenants) == 1 {
		t := s.Directory.Tenants[0]
		x.Closest, x.Source = t.ID, t.Source.String()
		x.Fix = &apierr.Fix{
			Text:    "Give the client the fixture's tenant.",
			Command: "export AZURE_TENANT_ID=" + t.ID,
		}
	}
	return x
}

func explainCloud(t *directory.Tenant, asked *directory.Cloud, host string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:       "tenant-of-another-cloud",
		Summary:     "The tenant " + t.ID + " is in " + t.Cloud.Name + ", but " + host + " is " + asked.Name + ".",
		Closest:     t.ID,
		Source:      t.Source.String(),
		Differences: []apierr.Difference{{Field: "authority", Want: t.Cloud.LoginHost(), Got: host, Detail: "the login host of another cloud"}},
		Fix: &apierr.Fix{
			Text:    "Point the client at the login host of the tenant's cloud.",
			Command: "export AZURE_AUTHORITY_HOST=https://" + t.Cloud.LoginHost() + "/",
		},
	}
}
