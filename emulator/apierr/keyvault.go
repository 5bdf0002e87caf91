package apierr

import "net/http"

// Key Vault's rows about the caller: 401.
var (
	MissingToken = vault(http.StatusUnauthorized, "Unauthorized", "", Live,
		"AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.")
	TokenAudience = vault(http.StatusUnauthorized, "Unauthorized", "", Reported,
		"AKV10022: Invalid audience. Expected %s, found: %s.")
	TokenIssuer = vault(http.StatusUnauthorized, "Unauthorized", "", Reported,
		"AKV10032: Invalid issuer. Expected one of %s, found %s.")
	TokenExpired = vault(http.StatusUnauthorized, "Unauthorized", "", Reported,
		"[TokenExpired] Error validating token: 'S2S12086'.")
	TokenNotYetValid = vault(http.StatusUnauthorized, "Unauthorized", "", Assumed,
		"[TokenNotYetValid] Error validating token: it is not valid before %s.")
	TokenKey = vault(http.StatusUnauthorized, "Unauthorized", "", Reported,
		"AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '%s'.")
	TokenSignature = vault(http.StatusUnauthorized, "Unauthorized", "", Assumed,
		"[AggregatedAuthenticationFailure] Error validating token: 'S2S17001'.")
	TokenMalformed = vault(http.StatusUnauthorized, "Unauthorized", "", Assumed,
		"[BearerReadAccessTokenFailed] Error validating token: 'S2S12005'.")
)

// Key Vault's rows about what the caller may do: 403.
var (
	DeniedByPolicy = vault(http.StatusForbidden, "Forbidden", "AccessDenied", Reported,
		"The user, group or application '%s' does not have secrets %s permission on key vault '%s;location=%s'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287")
	DeniedByRBAC = vault(http.StatusForbidden, "Forbidden", "ForbiddenByRbac", Reported,
		"Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: %s\r\nAction: '%s'\r\nResource: '%s'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: %s;location=%s\r\n")
	SecretDisabled = vault(http.StatusForbidden, "Forbidden", "SecretDisabled", Live,
		"Operation get is not allowed on a disabled secret.")
	DeniedByFirewall = vault(http.StatusForbidden, "Forbidden", "ForbiddenByFirewall", Reported,
		"Client address is not authorized and caller is not a trusted service.\r\nClient address: %s\r\nCaller: %s\r\nVault: %s;location=%s")
	PurgeProtected = vault(http.StatusForbidden, "Forbidden", "", Reported,
		`Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed. Vault: %s;location=%s`)
)

// Key Vault's rows about the thing asked for.
var (
	SecretNotFound = vault(http.StatusNotFound, "SecretNotFound", "", Live,
		"A secret with (name/id) %s was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182")
	DeletedSecretNotFound = vault(http.StatusNotFound, "SecretNotFound", "", Live,
		"Deleted Secret not found: %s")
	SecretIsDeleted = vault(http.StatusConflict, "Conflict", "ObjectIsDeletedButRecoverable", Reported,
		"Secret %s is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.")
	SecretExists = vault(http.StatusConflict, "Conflict", "", Assumed,
		"A secret with name %s already exists in this vault, or in its deleted but recoverable secrets, and cannot be restored.")
	VaultNotFound = vault(http.StatusNotFound, "VaultNotFound", "", Assumed,
		"There is no vault at '%s'.")
	VaultPath = vault(http.StatusNotFound, "NotFound", "", Assumed,
		"There is no operation at '%s'.")
	VaultMethod = vault(http.StatusMethodNotAllowed, "MethodNotAllowed", "", Assumed,
		"The method %s is not allowed at '%s'.")
)

// Throttled is Key Vault's answer to a vault's transactions over its limit.
var Throttled = vault(http.StatusTooManyRequests, "Throttled", "", Reported,
	"Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached")

// Key Vault's rows about the request: 400 and 413.
var (
	BadName = vault(http.StatusBadRequest, "BadParameter", "", Reported,
		"The request URI contains an invalid name: %s")
	BadVersion = vault(http.StatusBadRequest, "BadParameter", "", Reported,
		"Method %s does not allow operation '%s'")
	BadProperty = vault(http.StatusBadRequest, "BadParameter", "", Reported,
		"Property %s has invalid value\r\n")
	BadParameter = vault(http.StatusBadRequest, "BadParameter", "", Assumed, "%s")
	// BadAPIVersion: https://github.com/Azure/azure-sdk-for-python/issues/28595.
	BadAPIVersion = vault(http.StatusBadRequest, "BadParameter", "", Reported,
		"The specified version (%s) is not recognized. Consider using the latest supported version (%s).")
	BadBackup = vault(http.StatusBadRequest, "Malformed backup blob", "", Live,
		"Backup blob contains invalid or corrupt version.")
	VaultBodyTooLarge = vault(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "", Assumed,
		"The request body is larger than the %d bytes that are accepted.")
)

func vault(status int, code, inner string, evidence Evidence, text string) *Row {
	return declare(&Row{Status: status, Code: code, Inner: inner, Evidence: evidence, Text: text})
}
