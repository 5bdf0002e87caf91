package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// step changes kindred or the cluster. A workload that runs meanwhile is w.
func (k *Kind) step(ctx context.Context, s Step, w *podWorkload) error {
	if s.Do == "" {
		return s.steer(ctx, k.control)
	}
	act, ok := k.actions(w)[s.Do]
	if !ok {
		return fmt.Errorf("there is no action %q", s.Do)
	}
	return act(ctx)
}

// actions are what can be done to a real cluster, by the names that scenarios have for them.
func (k *Kind) actions(w *podWorkload) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"rotate-keys":      func(ctx context.Context) error { return k.command(ctx, "rotate-keys") },
		"stop-kindred":     func(ctx context.Context) error { return k.engine(ctx, "stop", k.cluster.EmulatorName()) },
		"restart-kindred":  func(ctx context.Context) error { return k.engine(ctx, "restart", k.cluster.EmulatorName()) },
		"restart-dns":      k.restartDNS,
		"restart-node":     k.restartNode,
		"roll":             func(ctx context.Context) error { return w.roll(ctx) },
		"await-refresh":    func(ctx context.Context) error { return w.awaitRefresh(ctx) },
		"new-cluster-keys": k.newClusterKeys,
	}
}

func (k *Kind) engine(ctx context.Context, args ...string) error {
	_, err := k.cluster.Engine(ctx, args...)
	return err
}

func (k *Kind) restartDNS(ctx context.Context) error {
	const deployment = "deployment/coredns"
	_, err := k.cluster.Kubectl(ctx, "", "--namespace=kube-system", "rollout", "restart", deployment)
	if err == nil {
		_, err = k.cluster.Kubectl(ctx, "", "--namespace=kube-system", "rollout", "status", deployment)
	}
	return err
}

func (k *Kind) restartNode(ctx context.Context) error {
	if err := k.engine(ctx, "restart", k.cluster.NodeName()); err != nil {
		return err
	}
	return until(ctx, func() error {
		_, err := k.cluster.Kubectl(ctx, "", "get", "--raw=/readyz")
		return err
	})
}

// newClusterKeys gives the API server keys that kindred does not know, as a cluster has that was
// deleted and made again.
func (k *Kind) newClusterKeys(ctx context.Context) error {
	const script = `set -e
cd /etc/kubernetes/pki
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 > /tmp/sa.key
cat /tmp/sa.key > sa.key
openssl pkey -in /tmp/sa.key -pubout > /tmp/sa.pub
cat /tmp/sa.pub > sa.pub`
	if _, err := k.cluster.Node(ctx, "sh", "-c", script); err != nil {
		return err
	}
	if err := k.cluster.RestartAPIServer(ctx); err != nil {
		return err
	}
	return until(ctx, func() error {
		_, err := k.cluster.Kubectl(ctx, "", "create", "token", "default")
		return err
	})
}

// roll has the workload's Deployment make new pods.
func (w *podWorkload) roll(ctx context.Context) error {
	_, err := w.kubectl(ctx, "rollout", "restart", "deployment", "--selector="+w.of.Selector)
	if err == nil {
		_, err = w.kubectl(ctx, "rollout", "status", "deployment", "--selector="+w.of.Selector)
	}
	return err
}

// awaitRefresh waits until the kubelet has replaced the pod's token file, which it does after four
// fifths of the token's life.
func (w *podWorkload) awaitRefresh(ctx context.Context) error {
	first, err := w.issued(ctx)
	if err != nil {
		return err
	}
	return until(ctx, func() error {
		now, err := w.issued(ctx)
		if err == nil && !now.After(first) {
			err = errors.New("the token file is still the first one")
		}
		return err
	})
}

// issued is when the token in the pod's first own volume was signed.
func (w *podWorkload) issued(ctx context.Context) (time.Time, error) {
	pods, err := w.pods(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if len(pods) == 0 {
		return time.Time{}, errNothingYet
	}
	file := fmt.Sprintf("/var/lib/kubelet/pods/%s/volumes/kubernetes.io~projected/%s/%s", pods[0].UID, ownTokenName, ownTokenName)
	text, err := w.cluster.Node(ctx, "cat", file)
	if err != nil {
		return time.Time{}, err
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return time.Time{}, err
	}
	var claims jwt.Claims
	err = token.UnsafeClaimsWithoutVerification(&claims)
	return claims.IssuedAt.Time(), err
}
