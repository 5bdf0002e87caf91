package apierr

import "net/http"

// The OAuth errors that Entra uses (RFC 6749, section 5.2, and its own).
const (
	invalidRequest         = "invalid_request"
	invalidClient          = "invalid_client"
	invalidGrant           = "invalid_grant"
	temporarilyUnavailable = "temporarily_unavailable"
	invalidScope           = "invalid_scope"
	invalidResource        = "invalid_resource"
	invalidInstance        = "invalid_instance"
	invalidTenant          = "invalid_tenant"
	unauthorizedClient     = "unauthorized_client"
	unsupportedGrant       = "unsupported_grant_type"
)

const (
	seeFederation = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
	notInstalled  = "This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
	pleaseCheck   = "Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. " + seeFederation
)

// The rows of the token endpoint, in the order in which the checks are made.
var (
	OnlyPost = entra(900561, invalidRequest, http.StatusMethodNotAllowed, false, Live,
		"The endpoint only accepts POST, OPTIONS requests. Received a %s request.")
	MissingParameter = entra(900144, invalidRequest, http.StatusBadRequest, true, Live,
		"The request body must contain the following parameter: '%s'.")
	DuplicateParameter = entra(9000411, invalidRequest, http.StatusBadRequest, true, Reported,
		"The request is not properly formatted. The parameter '%s' is duplicated.")
	UnsupportedGrant = entra(70003, unsupportedGrant, http.StatusBadRequest, false, Live,
		"The app requested an unsupported grant type '%s'.")
	MissingCredential = entra(7000216, invalidClient, http.StatusUnauthorized, true, Live,
		"'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
	NoTenant = entra(50059, invalidRequest, http.StatusBadRequest, false, Reported,
		"No tenant-identifying information found in either the request or implied by any provided credentials.")
	BadTenant = entra(900023, invalidRequest, http.StatusBadRequest, true, Reported,
		"Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain.")
	EmptyTenant = entra(900021, invalidRequest, http.StatusBadRequest, false, Live,
		"Requested tenant identifier '%s' is not valid. Tenant identifiers may not be an empty GUID.")
	UnknownTenant = entra(90002, invalidRequest, http.StatusBadRequest, true, Live, tenantNotFound)
	// UnknownTenantDocument is UnknownTenant as the openid-configuration answers it.
	UnknownTenantDocument = entra(90002, invalidTenant, http.StatusBadRequest, true, Live, tenantNotFound)
	EmptyClient           = entra(700038, unauthorizedClient, http.StatusBadRequest, false, Live,
		"%s is not a valid application identifier.")
	UnknownClient = entra(700016, unauthorizedClient, http.StatusBadRequest, true, Live,
		"Application with identifier '%s' was not found in the directory '%s'. "+notInstalled+"You may have sent your authentication request to the wrong tenant.")
	NoServicePrincipal = entra(7000229, invalidClient, http.StatusUnauthorized, false, Documented,
		"The client application %s is missing service principal in the tenant %s. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119")
	DisabledClient = entra(7000112, unauthorizedClient, http.StatusBadRequest, false, Live,
		"Application '%s'(%s) is disabled.")
)

const tenantNotFound = "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."

// The rows about an assertion and the credential it must match.
var (
	MalformedAssertion = entra(50027, invalidRequest, http.StatusBadRequest, true, Live,
		"JWT token is invalid or malformed.")
	BadType = entra(5002727, invalidRequest, http.StatusBadRequest, false, Live,
		"Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'")
	BadAlgorithm = entra(5002738, invalidClient, http.StatusUnauthorized, true, Live,
		"Invalid JWT token. '%s' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,RS384,RS512'")
	NoKeyID = entra(5002723, invalidClient, http.StatusUnauthorized, true, Live,
		"Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.")
	MissingClaim = entra(90014, invalidRequest, http.StatusBadRequest, true, Live,
		"The required field '%s' is missing from the credential. Ensure that you have all the necessary parameters for the login request.")
	FederationDisabled = entra(700223, invalidClient, http.StatusUnauthorized, false, Assumed,
		"Workload identity federation is disabled by policy for tenant '%s'.")
	AzureIssuedToken = entra(700222, invalidRequest, http.StatusBadRequest, false, Documented,
		"AAD-issued tokens may not be used for federated identity flows.")
	NoFederatedCredential = entra(70025, invalidClient, http.StatusUnauthorized, false, Live,
		"The client '%s'(%s) has no configured federated identity credentials.")
	NoMatchingIssuer = entra(700211, invalidClient, http.StatusUnauthorized, false, Live,
		"No matching federated identity record found for presented assertion issuer '%s'. "+pleaseCheck)
	NoMatchingAudience = entra(700212, invalidClient, http.StatusUnauthorized, false, Live,
		"No matching federated identity record found for presented assertion audience '%s'. "+pleaseCheck)
	NoMatchingSubject = entra(700213, invalidClient, http.StatusUnauthorized, false, Live,
		"No matching federated identity record found for presented assertion subject '%s'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. "+seeFederation)
	SubjectCase = entra(7002138, invalidClient, http.StatusUnauthorized, false, Live,
		"No matching federated identity record found for presented assertion subject '%s'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: "+seeFederation+". See breaking change notification and remediation at: https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.")
	NoMatchingExpression = entra(7002131, invalidClient, http.StatusUnauthorized, false, Live,
		"No matching federated identity record found for presented assertion subject '%s' or no federated identity credential expression matched. Please check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion. "+seeFederation)
	IssuerUnreachable = entra(501661, invalidRequest, http.StatusBadRequest, false, Live,
		"Request to External OIDC endpoint failed.")
	UnknownKey = entra(7000272, invalidClient, http.StatusUnauthorized, true, Live,
		"The certificate with identifier %s used to sign the federated credential could not be found in the metadata of identity provider %s. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.")
	BadSignature = entra(7000274, invalidClient, http.StatusUnauthorized, false, Assumed,
		"The signature of the presented federated credential is not valid.")
	OutsideValidity = entra(700024, invalidClient, http.StatusUnauthorized, true, Live,
		"Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .")
)

// configuredKeys ends the texts about certificates; %[2]s is the client id.
const configuredKeys = "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '%[2]s'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/%[2]s']."

// The rows about client secrets and certificates.
var (
	BadSecret = entra(7000215, invalidClient, http.StatusUnauthorized, true, Live,
		"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.")
	ExpiredSecret = entra(7000222, invalidClient, http.StatusUnauthorized, false, Live,
		"The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.")
	UnknownCertificate = entra(700027, invalidClient, http.StatusUnauthorized, true, Live,
		"The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '%[1]s', "+configuredKeys)
	ExpiredCertificate = entra(700027, invalidClient, http.StatusUnauthorized, true, Reported,
		"The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired., Thumbprint of key used by client: '%[1]s', Found key 'Start=%[3]s, End=%[4]s', "+configuredKeys)
	CertificateSignature = entra(700027, invalidClient, http.StatusUnauthorized, true, Reported,
		"Client assertion contains an invalid signature. [Reason - The provided signature value did not match the expected signature value., Thumbprint of key used by client: '%[1]s', Found key 'Start=%[3]s, End=%[4]s', "+configuredKeys)
	AssertionSubject = entra(700021, invalidClient, http.StatusUnauthorized, false, Live,
		"Client assertion application identifier doesn't match 'client_id' parameter.")
	AssertionAudience = entra(700023, invalidClient, http.StatusUnauthorized, false, Reported,
		"Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .")
)

// The rows about what the token is for.
var (
	ScopeWithoutDefault = entra(1002012, invalidScope, http.StatusBadRequest, false, Live,
		"The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
	BadScope = entra(70011, invalidScope, http.StatusBadRequest, false, Live,
		"The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.")
	TwoResources = entra(28000, invalidScope, http.StatusBadRequest, false, Live,
		"Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid.")
	UnknownResource = entra(500011, invalidResource, http.StatusBadRequest, true, Live,
		"The resource principal named %s was not found in the tenant named %s. "+notInstalled+"You might have sent your authentication request to the wrong tenant.")
	ResourceOnV2 = entra(901002, invalidRequest, http.StatusBadRequest, false, Reported,
		"The 'resource' request parameter is not supported.")
	ConditionalAccess = entra(53003, invalidGrant, http.StatusBadRequest, false, Live,
		"Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.")
	UnknownInstance = entra(50049, invalidInstance, http.StatusBadRequest, true, Live,
		"Unknown or invalid instance.")
	BodyTooLarge = entra(90015, invalidRequest, http.StatusRequestEntityTooLarge, false, Assumed,
		"The request is larger than the %d bytes that are accepted.")
	// What only faults answer with
	// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
	TenantThrottled = entra(90055, temporarilyUnavailable, http.StatusTooManyRequests, false, Assumed,
		"There are too many incoming requests. This exception is thrown for blocked tenants.")
	DirectoryUnavailable = entra(90033, temporarilyUnavailable, http.StatusServiceUnavailable, false, Assumed,
		"A transient error has occurred. Please try again.")
	UnknownPath = entra(90006, invalidRequest, http.StatusNotFound, false, Assumed,
		"There is no endpoint at '%s'.")
)

func entra(number int, code string, status int, uri bool, evidence Evidence, text string) *Row {
	return declare(&Row{Number: number, Code: code, Status: status, ErrorURI: uri, Evidence: evidence, Text: text})
}
