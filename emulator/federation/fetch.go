package federation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The limits of one fetch; Config.Timeout bounds its time.
const (
	maxDocument  = 1 << 20 // bytes
	maxRedirects = 3
)

// fetcher gets the issuers' documents over HTTPS.
type fetcher struct {
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

// newFetcher copies the client, with redirects bounded.
func newFetcher(client *http.Client, timeout time.Duration, now func() time.Time) *fetcher {
	own := *client
	own.Jar = nil
	own.CheckRedirect = func(q *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		_, err := secure(q.URL.String())
		return err
	}
	return &fetcher{client: &own, timeout: timeout, now: now}
}

// keys fetches the discovery document of an issuer and the JWKS that it names
// (OpenID Connect Discovery 1.0, section 4). The error is a *fetchError.
func (f *fetcher) keys(ctx context.Context, issuer string) (*keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()

	address := discoveryURL(issuer)
	if _, err := secure(issuer); err != nil {
		return nil, &fetchError{url: address, cause: err}
	}
	body, err := f.get(ctx, address)
	if err != nil {
		return nil, &fetchError{url: address, cause: err}
	}
	jwksURI, err := parseDiscovery(body, issuer)
	if err != nil {
		return nil, &fetchError{url: address, cause: err}
	}
	if body, err = f.get(ctx, jwksURI); err != nil {
		return nil, &fetchError{url: jwksURI, cause: err}
	}
	set, err := parseKeySet(body)
	if err != nil {
		return nil, &fetchError{url: jwksURI, cause: documentError("the document is no JWKS: " + err.Error())}
	}
	set.url, set.fetched = jwksURI, f.now()
	return set, nil
}

// discoveryURL is where an issuer publishes its discovery document, with or without a trailing
// slash in its name.
func discoveryURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

func (f *fetcher) get(ctx context.Context, address string) ([]byte, error) {
	u, err := secure(address)
	if err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Accept", "application/json")
	r, err := f.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		return nil, statusError(r.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxDocument {
		return nil, documentError(fmt.Sprintf("the document is longer than %d bytes", maxDocument))
	}
	return body, nil
}

// secure reads an absolute https URL.
func secure(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, insecureError(address)
	}
	return u, nil
}

// parseDiscovery takes the jwks_uri from an issuer's discovery document, and holds the document to
// what Entra asks of it.
func parseDiscovery(body []byte, issuer string) (jwksURI string, err error) {
	var document struct {
		Issuer       string   `json:"issuer"`
		JWKSURI      string   `json:"jwks_uri"`
		SubjectTypes []string `json:"subject_types_supported"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return "", documentError("the document is no JSON of a discovery document: " + err.Error())
	}
	switch {
	case document.Issuer != issuer:
		return "", issuerMismatchError{document: document.Issuer, token: issuer}
	case len(document.SubjectTypes) == 0:
		return "", documentError("its subject_types_supported is empty")
	case document.JWKSURI == "":
		return "", documentError("it has no jwks_uri")
	}
	return document.JWKSURI, nil
}
