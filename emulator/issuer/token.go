package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
)

// DefaultLifetime is that of a projected token where the workload identity webhook asks for none
// other (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
const DefaultLifetime = time.Hour

// TokenRequest says what token to make. Cluster and ServiceAccount are required; the rest has
// defaults.
type TokenRequest struct {
	Cluster *directory.Cluster
	// ServiceAccount need not be one that the cluster has.
	ServiceAccount *directory.ServiceAccount
	// Audience is the aud claim; empty: that of federation in the cluster's cloud.
	Audience []string
	// IssuedAt is the iat and nbf claims; zero: now.
	IssuedAt time.Time
	// Lifetime is from iat to exp; zero: DefaultLifetime, negative: a token that has expired.
	Lifetime time.Duration
	// Pod and Node are the names of the pod the token is for and where it runs; empty: made up from
	// the service account's.
	Pod, Node string
	// Claims replace claims, or add to them; nil removes one.
	Claims map[string]any
	// KeyID replaces the header's kid; empty: that of the cluster's key.
	KeyID string
	// Unnamed leaves the kid out.
	Unnamed bool
	// Type is the header's typ; empty: none, as Kubernetes has it.
	Type string
	// Algorithm is the header's alg; empty: RS256. One that is not RSA's PKCS #1 v1.5 is only said: the
	// signature is RS256's.
	Algorithm string
	// Signer signs in the place of the cluster's key, whose id the header still has; nil: the cluster's.
	Signer *keys.Key
}

// reference is how a token names an object of the cluster.
type reference struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// kubernetes is the claim kubernetes.io, its members in the API server's order.
type kubernetes struct {
	Namespace      string    `json:"namespace"`
	Node           reference `json:"node"`
	Pod            reference `json:"pod"`
	ServiceAccount reference `json:"serviceaccount"`
}

// Token signs a service-account token with the claims that AKS's have (bound to a pod, Kubernetes
// 1.32), in the API server's order, which is the alphabet's.
func (s *Surface) Token(t TokenRequest) (string, error) {
	if t.Cluster == nil || t.ServiceAccount == nil {
		return "", errors.New("a token needs a cluster and a service account")
	}
	claims, err := s.claims(t)
	if err != nil {
		return "", err
	}
	key := s.Keys(t.Cluster).Current()
	headers := keys.Headers{"kid": key.ID()}
	if t.KeyID != "" {
		headers["kid"] = t.KeyID
	}
	if t.Unnamed {
		delete(headers, "kid")
	}
	if t.Type != "" {
		headers["typ"] = t.Type
	}
	if t.Signer != nil {
		key = t.Signer
	}
	if t.Algorithm == "" || strings.HasPrefix(t.Algorithm, "RS") {
		return key.SignJWT(claims, t.Algorithm, headers)
	}
	return claimAlgorithm(key, claims, t.Algorithm, headers)
}

// claimAlgorithm signs with RS256 and says another algorithm.
func claimAlgorithm(key *keys.Key, claims map[string]any, algorithm string, headers keys.Headers) (string, error) {
	headers["alg"] = algorithm
	header, err := json.Marshal(headers)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return key.Sign(header, payload)
}

func (s *Surface) claims(t TokenRequest) (map[string]any, error) {
	id, err := uuid.NewRandomFromReader(s.Rand)
	if err != nil {
		return nil, fmt.Errorf("jti: %w", err)
	}
	issued, lifetime := t.IssuedAt, t.Lifetime
	if issued.IsZero() {
		issued = s.Now()
	}
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	claims := map[string]any{
		"aud":           audience(t),
		"exp":           issued.Add(lifetime).Unix(),
		"iat":           issued.Unix(),
		"iss":           t.Cluster.Issuer,
		"jti":           id.String(),
		"kubernetes.io": bindings(t),
		"nbf":           issued.Unix(),
		"sub":           t.ServiceAccount.Subject(),
	}
	for name, value := range t.Claims {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	return claims, nil
}

func audience(t TokenRequest) []string {
	switch {
	case len(t.Audience) > 0:
		return t.Audience
	case t.Cluster.Tenant != nil:
		return []string{t.Cluster.Tenant.Cloud.FederationAudience}
	default:
		return []string{directory.Clouds()[0].FederationAudience}
	}
}

func bindings(t TokenRequest) kubernetes {
	sa := t.ServiceAccount
	k := kubernetes{
		Namespace:      sa.Namespace,
		Node:           reference{Name: t.Node},
		Pod:            reference{Name: t.Pod},
		ServiceAccount: reference{Name: sa.Name, UID: sa.UID},
	}
	if k.Node.Name == "" {
		k.Node.Name = "aks-nodepool1-00000000-vmss000000"
	}
	if k.Pod.Name == "" {
		k.Pod.Name = sa.Name
	}
	k.Node.UID = uid(t.Cluster, "node", k.Node.Name)
	k.Pod.UID = uid(t.Cluster, "pod", sa.Namespace, k.Pod.Name)
	if sa.UID == "" {
		k.ServiceAccount.UID = uid(t.Cluster, "serviceaccount", sa.Namespace, sa.Name)
	}
	return k
}

// uid is the same every time for an object of a cluster (RFC 9562, section 5.5).
func uid(cluster *directory.Cluster, names ...string) string {
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(cluster.Issuer))
	for _, name := range names {
		id = uuid.NewSHA1(id, []byte(name))
	}
	return id.String()
}
