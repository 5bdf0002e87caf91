package federation

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

type change = func(*directory.FederatedCredential)

func issuerIs(s string) change   { return func(c *directory.FederatedCredential) { c.Issuer = s } }
func subjectIs(s string) change  { return func(c *directory.FederatedCredential) { c.Subject = s } }
func audienceIs(s string) change { return func(c *directory.FederatedCredential) { c.Audience = s } }
func named(s string) change      { return func(c *directory.FederatedCredential) { c.Name = s } }

func TestMatch(t *testing.T) {
	t.Parallel()
	const (
		see   = " https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
		none  = "No matching federated identity record found for presented assertion "
		check = ". Please check your federated identity credential Subject, Audience and Issuer against the presented assertion." + see
	)
	slashless := strings.TrimSuffix(testIssuer, "/")
	for _, c := range []struct {
		name        string
		credentials []*directory.FederatedCredential
		claims      members
		row         *apierr.Row
		text        string
	}{
		{name: "exact", credentials: []*directory.FederatedCredential{credential()}},
		{name: "the second", credentials: []*directory.FederatedCredential{credential(subjectIs("other")), credential()}},
		{name: "any of several audiences", credentials: []*directory.FederatedCredential{credential()}, claims: members{"aud": []string{"a", audience}}},
		{name: "an audience as a string", credentials: []*directory.FederatedCredential{credential()}, claims: members{"aud": audience}},
		{name: "expression", credentials: []*directory.FederatedCredential{flexible(t, "claims['sub'] matches 'system:serviceaccount:default:*'")}},
		{
			"no credential", nil, nil, apierr.NoFederatedCredential,
			"AADSTS70025: The client '11111111-0000-4000-8000-000000000001'(myIdentity) has no configured federated identity credentials.",
		},
		{
			"issuer, before the others",
			[]*directory.FederatedCredential{credential()},
			members{"iss": slashless, "aud": "a", "sub": "s"},
			apierr.NoMatchingIssuer,
			"AADSTS700211: " + none + "issuer '" + slashless + "'" + check,
		},
		{
			"audience, before the subject",
			[]*directory.FederatedCredential{credential()},
			members{"aud": []string{"a", "b"}, "sub": "s"},
			apierr.NoMatchingAudience,
			"AADSTS700212: " + none + "audience 'a,b'" + check,
		},
		{
			"audience case",
			[]*directory.FederatedCredential{credential()},
			members{"aud": "api://azureadtokenexchange"},
			apierr.NoMatchingAudience,
			"AADSTS700212: " + none + "audience 'api://azureadtokenexchange'" + check,
		},
		{
			"subject",
			[]*directory.FederatedCredential{credential()},
			members{"sub": "system:serviceaccount:default:default"},
			apierr.NoMatchingSubject,
			"AADSTS700213: " + none + "subject 'system:serviceaccount:default:default'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion." + see,
		},
		{
			"subject case",
			[]*directory.FederatedCredential{credential()},
			members{"sub": strings.ToUpper(testSubject)},
			apierr.SubjectCase,
			"AADSTS7002138: " + none + "subject '" + strings.ToUpper(testSubject) + "'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at:" + see + ". See breaking change notification and remediation at: https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.",
		},
		{
			"expression fails",
			[]*directory.FederatedCredential{credential(), flexible(t, "claims['sub'] eq 'x'")},
			members{"sub": "system:serviceaccount:a:b"},
			apierr.NoMatchingExpression,
			"AADSTS7002131: " + none + "subject 'system:serviceaccount:a:b' or no federated identity credential expression matched. Please check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion." + see,
		},
		{
			"subject case beside an expression",
			[]*directory.FederatedCredential{flexible(t, "claims['sub'] eq 'x'"), credential()},
			members{"sub": strings.ToUpper(testSubject)},
			apierr.SubjectCase, "",
		},
		{
			"an expression of another issuer does not count",
			[]*directory.FederatedCredential{credential(), func() *directory.FederatedCredential {
				c := flexible(t, "claims['sub'] eq 'x'")
				c.Issuer = "https://other.example"
				return c
			}()},
			members{"sub": "s"},
			apierr.NoMatchingSubject, "",
		},
		{"Entra's own token", []*directory.FederatedCredential{credential()}, members{"iss": "https://login.microsoftonline.com/t/v2.0"}, apierr.AzureIssuedToken, "AADSTS700222: AAD-issued tokens may not be used for federated identity flows."},
		{"Entra's own, v1", nil, members{"iss": "https://STS.windows.net/t/"}, apierr.AzureIssuedToken, ""},
		{"Entra's own, in China", nil, members{"iss": "https://sts.chinacloudapi.cn/t/"}, apierr.AzureIssuedToken, ""},
		{"Entra's own, for the government", nil, members{"iss": "https://login.microsoftonline.us/t/v2.0"}, apierr.AzureIssuedToken, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWeb(t)
			p := identity(c.credentials...)
			v, _ := newVerifier(w, p)
			err := v.Verify(t.Context(), p, assertion(t, c.claims))
			if c.row == nil {
				require.NoError(t, err)
				return
			}
			e := refusal(t, err, c.row)
			if c.text != "" {
				assert.Equal(t, c.text, e.Error())
			}
			assert.Zero(t, w.count.Load(), "nothing is fetched where nothing matches")
		})
	}
}
