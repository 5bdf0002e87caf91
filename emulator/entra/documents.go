package entra

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// Configuration is /{tenant}/v2.0/.well-known/openid-configuration.
func (s *Surface) Configuration(c echo.Context) error {
	a, err := s.authority(c)
	if err != nil {
		return err
	}
	return writeDocument(c, a.configuration())
}

// ConfigurationV1 is /{tenant}/.well-known/openid-configuration.
func (s *Surface) ConfigurationV1(c echo.Context) error {
	a, err := s.authority(c)
	if err != nil {
		return err
	}
	return writeDocument(c, a.configurationV1())
}

// signingKey is a key of Entra's JWKS (RFC 7517); it has no alg.
type signingKey struct {
	Type        string   `json:"kty"`
	Use         string   `json:"use"`
	KeyID       string   `json:"kid"`
	Thumbprint  string   `json:"x5t"`
	Modulus     string   `json:"n"`
	Exponent    string   `json:"e"`
	Certificate []string `json:"x5c"`
	Cloud       string   `json:"cloud_instance_name"`
	Issuer      string   `json:"issuer"`
}

// SigningKeys is /{tenant}/discovery/v2.0/keys.
func (s *Surface) SigningKeys(c echo.Context) error {
	a, err := s.authority(c)
	if err != nil {
		return err
	}
	set := struct {
		Keys []signingKey `json:"keys"`
	}{}
	for _, k := range s.Keys.Published(s.Now()) {
		set.Keys = append(set.Keys, signingKey{
			Type:        "RSA",
			Use:         "sig",
			KeyID:       k.Thumbprint(),
			Thumbprint:  k.Thumbprint(),
			Modulus:     base64.RawURLEncoding.EncodeToString(k.Public().N.Bytes()),
			Exponent:    base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.Public().E)).Bytes()),
			Certificate: []string{base64.StdEncoding.EncodeToString(k.Certificate().Raw)},
			Cloud:       a.names.instance,
			Issuer:      a.issuer(),
		})
	}
	return writeDocument(c, set)
}

// authority is one tenant, or the common alias, as the documents at one host describe it.
type authority struct {
	base  string // https://login.microsoftonline.com, without a slash
	path  string // the tenant's GUID, or the alias
	id    string // the tenant's GUID, or {tenantid}
	sts   string // the issuer of v1 tokens
	names cloudNames
}

// tenantPlaceholder stands literally in the issuer of an alias.
const tenantPlaceholder = "{tenantid}"

// authority finds what a document is asked about. Its URLs are at the cloud's login host where the
// request came by an Azure name, and otherwise at the very host that the client reached.
func (s *Surface) authority(c echo.Context) (*authority, error) {
	host, name := c.Request().Host, inbound.PathParam(c, "tenant")
	cloud, azure := directory.CloudOfLogin(inbound.Host(host))
	a := &authority{base: "https://" + host, path: strings.ToLower(name), id: tenantPlaceholder}
	if !isAlias(name) {
		t, err := s.tenant(name, host)
		if err != nil {
			return nil, inDocument(err)
		}
		journal.Of(c).Tenant = t.ID
		cloud, a.path, a.id = t.Cloud, t.ID, t.ID
	}
	if cloud == nil {
		cloud = directory.Clouds()[0]
	}
	if azure {
		a.base = "https://" + cloud.LoginHost()
	}
	a.names, a.sts = namesOf(cloud), cloud.STS+a.id+"/"
	return a, nil
}

// inDocument is an error of the tenant as documents answer it.
func inDocument(err error) error {
	var known *apierr.Error
	if errors.As(err, &known) && known.Row == apierr.UnknownTenant {
		return &apierr.Error{Row: apierr.UnknownTenantDocument, Message: known.Message, Explanation: known.Explanation}
	}
	return err
}

func (a *authority) issuer() string { return a.base + "/" + a.id + "/v2.0" }

// url is an endpoint of the authority.
func (a *authority) url(endpoint string) string { return a.base + "/" + a.path + endpoint }

// writeDocument answers with a public document. A struct keeps its members in their order.
func writeDocument(c echo.Context, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "max-age=86400, private")
	h.Del("Pragma")
	h.Del("Expires")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", http.MethodGet+", "+http.MethodOptions)
	return writeJSON(c, body)
}
