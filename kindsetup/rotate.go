package kindsetup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
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
	unlock, err := lock(c.Dir, c.Name)
	if err != nil {
		return err
	}
	defer unlock()
	record, err := Load(c.Dir)
	if err != nil {
		return err
	}
	r := &rotating{Config: &c, record: record, rotation: rotation}
	if r.engine, err = findEngine(c.Getenv, &kindLog{}); err != nil {
		return err
	}
	if err := r.engine.check(ctx); err != nil {
		return err
	}
	if r.node, err = r.engine.node(c.Name); err != nil {
		return err
	}
	p := &progress{out: c.Out, terminal: c.Terminal, now: time.Now}
	return p.all(ctx, []step{
		{"new key", r.publish},
		{"API server", r.restart},
		{"wait", r.wait},
	})
}

// rotating is one RotateKeys.
type rotating struct {
	*Config
	engine   *engine
	node     *node
	record   *Record
	rotation Rotation
}

func (r *rotating) publish(ctx context.Context) (string, error) {
	token, err := ControlToken(r.Dir)
	if err != nil {
		return "", err
	}
	if err := r.rotation.Rotate(ctx, r.record.Control, token, r.record.Cluster); err != nil {
		return "", err
	}
	c := &container{engine: r.engine, name: emulatorName(r.Name)}
	state := filepath.Join(r.Dir, stateDir)
	if err := c.saveState(ctx, state); err != nil {
		return "", err
	}
	keys, err := r.rotation.Keys(state, r.record.Cluster)
	if err != nil {
		return "", err
	}
	return "published beside the old one", writeKeys(filepath.Join(r.Dir, saDir), keys)
}

// restart ends the two programs that hold the keys; the kubelet starts them again.
func (r *rotating) restart(ctx context.Context) (string, error) {
	var err error
	for _, name := range []string{"kube-controller-manager", "kube-apiserver"} {
		_, failed := r.node.run(ctx, "", "sh", "-c", `crictl stop $(crictl ps --quiet --name "^$1$")`, "sh", name)
		err = errors.Join(err, failed)
	}
	return "started again", err
}

// wait waits until the API server signs with the newest key.
func (r *rotating) wait(ctx context.Context) (string, error) {
	return "", until(ctx, func(ctx context.Context) error {
		found, err := signs(ctx, r.node, r.Dir, r.record)
		if err == nil && found.key != found.published[0] {
			err = fmt.Errorf("the API server signs with the key %s, and the newest is %s", found.key, found.published[0])
		}
		return err
	})
}
