package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admission "k8s.io/api/admission/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

const (
	clientID = "10000000-0000-4000-8000-000000000001"
	tenantID = "20000000-0000-4000-8000-000000000002"
	ca       = "-----BEGIN CERTIFICATE-----\n"
)

// accounts are ServiceAccounts, NAMESPACE/NAME, with their annotations.
type accounts map[string]map[string]string

func (a accounts) Annotations(_ context.Context, namespace, name string) (map[string]string, error) {
	annotations, ok := a[namespace+"/"+name]
	if !ok {
		return nil, webhook.ErrNoAccount
	}
	return annotations, nil
}

func surface(a accounts) *webhook.Surface {
	return webhook.New(webhook.Config{
		Accounts: a, CA: []byte(ca), NodeTrust: "/etc/kindred/trust",
		Cluster: &directory.Cluster{Tenant: &directory.Tenant{ID: tenantID, Cloud: directory.Clouds()[0]}},
	})
}

// usual is the ServiceAccount of most tests.
func usual(more ...string) accounts {
	annotations := map[string]string{directory.AnnotationClientID: clientID}
	for i := 0; i < len(more); i += 2 {
		annotations[more[i]] = more[i+1]
	}
	return accounts{"team/worker": annotations}
}

// review sends a pod, YAML, as the API server does, and gives the answer.
func review(t testing.TB, s *webhook.Surface, path, pod string) *admission.AdmissionResponse {
	t.Helper()
	object := asJSON(t, pod)
	body, err := json.Marshal(admission.AdmissionReview{
		TypeMeta: meta.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admission.AdmissionRequest{
			UID: "705ab4f5-6393-11e8-b7cc-42010a800002", Namespace: "team", Operation: admission.Create,
			Object: runtime.RawExtension{Raw: object},
		},
	})
	require.NoError(t, err)
	rec := post(s, path, body)
	require.Equal(t, http.StatusOK, rec.Code, rec.Body)
	var answer admission.AdmissionReview
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &answer))
	assert.Equal(t, "AdmissionReview", answer.Kind)
	assert.Equal(t, "admission.k8s.io/v1", answer.APIVersion)
	require.NotNil(t, answer.Response)
	assert.EqualValues(t, "705ab4f5-6393-11e8-b7cc-42010a800002", answer.Response.UID)
	return answer.Response
}

// asJSON takes JSON as it is: some of it, such as a DEL in a string, YAML has not.
func asJSON(t testing.TB, pod string) []byte {
	t.Helper()
	if json.Valid([]byte(pod)) {
		return []byte(pod)
	}
	object, err := yaml.YAMLToJSON([]byte(pod))
	require.NoError(t, err)
	return object
}

func post(s *webhook.Surface, path string, body []byte) *httptest.ResponseRecorder {
	e := echo.New()
	e.POST(webhook.Path, s.Mutate)
	e.POST(webhook.RestrictedPath, s.MutateRestricted)
	q := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, q)
	return rec
}

// mutate is the pod as the API server has it after the webhook, and checks that a second pass changes
// nothing.
func mutate(t testing.TB, s *webhook.Surface, path, pod string) *core.Pod {
	t.Helper()
	changed := apply(t, review(t, s, path, pod), pod)
	again := review(t, s, path, string(changed))
	assert.True(t, again.Allowed)
	assert.Empty(t, string(again.Patch), "a second pass changes nothing")
	var p core.Pod
	require.NoError(t, json.Unmarshal(changed, &p))
	return &p
}

func apply(t testing.TB, answer *admission.AdmissionResponse, pod string) []byte {
	t.Helper()
	require.True(t, answer.Allowed, "%v", answer.Result)
	object := asJSON(t, pod)
	if answer.Patch == nil {
		return object
	}
	require.Equal(t, admission.PatchTypeJSONPatch, *answer.PatchType)
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	require.NoError(t, err)
	changed, err := patch.Apply(object)
	require.NoError(t, err, "%s", answer.Patch)
	return changed
}

// values are the variables of a container.
func values(c core.Container) map[string]string {
	all := make(map[string]string)
	for _, v := range c.Env {
		all[v.Name] = v.Value
	}
	return all
}
