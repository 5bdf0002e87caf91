package kindsetup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const fetchTimeout = 5 * time.Second

// publishedKeys are the ids of the keys that the emulator publishes for the cluster, at its issuer's
// own URL.
func publishedKeys(ctx context.Context, dir string, r *Record) (ids []string, err error) {
	ca, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s is no certificate", caFile)
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, r.Listen)
		},
	}
	defer transport.CloseIdleConnections()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, jwksURL(r.Issuer), http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := (&http.Client{Transport: transport, Timeout: fetchTimeout}).Do(q)
	if err != nil {
		return nil, errors.Unwrap(err) // without the URL, which is not where it was
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil || answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", jwksURL(r.Issuer), answer.Status)
	}
	for _, k := range set.Keys {
		ids = append(ids, k.KeyID)
	}
	return ids, nil
}

// signature is how the API server signs, and what the emulator publishes.
type signature struct {
	issuer, key string
	published   []string // ids of keys, the newest first
}

func signs(ctx context.Context, n *node, dir string, r *Record) (s signature, err error) {
	if s.published, err = publishedKeys(ctx, dir, r); err != nil {
		return s, fmt.Errorf("the emulator's keys: %w", err)
	}
	token, err := n.kubectl(ctx, "", "create", "token", "default")
	if err != nil {
		return s, err
	}
	s.key, s.issuer, err = describeToken(token)
	return s, err
}

// check compares the two.
func (s signature) check(issuer string) error {
	switch {
	case s.issuer != issuer:
		return fmt.Errorf("the API server signs as %s, not as %s", s.issuer, issuer)
	case !slices.Contains(s.published, s.key):
		return fmt.Errorf("the API server signs with the key %s; kindred publishes %s", s.key, strings.Join(s.published, ", "))
	}
	return nil
}

// describeToken is the key id and the issuer of a token, which is not verified.
func describeToken(token string) (id, issuer string, err error) {
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", "", fmt.Errorf("the API server's token: %w", err)
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	err = json.Unmarshal(parsed.UnsafePayloadWithoutVerification(), &claims)
	return parsed.Signatures[0].Header.KeyID, claims.Issuer, err
}

// end is when a certificate stops being valid.
type end struct {
	of string
	at time.Time
}

// certificateEnds are those of the authority that clients trust and of the API server.
func certificateEnds(ctx context.Context, dir string, n *node) ([]end, error) {
	ca, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		return nil, err
	}
	at, err := certificateEnd(ca)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", caFile, err)
	}
	ends := []end{{"kindred's authority", at}}
	if n == nil {
		return ends, nil
	}
	server, err := n.run(ctx, "", "cat", "/etc/kubernetes/pki/apiserver.crt")
	if err != nil {
		return nil, err
	}
	at, err = certificateEnd([]byte(server))
	return append(ends, end{"the API server", at}), err
}

func certificateEnd(data []byte) (time.Time, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return time.Time{}, err
			}
			return c.NotAfter, nil
		}
	}
	return time.Time{}, errors.New("there is no certificate in it")
}
