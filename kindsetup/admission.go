package kindsetup

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"text/template"
)

// webhookUser is the user as whom kindred reads ServiceAccounts, and the name of what it needs in the
// cluster.
const webhookUser = "kindred-webhook"

// The paths at which the emulator takes admission reviews, and the folder of the node with the files
// that make pods trust it.
const (
	webhookPath    = "/mutate-v1-pod"
	restrictedPath = "/mutate-v1-pod/restricted"
	nodeTrust      = "/etc/kindred/trust"
)

//go:embed webhook.yaml
var webhookYAML string

// registration is the webhook's objects for the API server.
func registration(emulator string, ca []byte) (string, error) {
	t, err := template.New("webhook.yaml").Parse(webhookYAML)
	if err != nil {
		return "", err
	}
	type entry struct{ Name, Path, Operator string }
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"User": webhookUser,
		"URL":  "https://" + emulator,
		"CA":   base64.StdEncoding.EncodeToString(ca),
		"Webhooks": []entry{
			{"workload-identity.kindred.dev", webhookPath, "NotIn"},
			{"workload-identity-restricted.kindred.dev", restrictedPath, "In"},
		},
	})
	return out.String(), err
}

// credential is a kubeconfig for webhookUser, signed by the cluster's own authority. It outlives a
// rotation of the service-account keys.
func (n *node) credential(ctx context.Context) ([]byte, error) {
	out, err := n.run(ctx, "", "kubeadm", "kubeconfig", "user", "--config=/kind/kubeadm.conf",
		"--client-name="+webhookUser, "--validity-period=87600h")
	return []byte(out), err
}

// register gives the API server the webhook, and the node the trust files for its pods.
func (n *node) register(ctx context.Context, emulator string, e *Emulator) error {
	if _, err := n.run(ctx, "", "mkdir", "-p", nodeTrust); err != nil {
		return err
	}
	for name, data := range e.Trust {
		if err := n.write(nodeTrust+"/"+name, string(data)); err != nil {
			return err
		}
	}
	objects, err := registration(emulator, e.CA)
	if err != nil {
		return err
	}
	_, err = n.kubectl(ctx, objects, "apply", "--filename=-")
	return err
}
