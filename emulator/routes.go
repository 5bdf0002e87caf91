package emulator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/entra"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/issuer"
	"github.com/kindred-emulator/kindred/emulator/keyvault"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

// route is one line of a surface's table. Its name reaches the journal and the log.
type route struct {
	name    string
	methods []string
	path    string
	handler echo.HandlerFunc
}

var (
	get    = []string{http.MethodGet, http.MethodHead}
	put    = []string{http.MethodPut}
	post   = []string{http.MethodPost}
	patch  = []string{http.MethodPatch}
	remove = []string{http.MethodDelete}
	// The token endpoint itself says which methods it takes.
	every = []string{http.MethodPost, http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
)

// The tables are all routes there are. Trailing and doubled slashes are folded before they get here
// (see router), for clients send both.

func entraRoutes(s *entra.Surface) []route {
	return []route{
		{"token", every, "/:tenant/oauth2/v2.0/token", s.Token},
		{"token-v1", every, "/:tenant/oauth2/token", s.TokenV1},
		{"configuration", get, "/:tenant/v2.0/.well-known/openid-configuration", s.Configuration},
		{"configuration-v1", get, "/:tenant/.well-known/openid-configuration", s.ConfigurationV1},
		{"keys", get, "/:tenant/discovery/v2.0/keys", s.SigningKeys},
		{"keys-v1", get, "/:tenant/discovery/keys", s.SigningKeys},
		{"instance", get, "/:tenant/discovery/instance", s.Instance},
		{"none", every, "/*", s.NotFound},
	}
}

func vaultRoutes(s *keyvault.Surface) []route {
	return []route{
		{"list", get, "/secrets", s.List},
		{"restore", post, "/secrets/restore", s.Restore},
		{"set", put, "/secrets/:name", s.Set},
		{"get", get, "/secrets/:name", s.Get},
		{"update", patch, "/secrets/:name", s.Update},
		{"delete", remove, "/secrets/:name", s.Delete},
		{"versions", get, "/secrets/:name/versions", s.ListVersions},
		{"backup", post, "/secrets/:name/backup", s.Backup},
		{"get-version", get, "/secrets/:name/:version", s.Get},
		{"update-version", patch, "/secrets/:name/:version", s.Update},
		{"list-deleted", get, "/deletedsecrets", s.ListDeleted},
		{"get-deleted", get, "/deletedsecrets/:name", s.GetDeleted},
		{"purge", remove, "/deletedsecrets/:name", s.Purge},
		{"recover", post, "/deletedsecrets/:name/recover", s.Recover},
		{"health", get, "/healthstatus", s.Health},
		{"none", every, "/*", s.NotFound},
	}
}

func issuerRoutes(s *issuer.Surface) []route {
	return []route{{"issuer", every, "/*", s.Serve}}
}

func webhookRoutes(s *webhook.Surface) []route {
	return []route{
		{"mutate", post, webhook.Path, s.Mutate},
		{"mutate-restricted", post, webhook.RestrictedPath, s.MutateRestricted},
	}
}

// router sends a request to its surface: by host where the host is Azure's or an issuer's, by path
// on localhost, an address or any other name.
type router struct {
	entra, keyvault, issuer http.Handler
	webhook                 http.Handler // nil: there is no cluster
	names                   names
}

func (r *router) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	q.URL = fold(q.URL)
	host := inbound.Host(q.Host)
	switch {
	case r.names.vaults.Serves(host):
		r.keyvault.ServeHTTP(w, q)
	case r.names.issuers.Serves(host):
		r.issuer.ServeHTTP(w, q)
	default:
		if _, _, ok := r.names.issuers.Find(host, q.URL.Path, true); ok {
			r.issuer.ServeHTTP(w, q)
			return
		}
		if r.webhook != nil && strings.HasPrefix(q.URL.Path, webhook.Path) {
			r.webhook.ServeHTTP(w, q)
			return
		}
		r.entra.ServeHTTP(w, q)
	}
}

// fold removes the slashes that clients add: at the front, where a base URL ended in one too
// (//TENANT/oauth2/…), and at the end (/secrets/NAME/).
func fold(u *url.URL) *url.URL {
	v := *u
	v.Path, v.RawPath = foldPath(u.Path), foldPath(u.RawPath)
	return &v
}

func foldPath(p string) string {
	if p == "" {
		return p
	}
	var b strings.Builder
	b.Grow(len(p))
	for i := range len(p) {
		if p[i] != '/' || b.Len() == 0 || p[i-1] != '/' {
			b.WriteByte(p[i])
		}
	}
	if s := b.String(); len(s) > 1 {
		return strings.TrimSuffix(s, "/")
	}
	return "/"
}
