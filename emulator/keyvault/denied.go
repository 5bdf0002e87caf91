package keyvault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// denied is the 403 of a caller without the permission, by the vault's model of authorization.
func (s *Surface) denied(r *request, need directory.Access) error {
	who := r.token.ClientID
	if p, ok := s.Directory.Principal(r.Tenant, who); ok {
		who = p.Name
	}
	if !r.RBAC {
		return apierr.DeniedByPolicy.With(r.token.caller(), need.Permission, r.Name, r.Location).
			Because(explainPolicy(r, who, need.Permission))
	}
	resource := r.ResourceID
	if r.name != "" {
		resource += "/secrets/" + r.name
	}
	return apierr.DeniedByRBAC.With(r.token.caller(), need.DataAction, resource, r.Name, r.Location).
		Because(explainRBAC(r, who, need.DataAction))
}

// explainPolicy compares with what the caller's access policies grant. Azure keeps one policy for a
// principal, so the command names all its permissions.
func explainPolicy(r *request, who string, need directory.Permission) *apierr.Explanation {
	var granted []directory.Permission
	var source directory.Position
	for _, p := range r.AccessPolicies {
		if p.Principal.PrincipalID == r.token.ObjectID {
			granted = append(granted, p.Secrets...)
			source = p.Source
		}
	}
	wanted := append(slices.Clone(granted), need)
	x := &apierr.Explanation{
		Cause:   "policy-denied",
		Summary: fmt.Sprintf("No access policy of vault %s gives %s the secret permission %s.", r.Name, who, need),
		Closest: "vault " + r.Name,
		Source:  r.Source.String(),
		Fix: &apierr.Fix{
			Text:   fmt.Sprintf("Add an access policy for identity %s with `%s` to vault %s.", who, need, r.Name),
			Source: r.Source.String(),
			Field:  "accessPolicies",
			Value:  fmt.Sprintf("- {identity: %s, permissions: {secrets: [%s]}}", who, join(wanted, ", ")),
			Command: fmt.Sprintf("az keyvault set-policy --name %s --object-id %s --secret-permissions %s",
				r.Name, r.token.ObjectID, join(wanted, " ")),
		},
	}
	if len(granted) == 0 {
		x.Evidence = []string{fmt.Sprintf("Vault %s has %d access policies, none for object id %s.",
			r.Name, len(r.AccessPolicies), r.token.ObjectID)}
		return x
	}
	x.Closest = fmt.Sprintf("access policy of vault %s for %s", r.Name, who)
	x.Source = cmp.Or(source.String(), x.Source)
	x.Differences = []apierr.Difference{{
		Field: "permissions.secrets", Want: join(granted, ", "), Got: string(need), Detail: fmt.Sprintf("`%s` is not among them", need),
	}}
	x.Fix.Text = fmt.Sprintf("Add `%s` to the accessPolicies of vault %s for identity %s.", need, r.Name, who)
	x.Fix.Source, x.Fix.Field, x.Fix.Value = x.Source, "permissions.secrets", "["+join(wanted, ", ")+"]"
	return x
}

func join(list []directory.Permission, separator string) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = string(p)
	}
	return strings.Join(words, separator)
}

// explainRBAC compares with the caller's role assignments: one that lacks the action, or has it on
// another secret.
func explainRBAC(r *request, who, action string) *apierr.Explanation {
	role := leastRole(action)
	x := &apierr.Explanation{
		Cause:   "rbac-denied",
		Summary: fmt.Sprintf("No role assignment on vault %s lets %s do %s.", r.Name, who, action),
		Closest: "vault " + r.Name,
		Source:  r.Source.String(),
		Fix: &apierr.Fix{
			Text:   fmt.Sprintf("Assign the role %s on vault %s to identity %s.", role, r.Name, who),
			Source: r.Source.String(),
			Field:  "roleAssignments",
			Value:  fmt.Sprintf("- {identity: %s, role: %s}", who, role),
			Command: fmt.Sprintf("az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role %q --scope %s",
				r.token.ObjectID, role, r.ResourceID),
		},
	}
	closest, ok := closestAssignment(r, action)
	if !ok {
		x.Evidence = []string{fmt.Sprintf("Vault %s has %d role assignments, none for object id %s.",
			r.Name, len(r.RoleAssignments), r.token.ObjectID)}
		return x
	}
	x.Closest = fmt.Sprintf("role assignment %s of vault %s for %s", closest.Role.Name, r.Name, who)
	x.Source = cmp.Or(closest.Source.String(), x.Source)
	if closest.Role.Allows(action) {
		x.Differences = []apierr.Difference{{
			Field: "secret", Want: closest.Secret, Got: r.name, Detail: "the role is assigned on one secret only, and this is not it",
		}}
		return x
	}
	x.Differences = []apierr.Difference{{
		Field: "role", Want: strings.Join(closest.Role.DataActions, ", "), Got: action,
		Detail: closest.Role.Name + " does not have this data action",
	}}
	return x
}

// closestAssignment is one of the caller's own: rather one whose role has the action.
func closestAssignment(r *request, action string) (closest directory.RoleAssignment, ok bool) {
	for _, a := range r.RoleAssignments {
		if a.Principal.PrincipalID == r.token.ObjectID && (!ok || a.Role.Allows(action)) {
			closest, ok = a, true
		}
	}
	return closest, ok
}

// leastRole is the built-in role with the fewest rights that has the action; the list has the widest
// first.
func leastRole(action string) string {
	for _, r := range slices.Backward(directory.Roles()) {
		if r.Allows(action) {
			return r.Name
		}
	}
	return directory.Roles()[0].Name
}
