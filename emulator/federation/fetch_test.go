package federation

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

func TestFetchFailures(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(" ", maxDocument+1)
	for _, c := range []struct {
		name, url string
		page      any
		evidence  string
		fix       string
	}{
		{"not there", testDiscovery, 404, testDiscovery + ": answered with status 404 Not Found", "Publish the document"},
		{"no content", testDiscovery, 204, testDiscovery + ": answered with status 204 No Content", "Publish the document"},
		{"a server's error", testJWKS, 503, testJWKS + ": answered with status 503 Service Unavailable", "Publish the document"},
		{"no JSON", testDiscovery, "<html>", testDiscovery + ": the document is no JSON of a discovery document: invalid character '<' looking for beginning of value", "Correct the document."},
		{"another type", testDiscovery, `{"issuer":7}`, testDiscovery + ": the document is no JSON of a discovery document: json: cannot unmarshal number into Go struct field .issuer of type string", "Correct the document."},
		{"too long", testDiscovery, long, testDiscovery + ": the document is longer than 1048576 bytes", "Correct the document."},
		{"another issuer", testDiscovery, discovery(members{"issuer": strings.TrimSuffix(testIssuer, "/")}), testDiscovery + `: the document names the issuer "https://eastus.oic.prod-aks.azure.com/tenant/cluster", the assertion "` + testIssuer + `"`, "Have the discovery document name"},
		{"no subject types", testDiscovery, discovery(members{"subject_types_supported": []string{}}), testDiscovery + ": its subject_types_supported is empty", "Correct the document."},
		{"no jwks_uri", testDiscovery, discovery(members{"jwks_uri": nil}), testDiscovery + ": it has no jwks_uri", "Correct the document."},
		{"JWKS over http", testDiscovery, discovery(members{"jwks_uri": "http://eastus.oic.prod-aks.azure.com/keys"}), `http://eastus.oic.prod-aks.azure.com/keys: "http://eastus.oic.prod-aks.azure.com/keys" is not an absolute https URL`, "Serve the issuer"},
		{"JWKS in a file", testDiscovery, discovery(members{"jwks_uri": "file:///etc/passwd"}), `file:///etc/passwd: "file:///etc/passwd" is not an absolute https URL`, "Serve the issuer"},
		{"JWKS relative", testDiscovery, discovery(members{"jwks_uri": "/keys"}), `/keys: "/keys" is not an absolute https URL`, "Serve the issuer"},
		{"JWKS too long", testJWKS, long, testJWKS + ": the document is longer than 1048576 bytes", "Correct the document."},
		{"no JWKS", testJWKS, "{}", testJWKS + ": the document is no JWKS: it has no keys", "Correct the document."},
		{"redirected to http", testDiscovery, redirect("http://plain.example/"), testDiscovery + `: "http://plain.example/" is not an absolute https URL`, "Serve the issuer"},
		{"redirected for ever", testDiscovery, redirect(testDiscovery), testDiscovery + ": more than 3 redirects", "Open the URL"},
		{"no such name", testDiscovery, fail(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}), testDiscovery + ": the name does not resolve: dial: lookup x: no such host", "Make the issuer's name resolve"},
		{"refused", testDiscovery, fail(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), testDiscovery + ": the connection was refused: dial: connection refused", "Start the issuer's server"},
		{"no TLS there", testDiscovery, fail(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), testDiscovery + ": the TLS handshake failed: tls: first record does not look like a TLS handshake", "Open the URL"},
		{"cut off", testDiscovery, func(*http.Request) (*http.Response, error) {
			return respond(200, io.MultiReader(strings.NewReader("{"), failing{io.ErrUnexpectedEOF})), nil
		}, testDiscovery + ": unexpected EOF", "Open the URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWeb(t)
			w.pages[c.url] = c.page
			p := identity(credential())
			v, _ := newVerifier(w, p)
			e := refusal(t, v.Verify(t.Context(), p, assertion(t, nil)), apierr.IssuerUnreachable)
			assert.Equal(t, "AADSTS501661: Request to External OIDC endpoint failed.", e.Error())
			assert.Equal(t, "issuer-unreachable", e.Explanation.Cause)
			assert.Equal(t, []string{c.evidence}, e.Explanation.Evidence)
			assert.Contains(t, e.Explanation.Fix.Text, c.fix)
			assert.LessOrEqual(t, w.count.Load(), int64(1+maxRedirects))
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFetchOfAnIssuerThatIsNotHTTPS(t *testing.T) {
	t.Parallel()
	for _, iss := range []string{"http://plain.example", "not a url\x7f", "kubernetes", "https://"} {
		w := newWeb(t)
		p := identity(credential(issuerIs(iss)))
		v, _ := newVerifier(w, p)
		e := refusal(t, v.Verify(t.Context(), p, assertion(t, members{"iss": iss})), apierr.IssuerUnreachable)
		assert.Contains(t, e.Explanation.Evidence[0], "is not an absolute https URL")
		assert.Zero(t, w.count.Load())
	}
}

func TestFetchOfTheInClusterDefault(t *testing.T) {
	t.Parallel()
	p := identity(credential(issuerIs(inCluster)))
	w := newWeb(t)
	w.pages[inCluster+"/.well-known/openid-configuration"] = fail(&net.DNSError{Err: "no such host", Name: "kubernetes.default.svc.cluster.local"})
	v, _ := newVerifier(w, p)
	e := refusal(t, v.Verify(t.Context(), p, assertion(t, members{"iss": inCluster})), apierr.IssuerUnreachable)
	assert.Equal(t, "default-cluster-issuer", e.Explanation.Cause)
	assert.Equal(t, giveIssuer, e.Explanation.Fix.Text)
}

func TestFetchFollowsARedirect(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	for i := range maxRedirects {
		w.pages[fmt.Sprintf("https://moved.example/%d", i)] = redirect(fmt.Sprintf("https://moved.example/%d", i+1))
	}
	w.pages["https://moved.example/3"] = w.pages[testJWKS]
	w.pages[testJWKS] = redirect("https://moved.example/1")
	p := identity(credential())
	v, _ := newVerifier(w, p)
	require.NoError(t, v.Verify(t.Context(), p, assertion(t, nil)))
}

func TestFetchOfAnIssuerWithoutSlash(t *testing.T) {
	t.Parallel()
	iss := strings.TrimSuffix(testIssuer, "/")
	w := newWeb(t)
	w.pages[testDiscovery] = discovery(members{"issuer": iss})
	p := identity(credential(issuerIs(iss)))
	v, _ := newVerifier(w, p)
	require.NoError(t, v.Verify(t.Context(), p, assertion(t, members{"iss": iss})))
}

// endless answers without end, and counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	return len(b), nil
}

func TestFetchReadsNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	w, body := newWeb(t), &endless{}
	w.pages[testDiscovery] = func(*http.Request) (*http.Response, error) { return respond(200, body), nil }
	p := identity(credential())
	v, _ := newVerifier(w, p)
	_ = refusal(t, v.Verify(t.Context(), p, assertion(t, nil)), apierr.IssuerUnreachable)
	assert.LessOrEqual(t, body.read, maxDocument+1)
}

func TestFetchGivesUpOnAnIssuerThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(t)
		w.pages[testJWKS] = func(q *http.Request) (*http.Response, error) {
			<-q.Context().Done()
			return nil, q.Context().Err()
		}
		p := identity(credential())
		v, _ := newVerifier(w, p)
		begin := time.Now()
		e := refusal(t, v.Verify(t.Context(), p, assertion(t, nil)), apierr.IssuerUnreachable)
		assert.Equal(t, DefaultTimeout, time.Since(begin))
		assert.Equal(t, []string{testJWKS + ": no answer in time: context deadline exceeded"}, e.Explanation.Evidence)
		assert.Contains(t, e.Explanation.Fix.Text, "Let Azure reach the issuer")
	})
}

// The same over sockets: a body that never comes, and a certificate of no known authority.
func TestFetchOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusOK)
		assert.NoError(t, http.NewResponseController(w).Flush())
		<-q.Context().Done()
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	hanging := newFetcher(server.Client(), 20*time.Millisecond, newClock().now)
	_, err := hanging.keys(t.Context(), server.URL)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Contains(t, err.Error(), "no answer in time")

	stranger := newFetcher(&http.Client{Transport: &http.Transport{}}, DefaultTimeout, newClock().now)
	_, err = stranger.keys(t.Context(), server.URL)
	var untrusted *tls.CertificateVerificationError
	require.True(t, errors.As(err, &untrusted))
	assert.Contains(t, err.Error(), "its certificate is not trusted: tls: failed to verify certificate: x509: certificate signed by unknown authority")
	assert.Contains(t, remedy(err), "Give the issuer a certificate")
}

func TestNewFetcherLeavesTheClientAlone(t *testing.T) {
	t.Parallel()
	client := &http.Client{}
	newFetcher(client, DefaultTimeout, newClock().now)
	assert.Nil(t, client.CheckRedirect)
}

// A discovery document that is taken is the issuer's own, with a place for its keys.
func FuzzParseDiscovery(f *testing.F) {
	const issuer = "https://issuer.example/"
	f.Add([]byte(`{"issuer":"https://issuer.example/","jwks_uri":"https://issuer.example/keys","subject_types_supported":["public"]}`))
	f.Add([]byte(`{"issuer":"https://issuer.example","jwks_uri":1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		uri, err := parseDiscovery(body, issuer)
		if (err == nil) != (uri != "") {
			t.Errorf("%q, %v", uri, err)
		}
	})
}
