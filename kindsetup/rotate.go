package kindsetup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
)

// Rotation makes the cluster's new keys.
type Rotation interface {
	// Rotate has the emulator whose control API is at the address make and publish a new key for the
	// fixture's cluster.
	Rotate(ctx context.Context, control, token, cluster string) error
	// Keys reads the cluster's keys from a copy of the emulator's state.
	Keys(state, cluster string) (Keys, error)
}

// RotateKeys gives the API server a new key to sign service-account tokens with, while the old one goes
// on being accepted and published: first the emulator publishes both, then the API server gets both
// and signs with the new one
// (https://learn.microsoft.com/azure/aks/use-oidc-issuer#rotate-the-oidc-key).
func RotateKeys(ctx context.Context, c Config, rotation Rotation) error {
	if err := c.validate(); err != nil {
		return err
	}
	if _, err := Load(c.Dir); err != nil {
		return err
	}
	unlock, err := lock(c.Dir, c.Name)
	if err != nil {
		return err
	}
	defer unlock()
	cluster, err := Open(ctx, c)
	if err != nil {
		return err
	}
	r := &rotating{Config: &c, Cluster: cluster, rotation: rotation}
	return c.progress().all(ctx, []step{
		{"new key", r.publish},
		{"API server", r.restart},
		{"wait", r.wait},
	})
}

// rotating is one RotateKeys.
type rotating struct {
	*Config
	*Cluster
	rotation Rotation
}

func (r *rotating) publish(ctx context.Context) (string, error) {
	token, err := ControlToken(r.Dir)
	if err != nil {
		return "", err
	}
	if err := r.rotation.Rotate(ctx, r.Record.Control, token, r.Record.Cluster); err != nil {
		return "", err
	}
	c := &container{engine: r.engine, name: r.EmulatorName()}
	state := filepath.Join(r.Dir, stateDir)
	if err := c.saveState(ctx, state); err != nil {
		return "", err
	}
	keys, err := r.rotation.Keys(state, r.Record.Cluster)
	if err != nil {
		return "", err
	}
	return "published beside the old one", writeKeys(filepath.Join(r.Dir, saDir), keys)
}

func (r *rotating) restart(ctx context.Context) (string, error) {
	return "started again", r.RestartAPIServer(ctx)
}

// wait waits until the API server signs with the newest key.
func (r *rotating) wait(ctx context.Context) (string, error) {
	return "", until(ctx, func(ctx context.Context) error {
		found, err := signs(ctx, r.node, r.Dir, r.Record)
		if err == nil && found.key != found.published[0] {
			err = fmt.Errorf("the API server signs with the key %s, and the newest is %s", found.key, found.published[0])
		}
		return err
	})
}

// RestartAPIServer starts the two programs anew that hold the service-account keys: the kubelet does so
// when their manifest changes, here by an annotation.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	const script = `cd /etc/kubernetes &&
kubectl annotate --local --overwrite --filename="manifests/$1.yaml" --output=yaml "kindred.dev/restarted=$2" > "$1.new" &&
mv "$1.new" "manifests/$1.yaml"`
	var err error
	for _, name := range []string{"kube-controller-manager", "kube-apiserver"} {
		_, failed := c.node.run(ctx, "", "sh", "-c", script, "sh", name, rand.Text())
		err = errors.Join(err, failed)
	}
	return err
}
