package directory

import (
	"fmt"
	"strings"
)

// Workload is a service account that a reference names, with the identity its annotations ask for.
type Workload struct {
	Cluster        *Cluster
	ServiceAccount *ServiceAccount
	ClientID       string // from the annotation; empty where there is none
	TenantID       string // from the annotation, else the cluster's tenant
	Cloud          *Cloud
}

// Workload resolves a reference of the form [CLUSTER/]NAMESPACE/SERVICEACCOUNT. An empty one stands
// for the only service account there is. The error lists what could have been meant.
func (d *Directory) Workload(reference string) (*Workload, error) {
	var found []*Workload
	var all []string
	for _, c := range d.Clusters {
		for _, sa := range c.ServiceAccounts {
			short := sa.Namespace + "/" + sa.Name
			all = append(all, c.Name+"/"+short)
			if reference == "" || reference == short || reference == c.Name+"/"+short {
				found = append(found, d.workload(c, sa))
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return nil, fmt.Errorf("the fixture declares no service account")
	case reference == "":
		return nil, fmt.Errorf("which service account? there are %s", strings.Join(all, ", "))
	case len(found) > 1:
		return nil, fmt.Errorf("service account %q is in several clusters: name one of %s", reference, strings.Join(all, ", "))
	default:
		return nil, fmt.Errorf("the fixture declares no service account %q; it has %s", reference, strings.Join(all, ", "))
	}
}

func (d *Directory) workload(c *Cluster, sa *ServiceAccount) *Workload {
	w := &Workload{
		Cluster: c, ServiceAccount: sa, Cloud: c.Tenant.Cloud,
		ClientID: sa.Annotations[AnnotationClientID], TenantID: sa.Annotations[AnnotationTenantID],
	}
	if w.TenantID == "" {
		w.TenantID = c.Tenant.ID
	} else if t, ok := d.Tenant(w.TenantID); ok {
		w.Cloud = t.Cloud
	}
	return w
}
