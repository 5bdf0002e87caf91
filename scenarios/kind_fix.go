package scenarios

import (
	"context"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// play makes the cluster, or has the one there is play another fixture.
func (k *Kind) play(ctx context.Context, fixture string) error {
	args := []string{"--offline", "--listen", "127.0.0.1:0", "--proxy", "127.0.0.1:0", "--control", "127.0.0.1:0"}
	if fixture != "" {
		args = append(args, "--fixture", fixture)
	}
	return k.command(ctx, "up", args...)
}

// clientID annotates the service account, as people would.
func (k *Kind) clientID(ctx context.Context, s *Scenario, id string) error {
	account, err := k.control.Workload(ctx, s.As)
	if err != nil {
		return err
	}
	_, err = k.cluster.Kubectl(ctx, "", "annotate", "--overwrite", "serviceaccount", "--namespace="+account.Namespace,
		account.ServiceAccount, directory.AnnotationClientID+"="+id)
	return err
}

// newToken puts kindred's clock back on the cluster's, which signs by its own; a key that kindred does
// not publish is replaced.
func (k *Kind) newToken(ctx context.Context, cause string) error {
	if _, err := k.control.SetClock(ctx, control.ClockChange{Reset: true}); err != nil {
		return err
	}
	if cause == "key-not-published" {
		return k.command(ctx, "rotate-keys")
	}
	return nil
}
