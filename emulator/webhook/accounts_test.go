package webhook_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/webhook"
)

// kubeconfig is a file for a server.
func kubeconfig(t *testing.T, s *httptest.Server, user string) string {
	t.Helper()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	text := fmt.Sprintf(`
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: u, user: {%s}}]
`, s.URL, base64.StdEncoding.EncodeToString(certificate), user)
	return written(t, text)
}

func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestTheAPIServerIsAskedForAServiceAccount(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.Header.Get("Authorization") != "Bearer secret":
			w.WriteHeader(http.StatusForbidden)
		case q.URL.EscapedPath() == "/api/v1/namespaces/team/serviceaccounts/worker":
			fmt.Fprint(w, `{"metadata": {"annotations": {"a": "b"}}}`)
		case q.URL.EscapedPath() == "/api/v1/namespaces/team/serviceaccounts/broken":
			fmt.Fprint(w, `{`)
		default:
			http.NotFound(w, q)
		}
	}))
	t.Cleanup(s.Close)
	a, err := webhook.OpenAPIServer(kubeconfig(t, s, "token: secret"))
	require.NoError(t, err)

	got, err := a.Annotations(t.Context(), "team", "worker")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "b"}, got)
	_, err = a.Annotations(t.Context(), "team", "nobody")
	require.ErrorIs(t, err, webhook.ErrNoAccount)
	_, err = a.Annotations(t.Context(), "..", "worker/../../secrets/x")
	require.ErrorIs(t, err, webhook.ErrNoAccount, "a name stays a name")
	_, err = a.Annotations(t.Context(), "team", "broken")
	require.ErrorContains(t, err, "the API server's answer")

	stranger, err := webhook.OpenAPIServer(kubeconfig(t, s, "token: other"))
	require.NoError(t, err)
	_, err = stranger.Annotations(t.Context(), "team", "worker")
	require.ErrorContains(t, err, "the API server answers 403 Forbidden")
}

func TestAKubeconfigThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	for want, file := range map[string]string{
		"it needs one cluster and one user":  written(t, "clusters: []"),
		"no such file":                       filepath.Join(t.TempDir(), "none"),
		"did not find expected":              written(t, "clusters: ["),
		"client-certificate-data: illegal":   kubeconfig(t, s, "client-certificate-data: '?'"),
		"client-key-data: illegal":           kubeconfig(t, s, "client-certificate-data: eA==, client-key-data: '?'"),
		"failed to find any PEM data":        kubeconfig(t, s, "client-certificate-data: eA==, client-key-data: eA=="),
		"certificate-authority-data is no c": written(t, "clusters: [{cluster: {server: https://x}}]\nusers: [{user: {}}]"),
	} {
		_, err := webhook.OpenAPIServer(file)
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, file, "the file is named")
	}
}
