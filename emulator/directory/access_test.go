package directory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

const (
	get      = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
	set      = "Microsoft.KeyVault/vaults/secrets/setSecret/action"
	metadata = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
)

func TestRoleAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role, action string
		want         bool
	}{
		{"Key Vault Administrator", get, true},
		{"Key Vault Administrator", "Microsoft.KeyVault/vaults/keys/read", true},
		{"Key Vault Administrator", "Microsoft.KeyVault/vaults/", true},
		{"Key Vault Administrator", "Microsoft.KeyVault/vaults", false},
		{"Key Vault Administrator", "Microsoft.Storage/vaults/x", false},
		{"key vault secrets officer", set, true},
		{"Key Vault Secrets Officer", "Microsoft.KeyVault/vaults/keys/read", false},
		{"Key Vault Secrets User", get, true},
		{"Key Vault Secrets User", "microsoft.keyvault/VAULTS/secrets/getsecret/action", true},
		{"Key Vault Secrets User", metadata, true},
		{"Key Vault Secrets User", set, false},
		{"Key Vault Secrets User", get + "s", false},
		{"Key Vault Reader", "Microsoft.KeyVault/vaults/secrets/read", true},
		{"Key Vault Reader", "Microsoft.KeyVault/vaults/read", false}, // the slashes do not overlap
		{"Key Vault Reader", get, false},
		{"21090545-7CA7-4776-b22c-e363652d74d2", metadata, true},
		{"Key Vault Reader", "", false},
	} {
		r, ok := directory.RoleByName(c.role)
		require.True(t, ok, c.role)
		assert.Equal(t, c.want, r.Allows(c.action), "%s: %s", c.role, c.action)
	}
	_, ok := directory.RoleByName("Owner")
	assert.False(t, ok)
}

func TestRolesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range directory.Roles() {
		assert.False(t, seen[r.Name] || seen[r.ID], r.Name)
		seen[r.Name], seen[r.ID] = true, true
	}
}

func TestVaultAllows(t *testing.T) {
	t.Parallel()
	reader, officer := &directory.Principal{PrincipalID: "reader"}, &directory.Principal{PrincipalID: "officer"}
	user, _ := directory.RoleByName("Key Vault Secrets User")
	admin, _ := directory.RoleByName("Key Vault Secrets Officer")
	policies := []directory.AccessPolicy{
		{Principal: reader, Secrets: []directory.Permission{directory.PermissionGet}},
		{Principal: officer, Secrets: []directory.Permission{directory.PermissionAll}},
	}
	assignments := []directory.RoleAssignment{
		{Principal: reader, Role: user, Secret: "One"}, {Principal: officer, Role: admin},
	}
	byPolicy := &directory.Vault{AccessPolicies: policies, RoleAssignments: assignments}
	byRole := &directory.Vault{RBAC: true, AccessPolicies: policies, RoleAssignments: assignments}
	read := directory.Access{Permission: directory.PermissionGet, DataAction: get}
	write := directory.Access{Permission: directory.PermissionSet, DataAction: set}
	for _, c := range []struct {
		name   string
		vault  *directory.Vault
		who    string
		need   directory.Access
		secret string
		want   bool
	}{
		{"granted", byPolicy, "reader", read, "one", true},
		{"not granted", byPolicy, "reader", write, "one", false},
		{"all", byPolicy, "officer", write, "one", true},
		{"nobody", byPolicy, "stranger", read, "one", false},
		{"no one", byPolicy, "", read, "one", false},
		{"its secret, whatever the case", byRole, "reader", read, "one", true},
		{"another secret", byRole, "reader", read, "two", false},
		{"the whole vault with a secret's role", byRole, "reader", read, "", false},
		{"an action the role has not", byRole, "reader", write, "one", false},
		{"the vault's role on a secret", byRole, "officer", write, "two", true},
		{"the vault's role", byRole, "officer", read, "", true},
		{"a stranger", byRole, "stranger", read, "one", false},
	} {
		assert.Equal(t, c.want, c.vault.Allows(c.who, c.need, c.secret), c.name)
	}
}
