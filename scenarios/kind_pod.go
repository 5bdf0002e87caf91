package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// Where a pod has a token that is not the webhook's.
const (
	ownTokenFolder = "/var/run/token"
	ownTokenName   = "token"
)

// pod makes the pod of a scenario: the quick-start client as its service account.
func (k *Kind) pod(ctx context.Context, s Scenario, w *podWorkload) error {
	account, err := k.control.Workload(ctx, s.As)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("scenario-%d", k.pods.Add(1))
	w.of = Workload{Namespace: account.Namespace, Selector: "scenario=" + name}
	pod := &core.Pod{
		TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: meta.ObjectMeta{
			Name: name, Namespace: account.Namespace,
			Labels: map[string]string{"scenario": name}, Annotations: s.Annotations,
		},
		Spec: core.PodSpec{
			ServiceAccountName: account.ServiceAccount,
			RestartPolicy:      core.RestartPolicyNever,
			Containers: []core.Container{{
				Name: "oidc", Image: QuickstartImage,
				Env: []core.EnvVar{{Name: "KEYVAULT_URL", Value: s.Vault}, {Name: "SECRET_NAME", Value: s.Secret}},
			}},
		},
	}
	if !s.Unlabelled {
		pod.Labels["azure.workload.identity/use"] = "true"
	}
	objects := []any{pod}
	switch {
	case account.Cluster != k.cluster.Record.Cluster || len(s.Token.Claims) > 0 || s.Token.Type != "":
		secret, err := k.foreignToken(ctx, s, pod.ObjectMeta)
		if err != nil {
			return err
		}
		objects = append(objects, secret)
		ownToken(pod, core.VolumeSource{Secret: &core.SecretVolumeSource{SecretName: secret.Name}})
	case s.Token.Audience != "":
		ownToken(pod, core.VolumeSource{Projected: &core.ProjectedVolumeSource{Sources: []core.VolumeProjection{{
			ServiceAccountToken: &core.ServiceAccountTokenProjection{Audience: s.Token.Audience, Path: ownTokenName},
		}}}})
	}
	w.objects, err = encode(objects...)
	return err
}

// foreignToken holds a token that the cluster cannot sign, for it is another issuer's.
func (k *Kind) foreignToken(ctx context.Context, s Scenario, as meta.ObjectMeta) (*core.Secret, error) {
	t, err := k.control.Token(ctx, s.tokenRequest())
	return &core.Secret{
		TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: meta.ObjectMeta{Name: as.Name, Namespace: as.Namespace},
		StringData: map[string]string{ownTokenName: t.Token},
	}, err
}

// ownToken gives a pod a token file of its own, which the webhook leaves alone.
func ownToken(pod *core.Pod, from core.VolumeSource) {
	pod.Spec.Volumes = []core.Volume{{Name: ownTokenName, VolumeSource: from}}
	c := &pod.Spec.Containers[0]
	c.VolumeMounts = []core.VolumeMount{{Name: ownTokenName, MountPath: ownTokenFolder, ReadOnly: true}}
	c.Env = append(c.Env, core.EnvVar{Name: "AZURE_FEDERATED_TOKEN_FILE", Value: ownTokenFolder + "/" + ownTokenName})
}

// accounts makes the fixture's service accounts and their namespaces.
func (k *Kind) accounts(ctx context.Context) error {
	var objects []any
	for _, c := range k.Info.Clusters {
		for _, name := range c.ServiceAccounts {
			a, err := k.control.Workload(ctx, c.Name+"/"+name)
			if err != nil {
				return err
			}
			objects = append(objects, account(a)...)
		}
	}
	text, err := encode(objects...)
	if err == nil {
		_, err = k.cluster.Kubectl(ctx, text, "apply", "--filename=-")
	}
	return err
}

// account is a service account with the annotation that the fixture says, and its namespace.
func account(a control.Workload) []any {
	account := &core.ServiceAccount{
		TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: meta.ObjectMeta{Name: a.ServiceAccount, Namespace: a.Namespace},
	}
	if a.ClientID != "" {
		account.Annotations = map[string]string{directory.AnnotationClientID: a.ClientID}
	}
	return []any{&core.Namespace{
		TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: meta.ObjectMeta{Name: a.Namespace},
	}, account}
}

// encode is objects as kubectl reads them.
func encode(objects ...any) (string, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	for _, o := range objects {
		if err := e.Encode(o); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}
