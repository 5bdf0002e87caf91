package directory

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Vault is one key vault and the rules for its use. Its secrets' life begins with Secrets and
// goes on in the keyvault surface.
type Vault struct {
	Name            string
	Location        string
	Tenant          *Tenant
	ResourceID      string // /subscriptions/…/resourcegroups/…/providers/microsoft.keyvault/vaults/NAME
	RBAC            bool   // role assignments decide; otherwise access policies do
	AccessPolicies  []AccessPolicy
	RoleAssignments []RoleAssignment
	RetentionDays   int // 7 to 90; 90 by default
	PurgeProtection bool
	// AllowedAddresses are the addresses that the vault's firewall lets in; nil: it has none.
	AllowedAddresses []netip.Prefix
	// TransactionLimit is how many transactions the vault takes in ten seconds; zero: any number. Azure
	// takes 4,000 (https://learn.microsoft.com/azure/key-vault/general/service-limits).
	TransactionLimit int
	Secrets          []Secret
	Source           Position
}

// LocalVaultSuffix is where vaults are for clients that come to the listener itself, by
// AZURE_AUTHORITY_HOST: NAME.vault.localhost.
const LocalVaultSuffix = "vault.localhost"

// Host is the name that clients use: NAME.vault.azure.net.
func (v *Vault) Host() string { return v.Name + "." + v.Tenant.Cloud.VaultSuffix }

// Secret is a secret that a vault holds from the start.
type Secret struct {
	Name        string
	Value       string
	ContentType string
	Tags        map[string]string
	Disabled    bool
	NotBefore   time.Time // zero: none
	Expires     time.Time // zero: none
	Source      Position
}

// Permission is a secret permission of an access policy.
type Permission string

// The permissions of https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/create-or-update#secretpermissions.
const (
	PermissionAll     Permission = "all"
	PermissionGet     Permission = "get"
	PermissionList    Permission = "list"
	PermissionSet     Permission = "set"
	PermissionDelete  Permission = "delete"
	PermissionRecover Permission = "recover"
	PermissionBackup  Permission = "backup"
	PermissionRestore Permission = "restore"
	PermissionPurge   Permission = "purge"
)

// Permissions lists what an access policy may grant.
func Permissions() []Permission {
	return []Permission{
		PermissionAll, PermissionGet, PermissionList, PermissionSet, PermissionDelete,
		PermissionRecover, PermissionBackup, PermissionRestore, PermissionPurge,
	}
}

// AccessPolicy grants permissions on all secrets of a vault to one principal.
type AccessPolicy struct {
	Principal *Principal
	Secrets   []Permission
	Source    Position
}

// RoleAssignment grants a role on a vault, or on one secret of it, to one principal.
type RoleAssignment struct {
	Principal *Principal
	Role      *Role
	Secret    string // empty: the whole vault
	Source    Position
}

// Access is what an operation needs, in both models of authorization.
type Access struct {
	Permission Permission // access policies
	DataAction string     // RBAC: Microsoft.KeyVault/vaults/secrets/getSecret/action
}

// Allows says whether a principal, by its object id, may do an operation on a secret of the vault.
// The secret's name is empty for operations on the whole vault, such as list.
func (v *Vault) Allows(objectID string, need Access, secret string) bool {
	if v.RBAC {
		return slices.ContainsFunc(v.RoleAssignments, func(a RoleAssignment) bool {
			return a.Principal.PrincipalID == objectID &&
				(a.Secret == "" || strings.EqualFold(a.Secret, secret)) &&
				a.Role.Allows(need.DataAction)
		})
	}
	return slices.ContainsFunc(v.AccessPolicies, func(p AccessPolicy) bool {
		return p.Principal.PrincipalID == objectID &&
			(slices.Contains(p.Secrets, need.Permission) || slices.Contains(p.Secrets, PermissionAll))
	})
}
