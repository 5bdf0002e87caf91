// Package emulator is Azure Workload Identity in one process: Microsoft Entra's token endpoint, the
// OIDC issuers of clusters and Azure Key Vault, over one directory.
//
//	       ┌─ entra     token endpoint ── federation ──┐ fetches keys, over TLS
//	router ┼─ issuer    discovery and JWKS  ◀──────────┘
//	       ├─ keyvault  secrets
//	       └─ webhook   admission of pods, where there is a cluster
//
// This package is the only place that wires them; routes.go lists every route.
package emulator

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/entra"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/federation"
	"github.com/kindred-emulator/kindred/emulator/issuer"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/keyvault"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

// surfaces are the three surfaces over one directory, and what they share.
type surfaces struct {
	Options
	store    *keys.Store
	journal  *journal.Journal
	entra    *entra.Surface
	issuer   *issuer.Surface
	keyvault *keyvault.Surface
	verifier *federation.Verifier
	faults   *faults.Set
	disk     *keyvault.Disk // nil: vaults are in memory only
}

const entraRing = "entra"

// ClusterRing is the name of the ring that signs the service-account tokens of a cluster.
func ClusterRing(cluster string) string { return "cluster-" + cluster }

// newSurfaces wires the surfaces. The client fetches issuers' documents, trusting kindred's CA.
func newSurfaces(o Options, client func(ca *x509.Certificate) *http.Client) (*surfaces, error) {
	for _, f := range o.Directory.Faults {
		if err := faults.Validate(f); err != nil {
			return nil, fmt.Errorf("%s: fault: %w", f.Source, err)
		}
	}
	names := []string{entraRing}
	for _, c := range o.Directory.Clusters {
		names = append(names, ClusterRing(c.Name))
	}
	store, err := keys.Open(o.Keys, names...)
	if err != nil {
		return nil, err
	}
	rings := make(map[*directory.Cluster]*keys.Ring)
	for _, c := range o.Directory.Clusters {
		if rings[c], err = store.Ring(ClusterRing(c.Name)); err != nil {
			return nil, err
		}
	}
	signing, err := store.Ring(entraRing)
	if err != nil {
		return nil, err
	}
	s := &surfaces{Options: o, store: store, journal: &journal.Journal{}, faults: faults.New(o.Seed, o.Directory.Faults)}
	s.verifier = federation.New(federation.Config{
		Client: client(store.Authority().Certificate()), Directory: o.Directory, Now: o.Now,
	})
	s.entra = entra.New(entra.Config{
		Directory: o.Directory, Keys: signing, Federation: s.verifier, Now: o.Now, Rand: o.Rand, Strict: o.Strict,
	})
	s.issuer = issuer.New(issuer.Config{
		Directory: o.Directory, Keys: func(c *directory.Cluster) *keys.Ring { return rings[c] }, Now: o.Now, Rand: o.Rand,
	})
	if o.VaultState != "" {
		if s.disk, err = keyvault.OpenDisk(o.VaultState); err != nil {
			return nil, err
		}
	}
	s.keyvault, err = keyvault.New(keyvault.Config{Directory: o.Directory, Keys: signing, Now: o.Now, Rand: o.Rand, Disk: s.disk})
	if err != nil && s.disk != nil {
		err = errors.Join(err, s.disk.Close())
	}
	return s, err
}

// handler is every surface behind one router.
func (s *surfaces) handler() http.Handler {
	r := &router{
		entra:    s.mount("entra", writeEntra, entraRoutes(s.entra), s.entra.Headers),
		keyvault: s.mount("keyvault", writeKeyVault, vaultRoutes(s.keyvault), s.keyvault.Headers),
		issuer:   s.mount("issuer", writeText, issuerRoutes(s.issuer)),
		names:    s.names(),
	}
	if s.Webhook != nil {
		r.webhook = s.mount("webhook", writeText, webhookRoutes(webhook.New(webhook.Config{
			Accounts: s.Webhook.Accounts, Cluster: s.Webhook.Cluster, NodeTrust: s.Webhook.NodeTrust,
			CA: s.store.Authority().PEM(),
		})))
	}
	return r
}

func (s *surfaces) names() names { return names{vaults: s.keyvault, issuers: s.issuer} }

type writer func(c echo.Context, e *apierr.Error, r *journal.Record) error

func (s *surfaces) mount(name string, write writer, routes []route, headers ...echo.MiddlewareFunc) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	x := &exchanges{surface: name, write: write, now: s.Now, journal: s.journal, faults: s.faults, log: s.Log}
	for _, r := range routes {
		h := r.handler
		for _, m := range headers {
			h = m(h)
		}
		for _, method := range r.methods {
			e.Add(method, r.path, x.handle(r.name, h))
		}
	}
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		s.Log.Error("unrouted request", "method", c.Request().Method, "path", c.Request().URL.Path, "cause", err)
		http.Error(c.Response(), fmt.Sprintf("%d %s", http.StatusNotFound, http.StatusText(http.StatusNotFound)), http.StatusNotFound)
	}
	return e
}
