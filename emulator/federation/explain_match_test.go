package federation

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// explain is the explanation of a match that fails.
func explain(t *testing.T, p *directory.Principal, claims members, others ...*directory.Principal) *apierr.Explanation {
	t.Helper()
	v, _ := newVerifier(newWeb(t), append(others, p)...)
	var e *apierr.Error
	require.ErrorAs(t, v.match(p, assertion(t, claims)), &e)
	require.NotNil(t, e.Explanation)
	return e.Explanation
}

func TestExplainNearMisses(t *testing.T) {
	t.Parallel()
	slashless := strings.TrimSuffix(testIssuer, "/")
	for _, c := range []struct {
		name       string
		credential *directory.FederatedCredential
		claims     members
		cause      string
		detail     string
	}{
		{"slash on the credential", credential(), members{"iss": slashless}, "issuer-trailing-slash", "trailing slash: the credential has one, the assertion has none"},
		{"slash on the assertion", credential(issuerIs(slashless)), nil, "issuer-trailing-slash", "trailing slash: the assertion has one, the credential has none"},
		{"issuer's case", credential(), members{"iss": strings.Replace(testIssuer, "eastus", "EastUS", 1)}, "issuer-differs", "case"},
		{"slash and case", credential(), members{"iss": strings.ToUpper(slashless)}, "issuer-trailing-slash", "trailing slash: the credential has one, the assertion has none, case"},
		{"space after the issuer", credential(issuerIs(testIssuer + " ")), nil, "issuer-differs", "white space around it"},
		{"scheme", credential(), members{"iss": strings.Replace(testIssuer, "https", "http", 1)}, "issuer-differs", "scheme: http where the credential has https"},
		{"another cluster", credential(), members{"iss": "https://eastus.oic.prod-aks.azure.com/tenant/new/"}, "issuer-differs", "path: another issuer on the same host"},
		{"another region", credential(), members{"iss": "https://westus.oic.prod-aks.azure.com/tenant/cluster/"}, "issuer-differs", "host: the same path elsewhere"},
		{"another issuer", credential(), members{"iss": "https://token.actions.githubusercontent.com"}, "issuer-differs", "another issuer"},
		{"no URL", credential(), members{"iss": "kubernetes/serviceaccount\x7f"}, "issuer-differs", "the assertion's is not a URL"},
		{"the credential's no URL", credential(issuerIs("://")), nil, "issuer-differs", "the credential's is not a URL"},
		{"in-cluster default", credential(), members{"iss": "https://kubernetes.default.svc.cluster.local"}, "default-cluster-issuer", "another issuer"},

		{"audience's case", credential(), members{"aud": strings.ToLower(audience)}, "audience-differs", "case"},
		{"audience with a slash", credential(), members{"aud": audience + "/"}, "audience-differs", "trailing slash: the assertion has one, the credential has none"},
		{"audience of another cloud", credential(), members{"aud": audience + "USGov"}, "audience-cloud", "cloud: that of AzureUSGovernment where the credential has that of AzureCloud"},
		{"audience typo", credential(), members{"aud": "api://AzureADTokenExhange"}, "audience-differs", "a character or two: a typing error"},
		{"the closest of several", credential(), members{"aud": []string{"https://kubernetes.default.svc", audience + "China"}}, "audience-cloud", "cloud: that of AzureChinaCloud where the credential has that of AzureCloud"},
		{"the API server's token", credential(), members{"aud": "https://kubernetes.default.svc"}, "audience-differs", "the audience of the cluster's own API server: not a token projected for Azure"},
		{"another audience", credential(), members{"aud": "sts.amazonaws.com"}, "audience-differs", "another audience"},

		{"subject's case", credential(), members{"sub": "system:serviceaccount:Default:workload-identity-sa"}, "subject-case", "case"},
		{"space before the subject", credential(subjectIs(" " + testSubject)), nil, "subject-differs", "white space around it"},
		{"namespace", credential(), members{"sub": "system:serviceaccount:prod:workload-identity-sa"}, "subject-namespace", "namespace: prod where the credential has default"},
		{"service account", credential(), members{"sub": "system:serviceaccount:default:default"}, "subject-serviceaccount", "service account: default where the credential has workload-identity-sa"},
		{"both", credential(), members{"sub": "system:serviceaccount:prod:api"}, "subject-differs", "namespace: prod where the credential has default, service account: api where the credential has workload-identity-sa"},
		{"entity type", credential(subjectIs("repo:o/r:environment:prod")), members{"sub": "repo:o/r:ref:refs/heads/main"}, "subject-entity-type", "entity type: ref where the credential has environment"},
		{"branch", credential(subjectIs("repo:o/r:ref:refs/heads/main")), members{"sub": "repo:o/r:ref:refs/heads/dev"}, "subject-differs", "ref: refs/heads/dev where the credential has refs/heads/main"},
		{"repository", credential(subjectIs("repo:o/r:pull_request")), members{"sub": "repo:o/fork:pull_request"}, "subject-differs", "repository: o/fork where the credential has o/r"},
		{"subject typo", credential(subjectIs("project_path:g/p")), members{"sub": "project_path:g/q"}, "subject-differs", "a character or two: a typing error"},
		{"another sort of subject", credential(), members{"sub": "repo:o/r:pull_request"}, "subject-differs", "another subject"},
		{"expression", flexible(t, "claims['sub'] matches 'system:serviceaccount:team-?:*'"), nil, "subject-expression", "the claims do not satisfy the expression"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := explain(t, identity(c.credential), c.claims)
			assert.Equal(t, c.cause, x.Cause)
			require.NotEmpty(t, x.Differences)
			assert.Equal(t, c.detail, x.Differences[0].Detail)
			assert.NotEqual(t, x.Differences[0].Want, x.Differences[0].Got)
			assert.Equal(t, "federated credential "+c.credential.Name+" of myIdentity", x.Closest)
			assert.Equal(t, "azure.yaml:10:9", x.Source)
			assert.Equal(t, []string{"myIdentity has 1 federated credential."}, x.Evidence)
			require.NotNil(t, x.Fix)
			assert.NotEmpty(t, x.Fix.Text)
		})
	}
}

// The closest is named first here, and found wherever it stands.
func TestClosestCredential(t *testing.T) {
	t.Parallel()
	other := "https://other.example/"
	for _, c := range []struct {
		name        string
		claims      members
		credentials []*directory.FederatedCredential
	}{
		{"a slash before another host", members{"iss": strings.TrimSuffix(testIssuer, "/")}, []*directory.FederatedCredential{
			credential(named("near")), credential(named("far"), issuerIs(other)),
		}},
		{"one gap before two", members{"iss": strings.TrimSuffix(testIssuer, "/")}, []*directory.FederatedCredential{
			credential(named("near")), credential(named("far"), subjectIs("system:serviceaccount:a:b")),
		}},
		{"the whole before the issuer alone", members{"iss": "https://eastus.oic.prod-aks.azure.com/tenant/new/"}, []*directory.FederatedCredential{
			credential(named("near")), credential(named("far"), subjectIs("x"), issuerIs("https://eastus.oic.prod-aks.azure.com/tenant/new")),
		}},
		{"the issuer, where the sums are the same", members{"iss": strings.TrimSuffix(testIssuer, "/"), "aud": audience + "China"}, []*directory.FederatedCredential{
			credential(named("near")),
			credential(named("far"), issuerIs("https://eastus.oic.prod-aks.azure.com/tenant/new"), audienceIs(audience+"CHINA")),
		}},
		{"a namespace before both parts", members{"sub": "system:serviceaccount:prod:workload-identity-sa"}, []*directory.FederatedCredential{
			credential(named("near")), credential(named("far"), subjectIs("system:serviceaccount:x:y")),
		}},
		{"case before namespace", members{"sub": "system:serviceaccount:Default:workload-identity-sa"}, []*directory.FederatedCredential{
			credential(named("near")), credential(named("far"), subjectIs("system:serviceaccount:x:workload-identity-sa")),
		}},
		{"an issuer that agrees before one that is near", members{"sub": "x"}, []*directory.FederatedCredential{
			credential(named("near")), credential(named("far"), issuerIs(strings.TrimSuffix(testIssuer, "/")), subjectIs("x")),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			near, far := c.credentials[0], c.credentials[1]
			const want = "federated credential near of myIdentity"
			assert.Equal(t, want, explain(t, identity(near, far), c.claims).Closest)
			assert.Equal(t, want, explain(t, identity(far, near), c.claims).Closest)
		})
	}
	t.Run("of equals the first", func(t *testing.T) {
		t.Parallel()
		x := explain(t, identity(credential(named("one")), credential(named("two"))), members{"sub": "x"})
		assert.Equal(t, "federated credential one of myIdentity", x.Closest)
		assert.Equal(t, []string{"myIdentity has 2 federated credentials."}, x.Evidence)
	})
}

func TestExplainListsEveryDifference(t *testing.T) {
	t.Parallel()
	slashless := strings.TrimSuffix(testIssuer, "/")
	x := explain(t, identity(credential()), members{"iss": slashless, "aud": "a", "sub": "s"})
	assert.Equal(t, "The issuer of credential myFedIdentity does not match the assertion's: trailing slash: the credential has one, the assertion has none.", x.Summary)
	assert.Equal(t, []apierr.Difference{
		{Field: "issuer", Want: testIssuer, Got: slashless, Detail: "trailing slash: the credential has one, the assertion has none"},
		{Field: "audience", Want: audience, Got: "a", Detail: "another audience"},
		{Field: "subject", Want: testSubject, Got: "s", Detail: "another subject"},
	}, x.Differences)
}

func TestFixNamesTheLine(t *testing.T) {
	t.Parallel()
	az := "az identity federated-credential update --name myFedIdentity --identity-name myIdentity --resource-group WorkloadIdentityResourceGroup"
	slashless := strings.TrimSuffix(testIssuer, "/")
	for _, c := range []struct {
		name       string
		credential *directory.FederatedCredential
		claims     members
		fix        apierr.Fix
	}{
		{"issuer", credential(), members{"iss": slashless}, apierr.Fix{
			Do:      apierr.DoSet,
			Text:    "Set the issuer of myFedIdentity to exactly what the token's iss says, if that is the cluster you mean.",
			Command: az + " --issuer " + slashless + " --subject " + testSubject + " --audiences " + audience,
			Source:  "azure.yaml:11:9", Field: "issuer", Value: slashless,
		}},
		{"subject", credential(), members{"sub": "it's $(me)"}, apierr.Fix{
			Do:      apierr.DoSet,
			Text:    `Set the subject of myFedIdentity to "it's $(me)", or run the workload as "` + testSubject + `".`,
			Command: az + " --issuer " + testIssuer + ` --subject 'it'\''s $(me)' --audiences ` + audience,
			Source:  "azure.yaml:12:9", Field: "subject", Value: "it's $(me)",
		}},
		{"the credential's audience", credential(audienceIs("api://AzureADTokenExchanges")), nil, apierr.Fix{
			Do:      apierr.DoSet,
			Text:    "Set the audience of myFedIdentity to that of the token, or have the token made for api://AzureADTokenExchanges.",
			Command: az + " --issuer " + testIssuer + " --subject " + testSubject + " --audiences " + audience,
			Source:  "azure.yaml:13:9", Field: "audiences", Value: audience,
		}},
		{"the token's audience", credential(), members{"aud": "a"}, apierr.Fix{
			Text: "Have the token made for the audience api://AzureADTokenExchange: the credential is right for AzureCloud. In a pod, let the webhook project it, or set audience in the serviceAccountToken volume.",
		}},
		{"expression", flexible(t, "claims['sub'] eq 'x'"), members{"sub": "y"}, apierr.Fix{
			Text:   `Widen the expression of flexible so that it takes the subject "y".`,
			Source: "azure.yaml:12:9", Field: "claimsMatchingExpression",
		}},
		{"in-cluster default", credential(), members{"iss": inCluster}, apierr.Fix{Text: giveIssuer}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, &c.fix, explain(t, identity(c.credential), c.claims).Fix)
		})
	}
	t.Run("application", func(t *testing.T) {
		t.Parallel()
		p := identity(credential())
		p.Kind, p.Name = directory.Application, "ci"
		assert.Equal(t, "az ad app federated-credential update --id 11111111-0000-4000-8000-000000000001 --federated-credential-id myFedIdentity --parameters "+
			`'{"name":"myFedIdentity","issuer":"`+testIssuer+`","subject":"s","audiences":["api://AzureADTokenExchange"]}'`,
			explain(t, p, members{"sub": "s"}).Fix.Command)
	})
	t.Run("too long for Azure", func(t *testing.T) {
		t.Parallel()
		x := explain(t, identity(credential()), members{"sub": strings.Repeat("ä", 20000)})
		assert.Empty(t, x.Fix.Command)
		assert.Equal(t, strings.Repeat("ä", 600)+"…", x.Differences[0].Got)
	})
}

func TestExplainNoCredential(t *testing.T) {
	t.Parallel()
	x := explain(t, identity(), nil)
	assert.Equal(t, "no-federated-credential", x.Cause)
	assert.Equal(t, "azure.yaml:9:3", x.Fix.Source)
	assert.Equal(t, "federatedCredentials", x.Fix.Field)
	assert.Equal(t, "az identity federated-credential create --name kindred --identity-name myIdentity --resource-group WorkloadIdentityResourceGroup --issuer "+
		testIssuer+" --subject "+testSubject+" --audiences "+audience, x.Fix.Command)
}

func TestExplainACredentialOfAnotherPrincipal(t *testing.T) {
	t.Parallel()
	right := identity(credential())
	right.Name, right.ClientID = "right", "22222222-0000-4000-8000-000000000002"
	for name, p := range map[string]*directory.Principal{
		"near miss":     identity(credential(subjectIs("system:serviceaccount:x:workload-identity-sa"))),
		"no credential": identity(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := explain(t, p, nil, right)
			assert.Equal(t, "credential-on-other-principal", x.Cause)
			assert.Equal(t, "The assertion matches credential myFedIdentity of right, but the request is for myIdentity.", x.Summary)
			assert.Equal(t, "federated credential myFedIdentity of right", x.Closest)
			assert.Equal(t, "client_id", x.Differences[0].Field)
			assert.Equal(t, right.ClientID, x.Differences[0].Want)
			assert.Equal(t, p.ClientID, x.Differences[0].Got)
			assert.Equal(t, "azure.workload.identity/client-id", x.Fix.Field)
			assert.Equal(t, right.ClientID, x.Fix.Value)
			assert.Equal(t, "kubectl annotate --overwrite serviceaccount --namespace default workload-identity-sa azure.workload.identity/client-id="+right.ClientID, x.Fix.Command)
		})
	}
	t.Run("of another tenant", func(t *testing.T) {
		t.Parallel()
		stranger := *right
		stranger.Tenant = &directory.Tenant{ID: "other", Cloud: directory.Clouds()[0]}
		assert.Equal(t, "no-federated-credential", explain(t, identity(), nil, &stranger).Cause)
	})
	t.Run("not a service account", func(t *testing.T) {
		t.Parallel()
		ci := identity(credential(subjectIs("repo:o/r:pull_request")))
		x := explain(t, identity(), members{"sub": "repo:o/r:pull_request"}, ci)
		assert.Equal(t, "client_id", x.Fix.Field)
		assert.Empty(t, x.Fix.Command)
	})
}

func TestResourceGroup(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "RG", resourceGroup("/subscriptions/s/resourceGroups/RG/providers/p"))
	assert.Equal(t, "RESOURCE_GROUP", resourceGroup(""))
	assert.Equal(t, "RESOURCE_GROUP", resourceGroup("/subscriptions/s/resourceGroups"))
}

func TestWithinEdits(t *testing.T) {
	t.Parallel()
	assert.True(t, withinEdits("abc", "abc", 0))
	assert.True(t, withinEdits("abc", "axc", 1))
	assert.True(t, withinEdits("abc", "bcd", 2))
	assert.True(t, withinEdits("abc", "a", 2))
	assert.False(t, withinEdits("abc", "", 2))
	assert.False(t, withinEdits("abcd", "wxyz", 3))
}
