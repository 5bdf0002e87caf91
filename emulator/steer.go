package emulator

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/issuer"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// describe is the answer to "what are you".
func (e *Emulator) describe(https, proxy, api net.Addr) control.Info {
	s := e.surfaces
	info := control.Info{
		Version: s.Version,
		Listen:  https.String(),
		Proxy:   proxy.String(),
		Control: api.String(),
		CA:      string(s.store.Authority().PEM()),
		State:   s.Keys.Dir,
		Kept:    s.VaultState != "",
		Strict:  s.Strict,
		Offline: s.Offline,
		Seed:    s.Seed,
	}
	if p := s.Published; p != nil {
		info.Listen, info.Proxy, info.Control = p.Listen, p.Proxy, p.Control
	}
	names := make(map[string]bool)
	for _, t := range s.Directory.Tenants {
		for _, host := range t.Cloud.LoginHosts {
			names[host] = true
		}
		info.Tenants = append(info.Tenants, control.TenantInfo{
			ID: t.ID, Domain: t.Domain, Authority: "https://" + t.Cloud.LoginHost() + "/",
		})
	}
	for _, c := range s.Directory.Clusters {
		names[c.IssuerURL().Hostname()] = true
		k := control.ClusterInfo{Name: c.Name, Issuer: c.Issuer}
		for _, sa := range c.ServiceAccounts {
			k.ServiceAccounts = append(k.ServiceAccounts, sa.Namespace+"/"+sa.Name)
		}
		info.Clusters = append(info.Clusters, k)
	}
	_, port, err := net.SplitHostPort(info.Listen)
	if err != nil {
		port = "443"
	}
	for _, v := range s.Directory.Vaults {
		names[v.Host()] = true
		info.Vaults = append(info.Vaults, control.VaultInfo{
			Name: v.Name, URL: "https://" + v.Host() + "/",
			Local: "https://" + v.Name + "." + directory.LocalVaultSuffix + ":" + port + "/",
		})
	}
	info.Names = slices.Sorted(maps.Keys(names))
	return info
}

// control is the handler of the control API over this emulator.
func (e *Emulator) control() http.Handler {
	return control.New(control.Config{
		Info:      e.info,
		Directory: e.surfaces.Directory,
		Journal:   e.surfaces.journal,
		Clock:     e.clock,
		Secret:    e.surfaces.ControlToken,
		Token:     e.Token,
		Rotate:    e.rotate,
		Faults:    e.surfaces.faults,
		Forget:    e.surfaces.verifier.Forget,
		Reset:     e.reset,
	})
}

// Token signs a token of a workload as its cluster does; the request's As and ExpiresIn are not
// looked at.
func (e *Emulator) Token(w *directory.Workload, q control.TokenRequest, lifetime time.Duration) (control.Token, error) {
	issued, expires := e.clock.Now(), e.clock.Now().Add(lifetime)
	if lifetime <= 0 { // one that was good for an hour until then
		lifetime = time.Hour
		issued = expires.Add(-lifetime)
	}
	var audiences []string
	if q.Audience != "" {
		audiences = []string{q.Audience}
	}
	signer, err := e.signer(q.Key)
	if err != nil {
		return control.Token{}, err
	}
	t, err := e.surfaces.issuer.Token(issuer.TokenRequest{
		Cluster:        w.Cluster,
		ServiceAccount: w.ServiceAccount,
		Audience:       audiences,
		IssuedAt:       issued,
		Lifetime:       lifetime,
		Claims:         q.Claims,
		Type:           q.Type,
		Algorithm:      q.Algorithm,
		KeyID:          q.KeyID,
		Unnamed:        q.Key == "unnamed",
		Signer:         signer,
	})
	return control.Token{Token: t, Expires: expires}, err
}

// signer is who signs a cluster's token: nil stands for the cluster, a foreign key is Entra's own.
func (e *Emulator) signer(key string) (*keys.Key, error) {
	switch key {
	case "", "published", "unnamed":
		return nil, nil //nolint:nilnil // nil has a meaning
	case "foreign":
		ring, err := e.surfaces.store.Ring(entraRing)
		if err != nil {
			return nil, err
		}
		return ring.Current(), nil
	default:
		return nil, fmt.Errorf("key %q: say published, foreign or unnamed", key)
	}
}

func (e *Emulator) rotate(of string) (bool, error) {
	ring := entraRing
	if of != entraRing {
		ring = ""
		for _, c := range e.surfaces.Directory.Clusters {
			if c.Name == of {
				ring = ClusterRing(c.Name)
			}
		}
	}
	if ring == "" {
		return false, nil
	}
	r, err := e.surfaces.store.Ring(ring)
	if err != nil {
		return false, err
	}
	return true, r.Rotate(e.clock.Now())
}

// reset puts back what changes while the emulator runs, but for the signing keys and the journal.
func (e *Emulator) reset() error {
	e.surfaces.verifier.Forget()
	e.surfaces.faults.Reset()
	return e.surfaces.keyvault.Reset()
}
