package directory

import (
	"slices"
	"strings"
)

// Role is a built-in Azure role, as far as it speaks of secrets.
// Source: https://learn.microsoft.com/azure/key-vault/general/rbac-guide.
type Role struct {
	Name        string
	ID          string // GUID
	DataActions []string
}

// Roles lists the built-in roles that give access to secrets.
func Roles() []*Role { return roles }

const (
	secretsAll      = "Microsoft.KeyVault/vaults/secrets/*"
	secretsGet      = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
	secretsMetadata = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
)

var roles = []*Role{
	{"Key Vault Administrator", "00482a5a-887f-4fb3-b363-3b7fe8e74483", []string{"Microsoft.KeyVault/vaults/*"}},
	{"Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", []string{secretsAll}},
	{"Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6", []string{secretsGet, secretsMetadata}},
	{"Key Vault Reader", "21090545-7ca7-4776-b22c-e363652d74d2", []string{"Microsoft.KeyVault/vaults/*/read", secretsMetadata}},
}

// RoleByName finds a role by its name or its id, whatever the case.
func RoleByName(name string) (*Role, bool) {
	for _, r := range roles {
		if strings.EqualFold(r.Name, name) || strings.EqualFold(r.ID, name) {
			return r, true
		}
	}
	return nil, false
}

// Allows says whether one of the role's data actions covers the wanted one. A `*` stands for any
// run of characters, as in Azure's role definitions.
func (r *Role) Allows(action string) bool {
	return slices.ContainsFunc(r.DataActions, func(pattern string) bool {
		before, after, star := strings.Cut(pattern, "*")
		if !star {
			return strings.EqualFold(pattern, action)
		}
		return len(action) >= len(before)+len(after) &&
			strings.EqualFold(action[:len(before)], before) &&
			strings.EqualFold(action[len(action)-len(after):], after)
	})
}
