package webhook_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

const simple = `
metadata: {name: p, labels: {azure.workload.identity/use: "true"}}
spec: {serviceAccountName: worker, containers: [{name: main, image: i}]}
`

// What azure-workload-identity v1.5.1 makes of a pod, and the trust.
func TestAPodGetsItsIdentityAndTrust(t *testing.T) {
	t.Parallel()
	pod := mutate(t, surface(usual()), webhook.Path, simple)

	c := pod.Spec.Containers[0]
	require.GreaterOrEqual(t, len(c.Env), 4)
	assert.Equal(t, []core.EnvVar{
		{Name: "AZURE_CLIENT_ID", Value: clientID},
		{Name: "AZURE_TENANT_ID", Value: tenantID},
		{Name: "AZURE_FEDERATED_TOKEN_FILE", Value: "/var/run/secrets/azure/tokens/azure-identity-token"},
		{Name: "AZURE_AUTHORITY_HOST", Value: "https://login.microsoftonline.com/"},
	}, c.Env[:4])
	for _, name := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "JAVA_TOOL_OPTIONS"} {
		assert.Contains(t, values(c)[name], "/var/run/secrets/kindred/", name)
	}
	assert.Equal(t, []core.VolumeMount{
		{Name: "azure-identity-token", MountPath: "/var/run/secrets/azure/tokens", ReadOnly: true},
		{Name: "kindred-trust", MountPath: "/var/run/secrets/kindred", ReadOnly: true},
	}, c.VolumeMounts)

	require.Len(t, pod.Spec.Volumes, 2)
	token := pod.Spec.Volumes[0]
	assert.Equal(t, "azure-identity-token", token.Name)
	projection := token.Projected.Sources[0].ServiceAccountToken
	assert.Equal(t, "azure-identity-token", projection.Path)
	assert.Equal(t, "api://AzureADTokenExchange", projection.Audience)
	assert.EqualValues(t, 3600, *projection.ExpirationSeconds)
	assert.Equal(t, "/etc/kindred/trust", pod.Spec.Volumes[1].HostPath.Path)
}

// A namespace that enforces a Pod Security Standard allows no hostPath.
func TestARestrictedPodMountsNothingOfTheNode(t *testing.T) {
	t.Parallel()
	pod := mutate(t, surface(usual()), webhook.RestrictedPath, simple)
	trust := pod.Spec.Volumes[1]
	assert.Nil(t, trust.HostPath)
	assert.Equal(t, "metadata.annotations['kindred.dev/ca']", trust.Projected.Sources[0].DownwardAPI.Items[0].FieldRef.FieldPath)
	assert.Equal(t, ca, pod.Annotations["kindred.dev/ca"])
	vars := values(pod.Spec.Containers[0])
	assert.Equal(t, "/var/run/secrets/kindred/"+trust.Projected.Sources[0].DownwardAPI.Items[0].Path, vars["SSL_CERT_FILE"])
	assert.NotContains(t, vars, "JAVA_TOOL_OPTIONS")

	annotated := strings.Replace(simple, "name: p,", "name: p, annotations: {a/b~c: d},", 1)
	pod = mutate(t, surface(usual()), webhook.RestrictedPath, annotated)
	assert.Equal(t, map[string]string{"a/b~c": "d", "kindred.dev/ca": ca}, pod.Annotations)
}

func TestWhatAContainerSetsItselfStays(t *testing.T) {
	t.Parallel()
	pod := mutate(t, surface(usual()), webhook.Path, `
metadata: {name: p}
spec:
  serviceAccountName: worker
  volumes: [{name: azure-identity-token, emptyDir: {}}, {name: own, emptyDir: {}}]
  containers:
  - name: main
    image: i
    env:
    - {name: AZURE_CLIENT_ID, value: mine}
    - {name: JAVA_TOOL_OPTIONS, valueFrom: {configMapKeyRef: {name: m, key: k}}}
    volumeMounts: [{name: own, mountPath: /own}, {name: azure-identity-token, mountPath: /elsewhere}]
`)
	c := pod.Spec.Containers[0]
	assert.Equal(t, "mine", values(c)["AZURE_CLIENT_ID"])
	assert.NotNil(t, c.Env[1].ValueFrom)
	assert.Equal(t, tenantID, values(c)["AZURE_TENANT_ID"])
	assert.Len(t, values(c), len(c.Env), "no variable stands twice")
	assert.Equal(t, []core.VolumeMount{
		{Name: "own", MountPath: "/own"},
		{Name: "azure-identity-token", MountPath: "/var/run/secrets/azure/tokens", ReadOnly: true}, // replaced, as the real one does
		{Name: "kindred-trust", MountPath: "/var/run/secrets/kindred", ReadOnly: true},
	}, c.VolumeMounts)
	assert.NotNil(t, pod.Spec.Volumes[0].EmptyDir, "a volume of the name is left as it is")
}

func TestContainersThatAreSkippedAndInitContainers(t *testing.T) {
	t.Parallel()
	pod := mutate(t, surface(usual()), webhook.Path, `
metadata: {name: p, annotations: {azure.workload.identity/skip-containers: " proxy ;wait"}}
spec:
  serviceAccountName: worker
  initContainers: [{name: wait, image: i}, {name: fetch, image: i}]
  containers: [{name: main, image: i}, {name: proxy, image: i}]
`)
	for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
		skipped := c.Name == "proxy" || c.Name == "wait"
		assert.Equal(t, skipped, len(c.Env) == 0, c.Name)
		assert.Equal(t, skipped, len(c.VolumeMounts) == 0, c.Name)
	}
}

func TestTheIdentityOfAServiceAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		accounts accounts
		want     map[string]string // "" stands for a variable that is not there
	}{
		"annotated":    {usual(), map[string]string{"AZURE_CLIENT_ID": clientID, "AZURE_TENANT_ID": tenantID}},
		"its tenant":   {usual(directory.AnnotationTenantID, "other"), map[string]string{"AZURE_TENANT_ID": "other"}},
		"no client id": {accounts{"team/worker": nil}, map[string]string{"AZURE_CLIENT_ID": "", "AZURE_TENANT_ID": tenantID}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vars := values(mutate(t, surface(c.accounts), webhook.Path, simple).Spec.Containers[0])
			for name, value := range c.want {
				assert.Equal(t, value, vars[name], name)
				if value == "" {
					assert.NotContains(t, vars, name)
				}
			}
		})
	}
	t.Run("default", func(t *testing.T) {
		t.Parallel()
		a := accounts{"team/default": {directory.AnnotationClientID: "of default"}}
		pod := mutate(t, surface(a), webhook.Path, `{metadata: {generateName: p-}, spec: {containers: [{name: main}]}}`)
		assert.Equal(t, "of default", values(pod.Spec.Containers[0])["AZURE_CLIENT_ID"])
	})
}

func TestTheLifeOfAToken(t *testing.T) {
	t.Parallel()
	const annotation = directory.AnnotationTokenExpiration
	for name, c := range map[string]struct {
		pod, account string
		want         int64 // 0: refused
	}{
		"default":               {"", "", 3600},
		"the account's":         {"", "7200", 7200},
		"the pod's wins":        {"86400", "7200", 86400},
		"too short":             {"3599", "", 0},
		"too long":              {"", "86401", 0},
		"no number":             {"1h", "", 0},
		"the pod's wins, wrong": {"100", "7200", 0},
		"an empty one":          {`""`, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := usual()
			if c.account != "" {
				a = usual(annotation, c.account)
			}
			pod := simple
			if c.pod != "" {
				text := c.pod
				if text != `""` {
					text = `"` + text + `"`
				}
				pod = strings.Replace(simple, "name: p,", "name: p, annotations: {"+annotation+": "+text+"},", 1)
			}
			if c.want == 0 {
				answer := review(t, surface(a), webhook.Path, pod)
				assert.False(t, answer.Allowed)
				assert.EqualValues(t, http.StatusBadRequest, answer.Result.Code)
				assert.Regexp(t, `^token expiration \S* ?not valid\. Expected value to be between 3600 and 86400$`, answer.Result.Message)
				return
			}
			got := mutate(t, surface(a), webhook.Path, pod).Spec.Volumes[0].Projected.Sources[0].ServiceAccountToken
			assert.Equal(t, c.want, *got.ExpirationSeconds)
		})
	}
}

func TestAPodOnTheNodesNetworkAsksTheClustersDNS(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]core.DNSPolicy{
		"hostNetwork: true":                          core.DNSClusterFirstWithHostNet,
		"hostNetwork: true, dnsPolicy: ClusterFirst": core.DNSClusterFirstWithHostNet,
		"hostNetwork: true, dnsPolicy: Default":      core.DNSDefault, // asked for
		"dnsPolicy: ClusterFirst":                    core.DNSClusterFirst,
	} {
		pod := mutate(t, surface(usual()), webhook.Path, strings.Replace(simple, "serviceAccountName", spec+", serviceAccountName", 1))
		assert.Equal(t, want, pod.Spec.DNSPolicy, spec)
	}
}

func TestAPodIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ pod, want string }{
		"no such account": {`{spec: {serviceAccountName: nobody}}`, "service account team/nobody: there is no such service account"},
		"proxy sidecar": {
			`{metadata: {annotations: {azure.workload.identity/inject-proxy-sidecar: "true"}}, spec: {serviceAccountName: worker}}`,
			"kindred's webhook injects no proxy sidecar",
		},
		"no pod": {`[1]`, "the pod cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := review(t, surface(usual()), webhook.Path, c.pod)
			assert.False(t, answer.Allowed)
			assert.Contains(t, answer.Result.Message, c.want)
			assert.Empty(t, answer.Patch)
		})
	}
}

func TestWhatIsNoReview(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", "[", `{"kind":"AdmissionReview"}`, "null"} {
		assert.Equal(t, http.StatusBadRequest, post(surface(usual()), webhook.Path, []byte(body)).Code, body)
	}
}

// FuzzMutate sends pods of any form: the answer is a refusal, or a patch that applies and leaves
// nothing for a second pass.
func FuzzMutate(f *testing.F) {
	for _, pod := range []string{
		`{"metadata":{"annotations":{"a/~":"b"}},"spec":{"serviceAccountName":"worker","containers":[{"name":"c","env":[]}]}}`,
		`{"spec":{"serviceAccountName":"worker","volumes":[],"initContainers":[{}],"containers":[{"volumeMounts":[{"name":"azure-identity-token"},{"name":"kindred-trust"}]}],"hostNetwork":true}}`,
		`{"spec":{"serviceAccountName":"worker","containers":null}}`, `{}`, `[]`,
	} {
		f.Add([]byte(pod), true)
		f.Add([]byte(pod), false)
	}
	s := surface(usual())
	f.Fuzz(func(t *testing.T, pod []byte, restricted bool) {
		var p core.Pod
		if !json.Valid(pod) || json.Unmarshal(pod, &p) != nil {
			return
		}
		whole, err := json.Marshal(p) // as an API server has it: each field once, in its own spelling
		require.NoError(t, err)
		path := webhook.Path
		if restricted {
			path = webhook.RestrictedPath
		}
		if review(t, s, path, string(whole)).Allowed {
			mutate(t, s, path, string(whole))
		}
	})
}
