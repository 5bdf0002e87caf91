package kindsetup

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	readyWithin = 3 * time.Minute
	askEvery    = 250 * time.Millisecond
)

// until asks again and again until there is no error, and gives the last one when time is up.
func until(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", readyWithin, err)
		case <-ticker.C:
		}
	}
}

// ready waits until the cluster can run a labelled pod: its node, its DNS, its webhook.
func (n *node) ready(ctx context.Context, webhook bool) error {
	timeout := "--timeout=" + readyWithin.String()
	if _, err := n.kubectl(ctx, "", "wait", "--for=condition=Ready", timeout, "node", "--all"); err != nil {
		return err
	}
	if _, err := n.kubectl(ctx, "", "--namespace=kube-system", "rollout", "status", timeout, "deployment/coredns"); err != nil {
		return err
	}
	if !webhook {
		return nil
	}
	return until(ctx, n.admits)
}

// probePod is a labelled pod that is never made.
const probePod = `apiVersion: v1
kind: Pod
metadata: {generateName: kindred-probe-, namespace: default, labels: {azure.workload.identity/use: "true"}}
spec: {containers: [{name: probe, image: probe}]}
`

// admits has the API server try a labelled pod, without making it.
func (n *node) admits(ctx context.Context) error {
	out, err := n.kubectl(ctx, probePod, "create", "--dry-run=server", "--output=jsonpath={.spec.containers[0].env[*].name}", "--filename=-")
	if err != nil {
		return err
	}
	if !strings.Contains(out, "AZURE_FEDERATED_TOKEN_FILE") {
		return fmt.Errorf("a labelled pod gets the variables %q, and no AZURE_FEDERATED_TOKEN_FILE", out)
	}
	return nil
}
