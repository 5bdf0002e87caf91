package federation

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

func TestNewCredentialIsUnknownForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	older := &directory.FederatedCredential{Name: "older", Issuer: "https://issuer.example/", Subject: "other", Audience: "api://x"}
	fresh := &directory.FederatedCredential{Name: "fresh", Issuer: "https://issuer.example/", Subject: "s", Audience: "api://x", Propagation: 5 * time.Minute}
	v := New(Config{Client: http.DefaultClient, Directory: directory.New(directory.Contents{}), Now: func() time.Time { return now }})
	a := &Assertion{Issuer: "https://issuer.example/", Subject: "s", Audience: []string{"api://x"}}
	tenant := &directory.Tenant{Cloud: directory.Clouds()[0]}
	alone := &directory.Principal{Name: "alone", Tenant: tenant, FederatedCredentials: []*directory.FederatedCredential{fresh}}
	beside := &directory.Principal{Name: "beside", Tenant: tenant, FederatedCredentials: []*directory.FederatedCredential{older, fresh}}

	for p, row := range map[*directory.Principal]*apierr.Row{alone: apierr.NoFederatedCredential, beside: apierr.NoMatchingSubject} {
		var refused *apierr.Error
		require.ErrorAs(t, v.match(p, a), &refused, p.Name)
		assert.Same(t, row, refused.Row, p.Name)
		assert.Equal(t, "credential-propagating", refused.Explanation.Cause)
		assert.Contains(t, refused.Explanation.Summary, "another 5m0s")
	}
	now = now.Add(5*time.Minute - time.Second)
	assert.Error(t, v.match(alone, a))
	now = now.Add(time.Second)
	assert.NoError(t, v.match(alone, a))
	assert.NoError(t, v.match(beside, a))
}
