package emulator

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

// nobody has no ServiceAccounts.
type nobody struct{}

func (nobody) Annotations(context.Context, string, string) (map[string]string, error) {
	return nil, webhook.ErrNoAccount
}

// The API server reaches the webhook at the container's name.
func TestTheWebhookIsBehindAnyOtherName(t *testing.T) {
	t.Parallel()
	const review = `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "namespace": "team", "object": {}}}`
	w := newWire(t, &directory.Directory{}, func(o *Options) {
		o.Webhook = &Webhook{Accounts: nobody{}, Cluster: &directory.Cluster{}}
	})
	for _, path := range []string{webhook.Path, webhook.RestrictedPath} {
		r := w.do(httptest.NewRequest(http.MethodPost, "https://kindred-emulator"+path, strings.NewReader(review)))
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, r.StatusCode)
		assert.Contains(t, string(body), "service account team/default: there is no such service account")
	}
	refused, ok := w.journal.LastRefused()
	require.True(t, ok)
	assert.Equal(t, "PodRefused", refused.Error.ID)

	r := w.do(httptest.NewRequest(http.MethodPost, "https://kv1.vault.azure.net"+webhook.Path, strings.NewReader(review)))
	assert.NotEqual(t, http.StatusOK, r.StatusCode, "not at a vault's")
	r = newWire(t, &directory.Directory{}).do(httptest.NewRequest(http.MethodPost, "https://kindred-emulator"+webhook.Path, strings.NewReader(review)))
	assert.NotEqual(t, http.StatusOK, r.StatusCode, "not without a cluster")
}
