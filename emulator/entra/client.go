package entra

import (
	"strings"

	"github.com/google/uuid"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// client finds the application or managed identity that asks, by its client id, and checks that it
// may ask at all.
func (s *Surface) client(t *directory.Tenant, id string) (*directory.Principal, error) {
	if id == uuid.Nil.String() {
		return nil, apierr.EmptyClient.With(id).Because(s.explainClient(t, id))
	}
	p, ok := s.Directory.Principal(t, id)
	switch {
	case !ok:
		return nil, apierr.UnknownClient.With(id, tenantName(t)).Because(s.explainClient(t, id))
	case p.NoServicePrincipal:
		return nil, apierr.NoServicePrincipal.With(p.ClientID, t.ID).Because(explainKnob(p, "no-service-principal",
			"The fixture says that "+p.Name+" has no service principal in the tenant.", "az ad sp create --id "+p.ClientID))
	case p.Disabled:
		return nil, apierr.DisabledClient.With(p.ClientID, p.Name).Because(explainKnob(p, "client-disabled",
			"The fixture says that "+p.Name+" is disabled.", "az ad sp update --id "+p.ClientID+" --set accountEnabled=true"))
	}
	return p, nil
}

func explainKnob(p *directory.Principal, cause, summary, command string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   cause,
		Summary: summary,
		Closest: p.Name,
		Source:  p.Source.String(),
		Fix:     &apierr.Fix{Text: "Change it in the fixture, or in Azure with the command.", Command: command, Source: p.Source.String()},
	}
}

// explainClient says why no principal of the tenant has the client id: it is an object id, belongs
// to another tenant, is no GUID, or is simply not known.
func (s *Surface) explainClient(t *directory.Tenant, id string) *apierr.Explanation {
	for _, p := range s.Directory.Principals {
		switch {
		case p.Tenant == t && strings.EqualFold(p.PrincipalID, id):
			return explainObjectID(p, id)
		case p.Tenant != t && strings.EqualFold(p.ClientID, id):
			return explainOtherTenant(p, t)
		}
	}
	x := &apierr.Explanation{
		Cause:   "unknown-client",
		Summary: "The tenant " + tenantName(t) + " has no application or managed identity with this client id.",
	}
	if !isGUID(id) {
		x.Cause = "client-id-not-a-guid"
		x.Summary = "The client id is not a GUID."
	}
	var known []*directory.Principal
	for _, p := range s.Directory.Principals {
		if p.Tenant == t {
			known = append(known, p)
		}
	}
	x.Evidence = some(known, func(p *directory.Principal) string {
		return "The tenant has " + p.Name + " with the client id " + p.ClientID + "."
	})
	if len(known) == 1 {
		x.Closest, x.Source = known[0].Name, known[0].Source.String()
		x.Fix = useClientID(known[0])
	}
	return x
}

func explainObjectID(p *directory.Principal, id string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:       "object-id-as-client-id",
		Summary:     "That is the object id (principal id) of " + p.Name + ", not its client id.",
		Closest:     p.Name,
		Source:      p.Source.String(),
		Differences: []apierr.Difference{{Field: "client_id", Want: p.ClientID, Got: id, Detail: "the principal's object id"}},
		Fix:         useClientID(p),
	}
}

func explainOtherTenant(p *directory.Principal, asked *directory.Tenant) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:       "client-of-another-tenant",
		Summary:     p.Name + " is in the tenant " + tenantName(p.Tenant) + ", not in " + tenantName(asked) + ".",
		Closest:     p.Name,
		Source:      p.Source.String(),
		Differences: []apierr.Difference{{Field: "tenant", Want: p.Tenant.ID, Got: asked.ID, Detail: "another tenant"}},
		Fix:         &apierr.Fix{Text: "Ask at the tenant of the principal.", Command: "export AZURE_TENANT_ID=" + p.Tenant.ID},
	}
}

func useClientID(p *directory.Principal) *apierr.Fix {
	return &apierr.Fix{
		Do: apierr.DoClientID, Field: directory.AnnotationClientID, Value: p.ClientID,
		Text:    "Use the client id of " + p.Name + ", in the environment and in the service account's annotation " + directory.AnnotationClientID + ".",
		Command: "export AZURE_CLIENT_ID=" + p.ClientID,
	}
}
