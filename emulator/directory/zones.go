package directory

import (
	"net"
	"slices"
	"strings"
)

// The zones of AKS issuers: https://{region}.oic.prod-aks.azure.com/…, and the older name.
const (
	aksZone = "oic.prod-aks.azure.com"
	aksOld  = "oidc.prod-aks.azure.com"
)

// IsAKSIssuer says whether a host, in lower case, is one that AKS gives issuers.
func IsAKSIssuer(host string) bool { return host == aksOld || strings.HasSuffix(host, "."+aksZone) }

// Zones are the DNS zones in which every name is one that kindred stands for: the logins and vaults of
// the tenants' clouds, and the clusters' issuers. Names that only exist inside a cluster or a machine
// are left out.
func (d *Directory) Zones() []string {
	var zones []string
	add := func(names ...string) {
		for _, name := range names {
			if name = strings.ToLower(name); !slices.Contains(zones, name) {
				zones = append(zones, name)
			}
		}
	}
	for _, t := range d.Tenants {
		add(t.Cloud.LoginHosts...)
		add(t.Cloud.VaultSuffix)
	}
	for _, c := range d.Clusters {
		host := strings.ToLower(c.IssuerURL().Hostname())
		switch {
		case IsAKSIssuer(host):
			add(aksZone, aksOld)
		case !inside(host):
			add(host)
		}
	}
	return zones
}

// inside says whether a name means something in one cluster or on one machine only.
func inside(host string) bool {
	return !strings.Contains(host, ".") || net.ParseIP(host) != nil ||
		strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local") || strings.HasSuffix(host, ".localhost")
}
