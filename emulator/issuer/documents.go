package issuer

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/faults"
	"github.com/kindred-emulator/kindred/emulator/inbound"
	"github.com/kindred-emulator/kindred/emulator/journal"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// configuration is the discovery document of an AKS cluster, its fields in AKS's order.
type configuration struct {
	Issuer        string   `json:"issuer"`
	JWKSURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// keySet and webKey are the JWKS as kube-apiserver writes it (RFC 7517).
type keySet struct {
	Keys []webKey `json:"keys"`
}

type webKey struct {
	Use       string `json:"use"`
	Type      string `json:"kty"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

// Serve answers a document that Find found; anything else on an issuer's host is 404.
func (s *Surface) Serve(c echo.Context) error {
	q := c.Request()
	host := inbound.Host(q.Host)
	cluster, document, ok := s.Find(host, q.URL.Path, !s.Serves(host))
	if !ok {
		return apierr.IssuerPath.With(q.URL.Path)
	}
	if cluster.Tenant != nil {
		journal.Of(c).Tenant = cluster.Tenant.ID
	}
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		c.Response().Header().Set(echo.HeaderAllow, "GET, HEAD")
		return apierr.IssuerMethod.With(q.Method)
	}
	if document == JWKS {
		return answer(c, s.keySet(cluster, faults.Of(c).Keys))
	}
	return answer(c, describe(cluster))
}

// answer writes a document; its length, too, for HEAD.
func answer(c echo.Context, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	header.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err = c.Response().Write(body)
	return err
}

func describe(cluster *directory.Cluster) configuration {
	return configuration{
		Issuer:        cluster.Issuer,
		JWKSURI:       strings.TrimSuffix(cluster.Issuer, "/") + "/" + string(JWKS),
		ResponseTypes: []string{"id_token"},
		SubjectTypes:  []string{"public"},
		Algorithms:    []string{"RS256"},
	}
}

// keySet shows the key that signs, and after a rotation the one before it; wrong is a fault's.
func (s *Surface) keySet(cluster *directory.Cluster, wrong string) keySet {
	set := keySet{Keys: []webKey{}}
	published := s.Keys(cluster).Published(s.Now())
	if wrong == directory.KeysMissing || wrong == directory.KeysStale && len(published) > 1 {
		published = published[1:]
	}
	for _, k := range published {
		set.Keys = append(set.Keys, webKeyOf(k))
	}
	return set
}

func webKeyOf(k *keys.Key) webKey {
	public := k.Public()
	return webKey{
		Use:       "sig",
		Type:      "RSA",
		KeyID:     k.ID(),
		Algorithm: "RS256",
		Modulus:   base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		Exponent:  base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}
}
