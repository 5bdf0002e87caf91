package directory

import (
	"fmt"
	"net/url"
	"strings"
)

// Position is the place in a fixture that declared something, for messages and fixes.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String is FILE:LINE:COLUMN, the form that editors jump to; empty when nothing is known.
func (p Position) String() string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Contents is what a Directory is made of. References are pointers: whoever fills it has resolved
// them (package fixtures does so from names).
type Contents struct {
	Tenants    []*Tenant
	Clusters   []*Cluster
	Principals []*Principal
	Resources  []*Resource
	Vaults     []*Vault
	Faults     []Fault // that are there from the start
}

// Directory answers the look-ups that a request needs, each in constant time.
type Directory struct {
	Contents
	tenants    map[string]*Tenant
	principals map[string]*Principal
	resources  map[string]*Resource
	vaults     map[string]*Vault
}

// New indexes the contents. It trusts them: validation, with positions, is the loader's.
func New(c Contents) *Directory {
	d := &Directory{
		Contents:   c,
		tenants:    make(map[string]*Tenant),
		principals: make(map[string]*Principal),
		resources:  make(map[string]*Resource),
		vaults:     make(map[string]*Vault),
	}
	for _, t := range c.Tenants {
		d.tenants[strings.ToLower(t.ID)] = t
		if t.Domain != "" {
			d.tenants[strings.ToLower(t.Domain)] = t
		}
	}
	for _, p := range c.Principals {
		d.principals[key(p.Tenant, p.ClientID)] = p
	}
	for _, r := range c.Resources {
		d.resources[key(r.Tenant, r.URI)] = r
		if r.AppID != "" {
			d.resources[key(r.Tenant, r.AppID)] = r
		}
	}
	for _, v := range c.Vaults {
		d.vaults[strings.ToLower(v.Host())] = v
	}
	return d
}

func key(t *Tenant, name string) string { return t.ID + "\x00" + strings.ToLower(name) }

// Tenant finds a tenant by GUID or by domain, whatever the case.
func (d *Directory) Tenant(idOrDomain string) (*Tenant, bool) {
	t, ok := d.tenants[strings.ToLower(idOrDomain)]
	return t, ok
}

// Principal finds an application or managed identity of a tenant by its client id.
func (d *Directory) Principal(t *Tenant, clientID string) (*Principal, bool) {
	p, ok := d.principals[key(t, clientID)]
	return p, ok
}

// Resource finds a resource principal of a tenant by its application id URI or its app id.
func (d *Directory) Resource(t *Tenant, uri string) (*Resource, bool) {
	r, ok := d.resources[key(t, strings.TrimSuffix(uri, "/"))]
	return r, ok
}

// Vault finds a vault by the DNS name that clients use, such as kv.vault.azure.net.
func (d *Directory) Vault(host string) (*Vault, bool) {
	v, ok := d.vaults[strings.ToLower(host)]
	return v, ok
}

// Tenant is one Microsoft Entra tenant.
type Tenant struct {
	ID     string // GUID, lower case
	Domain string // contoso.onmicrosoft.com
	Cloud  *Cloud
	// FederationDisabled refuses every federated assertion with AADSTS700223.
	FederationDisabled bool
	Source             Position
}

// Issuer is the iss claim of the tenant's v1 access tokens, with its trailing slash.
func (t *Tenant) Issuer() string { return t.Cloud.STS + t.ID + "/" }

// Cluster is a token issuer: an AKS cluster, or any other OIDC issuer whose tokens kindred signs.
type Cluster struct {
	Name            string
	Issuer          string // exactly as it stands in the iss claim; a trailing slash counts
	Tenant          *Tenant
	ServiceAccounts []*ServiceAccount
	Source          Position
	IssuerSource    Position // of the issuer's value; the cluster's where it is derived
}

// IssuerURL is the issuer, parsed. The loader has checked that it is an absolute https URL.
func (c *Cluster) IssuerURL() *url.URL {
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// ServiceAccount finds a service account of the cluster.
func (c *Cluster) ServiceAccount(namespace, name string) (*ServiceAccount, bool) {
	for _, sa := range c.ServiceAccounts {
		if sa.Namespace == namespace && sa.Name == name {
			return sa, true
		}
	}
	return nil, false
}

// ServiceAccount is a Kubernetes ServiceAccount with the annotations that workload identity reads.
type ServiceAccount struct {
	Namespace   string
	Name        string
	UID         string
	Annotations map[string]string
	Source      Position
}

// The annotations of https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html.
const (
	AnnotationClientID        = "azure.workload.identity/client-id"
	AnnotationTenantID        = "azure.workload.identity/tenant-id"
	AnnotationTokenExpiration = "azure.workload.identity/service-account-token-expiration"
)

// Subject is the sub claim of the account's tokens: system:serviceaccount:NAMESPACE:NAME.
func (s *ServiceAccount) Subject() string {
	return "system:serviceaccount:" + s.Namespace + ":" + s.Name
}

// Resource is something a token can be for, beside Key Vault: an API with an application id URI.
type Resource struct {
	Name   string
	URI    string // https://graph.microsoft.com, api://GUID, without a trailing slash
	AppID  string // GUID
	Tenant *Tenant
	Source Position
}
