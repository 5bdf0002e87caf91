package directory

import (
	"crypto/x509"
	"time"
)

// Kind tells the two sorts of principal that can ask for a token of their own.
type Kind string

// The kinds, named as Microsoft Graph's servicePrincipalType and az do.
const (
	ManagedIdentity Kind = "UserAssignedManagedIdentity"
	Application     Kind = "Application"
)

// Principal is a user-assigned managed identity or an application together with its service
// principal in the tenant.
type Principal struct {
	Kind        Kind
	Name        string
	ClientID    string // GUID; the appid claim
	PrincipalID string // GUID; the oid and sub claims
	ResourceID  string // of a managed identity: the xms_mirid claim
	Tenant      *Tenant

	Secrets              []ClientSecret
	Certificates         []*x509.Certificate
	FederatedCredentials []*FederatedCredential

	Disabled           bool // AADSTS7000112
	NoServicePrincipal bool // AADSTS7000229
	ConditionalAccess  bool // blocked: AADSTS53003
	Source             Position
}

// ClientSecret is a password credential of an application.
type ClientSecret struct {
	Value   string
	Expires time.Time // zero: never
}

// FederatedCredential is a federated identity credential: which external token stands for the
// principal. Exactly one of Subject and Expression is set.
// Source: https://learn.microsoft.com/graph/api/resources/federatedidentitycredential.
type FederatedCredential struct {
	Name       string
	Issuer     string
	Subject    string
	Audience   string
	Expression *Expression // of a flexible credential
	// Propagation is for how long after the start the credential is not yet known to the token
	// endpoint, as a new one is in Entra.
	Propagation time.Duration
	Source      FederatedCredentialSource
}

// FederatedCredentialSource says where a fixture wrote each field, so that a fix can name the line.
// A field that the fixture leaves to its default has the credential's own position.
type FederatedCredentialSource struct {
	Credential, Issuer, Subject, Audience Position
}
