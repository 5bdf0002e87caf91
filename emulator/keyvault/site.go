package keyvault

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

const (
	localSuffix = directory.LocalVaultSuffix // of the vaults' names on this machine alone
	localLogin  = "localhost"                // where the token endpoint is then
	standard    = "443"

	defaultRetention = 90 // days
)

// vault is a vault of the directory and what it holds.
type vault struct {
	*directory.Vault
	store         store
	window        window
	issuer        string // of the tokens it accepts
	retention     int    // days
	recoveryLevel string
}

func newVault(d *directory.Vault) *vault {
	v := &vault{
		Vault:         d,
		issuer:        d.Tenant.Issuer(),
		retention:     cmp.Or(d.RetentionDays, defaultRetention),
		recoveryLevel: "Recoverable",
		store:         store{contents: newContents()},
	}
	if v.retention != defaultRetention {
		v.recoveryLevel = "CustomizedRecoverable"
	}
	if !d.PurgeProtection {
		v.recoveryLevel += "+Purgeable"
	}
	return v
}

// seeded are what the directory gives to vaults, as written at a time.
func seeded(vaults []*vault, now int64) ([]*contents, error) {
	all := make([]*contents, len(vaults))
	for i, v := range vaults {
		all[i] = newContents()
		for _, seed := range v.seeds(now) {
			all[i].place(strings.ToLower(seed.name), &secret{versions: []*version{seed}, latest: seed}, nil)
		}
	}
	return all, nil
}

// seeds are the secrets of the directory, one version each. The version ids follow from the names, so
// that they are the same in every run.
func (v *vault) seeds(now int64) []*version {
	seeds := make([]*version, len(v.Secrets))
	for i := range v.Secrets {
		d := &v.Secrets[i]
		sum := sha256.Sum256([]byte(v.Name + "/" + d.Name))
		seeds[i] = &version{
			name: d.Name, id: hex.EncodeToString(sum[:16]), value: d.Value, contentType: d.ContentType,
			tags: d.Tags, enabled: !d.Disabled, created: now, updated: now,
		}
		if !d.NotBefore.IsZero() {
			seeds[i].notBefore = new(d.NotBefore.Unix())
		}
		if !d.Expires.IsZero() {
			seeds[i].expires = new(d.Expires.Unix())
		}
	}
	return seeds
}

// site is a vault under the name and port by which requests reach it, and what follows from them.
type site struct {
	*vault
	base      string // https://kv.vault.azure.net, what ids begin with
	page      string // what nextLink begins with; the recorded ones name the port
	resource  string // what a token must be for: the challenge's, a suffix of base's host
	challenge string // the WWW-Authenticate header
	region    []string
}

// newSite makes the site of a vault. The challenge follows what clients check: resource must be a
// suffix of the request's host, its port included, and authorization must end in the tenant,
// without a slash.
func newSite(v *vault, name, port string) *site {
	suffix, login := v.Tenant.Cloud.VaultSuffix, v.Tenant.Cloud.LoginHost()
	local := strings.HasSuffix(name, "."+localSuffix)
	if port == standard {
		port = ""
	}
	if port != "" {
		port = ":" + port
	}
	s := &site{vault: v, base: "https://" + name + port, region: []string{v.Location}}
	s.page = s.base
	switch {
	case local:
		suffix, login = localSuffix, localLogin+port
	case port == "":
		s.page += ":" + standard
	}
	s.resource = "https://" + suffix + port
	s.challenge = `Bearer authorization="https://` + login + "/" + v.Tenant.ID + `", resource="` + s.resource + `"`
	return s
}

// accepts says whether a token for an audience is one for this vault: its resource under any of its
// names, with or without a trailing slash, or its application id.
func (s *site) accepts(audience string) bool {
	cloud := s.Tenant.Cloud
	if strings.EqualFold(audience, cloud.VaultAppID) {
		return true
	}
	resource := strings.TrimSuffix(audience, "/")
	return resource == s.resource || resource == cloud.VaultResource()
}

// maxSites bounds what is remembered of Host headers; a client may send any port.
const maxSites = 256

// sites finds the site of a Host header.
type sites struct {
	all    []*vault
	byName map[string]*vault // by lower-case name without a port
	known  *lru.Cache[string, *site]
}

func newSites(d *directory.Directory) *sites {
	known, _ := lru.New[string, *site](maxSites) // it fails only for a size that is not positive
	s := &sites{byName: make(map[string]*vault, 2*len(d.Vaults)), known: known}
	for _, declared := range d.Vaults {
		v := newVault(declared)
		s.all = append(s.all, v)
		s.byName[strings.ToLower(declared.Host())] = v
		// A vault's name is unique in its cloud only; on this machine the first of several has it.
		if local := strings.ToLower(declared.Name) + "." + localSuffix; s.byName[local] == nil {
			s.byName[local] = v
		}
	}
	return s
}

// find is the site that a Host header (RFC 9110, section 7.2) names.
func (s *sites) find(hostport string) (*site, bool) {
	if known, ok := s.known.Get(hostport); ok {
		return known, true
	}
	name, port, err := net.SplitHostPort(hostport)
	if err != nil {
		name, port = hostport, standard
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, false
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	v, ok := s.byName[name]
	if !ok {
		return nil, false
	}
	found := newSite(v, name, port)
	s.known.Add(hostport, found)
	return found, true
}

// isVaultHost says whether a host without port has the form of a vault's.
func isVaultHost(host string) bool {
	if under(host, localSuffix) {
		return true
	}
	for _, c := range directory.Clouds() {
		if under(host, c.VaultSuffix) {
			return true
		}
	}
	return false
}

// under says whether a host is a domain or a name in it, whatever the case.
func under(host, domain string) bool {
	rest := len(host) - len(domain)
	return rest >= 0 && strings.EqualFold(host[rest:], domain) && (rest == 0 || rest > 1 && host[rest-1] == '.')
}
