package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"gopkg.in/yaml.v3"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// APIServer reads ServiceAccounts from a cluster.
type APIServer struct {
	url   *url.URL
	token string
	http  http.Client
}

const askTimeout = 5 * time.Second

// kubeconfig is the part of a kubeconfig file that leads to one API server
// (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). Keys and certificates are in the
// file itself, base64.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `yaml:"server"`
			CA     string `yaml:"certificate-authority-data"`
		} `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		User struct {
			Certificate string `yaml:"client-certificate-data"`
			Key         string `yaml:"client-key-data"`
			Token       string `yaml:"token"`
		} `yaml:"user"`
	} `yaml:"users"`
}

// OpenAPIServer reads a kubeconfig file with one cluster and one user, who needs no right but to get
// ServiceAccounts.
func OpenAPIServer(file string) (*APIServer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	a, err := parseKubeconfig(data)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", file, err)
	}
	return a, nil
}

func parseKubeconfig(data []byte) (*APIServer, error) {
	var k kubeconfig
	if err := yaml.Unmarshal(data, &k); err != nil {
		return nil, err
	}
	if len(k.Clusters) != 1 || len(k.Users) != 1 {
		return nil, errors.New("it needs one cluster and one user")
	}
	cluster, user := k.Clusters[0].Cluster, k.Users[0].User
	server, err := url.Parse(cluster.Server)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	ca, err := decode(cluster.CA)
	if err != nil || !config.RootCAs.AppendCertsFromPEM(ca) {
		return nil, errors.New("certificate-authority-data is no certificate")
	}
	if user.Certificate != "" {
		certificate, err := decodePair(user.Certificate, user.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return &APIServer{url: server, token: user.Token, http: http.Client{
		Timeout:   askTimeout,
		Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true},
	}}, nil
}

// Annotations are those of a ServiceAccount.
func (a *APIServer) Annotations(ctx context.Context, namespace, name string) (_ map[string]string, err error) {
	at := a.url.JoinPath("api/v1/namespaces", url.PathEscape(namespace), "serviceaccounts", url.PathEscape(name))
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if a.token != "" {
		q.Header.Set("Authorization", "Bearer "+a.token)
	}
	r, err := a.http.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Body.Close()) }()
	switch r.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, ErrNoAccount
	default:
		return nil, fmt.Errorf("the API server answers %s", r.Status)
	}
	var account meta.PartialObjectMetadata
	if err := json.NewDecoder(r.Body).Decode(&account); err != nil {
		return nil, fmt.Errorf("the API server's answer: %w", err)
	}
	return account.Annotations, nil
}

func decode(data string) ([]byte, error) { return base64.StdEncoding.DecodeString(data) }

func decodePair(certificate, key string) (tls.Certificate, error) {
	c, err := decode(certificate)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client-certificate-data: %w", err)
	}
	k, err := decode(key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client-key-data: %w", err)
	}
	return tls.X509KeyPair(c, k)
}
