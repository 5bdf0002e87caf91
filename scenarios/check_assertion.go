package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// sign makes the token that the check describes.
func (c *checker) sign() error {
	a := c.check.Assertion
	if a.Token != "" {
		return c.signAgain()
	}
	claims := make(map[string]any, len(a.Claims)+2)
	if a.Subject != "" {
		claims["sub"] = a.Subject
	}
	if a.Issuer != "" {
		claims["iss"] = a.Issuer
	}
	maps.Copy(claims, a.Claims)
	t, err := c.e.Token(c.workload(a.Cluster, a.ServiceAccount), control.TokenRequest{
		Audience: a.Audience, Claims: claims, Key: a.Key, KeyID: a.KeyID, Algorithm: a.Algorithm, Type: a.Type,
	}, a.ExpiresIn)
	c.token = t.Token
	return err
}

// workload is the service account of the assertion; one that only its subject describes has no
// account of the fixture.
func (c *checker) workload(cluster *directory.Cluster, account string) *directory.Workload {
	w := &directory.Workload{
		Cluster: cluster, Cloud: cluster.Tenant.Cloud,
		ServiceAccount: &directory.ServiceAccount{Namespace: "default", Name: "default"},
	}
	namespace, name, _ := strings.Cut(account, "/")
	if sa, ok := cluster.ServiceAccount(namespace, name); ok {
		w.ServiceAccount = sa
	}
	return w
}

// signAgain signs what a token of a real cluster says, as if that cluster did so now: its times keep
// their distances from iat. What is wrong with its signature stays wrong, as far as its keys are known.
func (c *checker) signAgain() error {
	a := c.check.Assertion
	jws, err := jose.ParseSignedCompact(a.Token, []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512})
	if err != nil {
		c.token = a.Token // Entra says what it is
		return nil
	}
	var claims map[string]any
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return fmt.Errorf("the token file's claims: %w", err)
	}
	issued, ok := claims["iat"].(float64)
	if !ok {
		return errors.New("the token file has no iat")
	}
	shift := float64(c.e.Clock().Now().Unix()) - issued
	for _, name := range []string{"iat", "nbf", "exp"} {
		if t, ok := claims[name].(float64); ok {
			claims[name] = int64(t + shift)
		} else {
			claims[name] = nil // it has none
		}
	}
	for _, name := range []string{"aud", "sub", "jti", "kubernetes.io"} {
		if _, ok := claims[name]; !ok {
			claims[name] = nil
		}
	}
	header := jws.Signatures[0].Header
	q := control.TokenRequest{Claims: claims, Algorithm: header.Algorithm}
	if typ, ok := header.ExtraHeaders["typ"].(string); ok {
		q.Type = typ
	}
	if err := judge(jws, a.JWKS, &q); err != nil {
		return err
	}
	t, err := c.e.Token(c.workload(c.signer(claims["iss"]), ""), q, time.Hour)
	c.token = t.Token
	return err
}

// judge holds the signature against the key set of its cluster, if there is one.
func judge(jws *jose.JSONWebSignature, keys []byte, q *control.TokenRequest) error {
	if len(keys) == 0 {
		return nil
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(keys, &set); err != nil {
		return fmt.Errorf("the key set: %w", err)
	}
	id := jws.Signatures[0].Header.KeyID
	found := set.Key(id)
	if len(found) == 0 {
		q.KeyID = id
		return nil
	}
	_, err := jws.Verify(found[0])
	if err != nil {
		q.Key = "foreign"
	}
	return nil
}

// signer is the fixture's cluster with the issuer; where there is none, any: the token is refused before
// its signature counts.
func (c *checker) signer(issuer any) *directory.Cluster {
	all := c.e.Directory().Clusters // at least one: the fixture is held to it
	for _, cluster := range all {
		if cluster.Issuer == issuer {
			return cluster
		}
	}
	return all[0]
}
