package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	admission "k8s.io/api/admission/v1"
	core "k8s.io/api/core/v1"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// The annotations of a pod, beside those it shares with its ServiceAccount
// (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
const (
	annotationSkip  = "azure.workload.identity/skip-containers"
	annotationProxy = "azure.workload.identity/inject-proxy-sidecar"
)

// Limits and default of a token's life, in seconds.
const (
	minExpiration     = 3600
	maxExpiration     = 86400
	defaultExpiration = 3600
)

// change is what a pod lacks. An error says why the pod is refused.
func (s *Surface) change(ctx context.Context, q *admission.AdmissionRequest, nodeTrust string) ([]change, error) {
	var pod core.Pod
	if err := json.Unmarshal(q.Object.Raw, &pod); err != nil {
		return nil, fmt.Errorf("the pod cannot be read: %w", err)
	}
	if injects, _ := strconv.ParseBool(pod.Annotations[annotationProxy]); injects {
		return nil, errors.New(annotationProxy + ": kindred's webhook injects no proxy sidecar; remove the annotation, or install azure-workload-identity's webhook and run `kindred cluster up --webhook none`")
	}
	account := pod.Spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	annotations, err := s.Accounts.Annotations(ctx, q.Namespace, account) // a controller's pod has no namespace of its own
	if err != nil {
		return nil, fmt.Errorf("service account %s/%s: %w", q.Namespace, account, err)
	}
	expiration, err := expiration(pod.Annotations, annotations)
	if err != nil {
		return nil, err
	}
	w := &writer{pod: &pod}
	t := s.trust(nodeTrust)
	w.volume(tokenVolume(expiration, s.Cluster.Tenant.Cloud.FederationAudience))
	w.volume(t.volume)
	w.annotate(t.annotations)
	w.resolveByCluster()
	vars := append(s.identity(annotations), t.vars...)
	mounts := []core.VolumeMount{tokenMount(), t.mount}
	skipped := skipped(pod.Annotations)
	for field, containers := range w.containers() {
		for i, c := range containers {
			if !slices.Contains(skipped, c.Name) {
				w.environment(field, i, vars)
				w.mounts(field, i, mounts)
			}
		}
	}
	return w.changes, nil
}

// expiration is the life of the token in seconds: the pod's annotation wins over the account's.
func expiration(pod, account map[string]string) (int64, error) {
	text, ok := pod[directory.AnnotationTokenExpiration]
	if !ok {
		text, ok = account[directory.AnnotationTokenExpiration]
	}
	if !ok {
		return defaultExpiration, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < minExpiration || seconds > maxExpiration {
		return 0, fmt.Errorf("token expiration %s not valid. Expected value to be between %d and %d", text, minExpiration, maxExpiration)
	}
	return seconds, nil
}

// skipped are the containers that the pod wants left alone: names between semicolons.
func skipped(annotations map[string]string) []string {
	var names []string
	for _, name := range strings.Split(annotations[annotationSkip], ";") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}
