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
func (r *run) ready(ctx context.Context) error {
	_, err := r.node.kubectl(ctx, "", "wait", "--for=condition=Ready", "--timeout="+readyWithin.String(), "node", "--all")
	if err != nil {
		return err
	}
	for _, zone := range r.emulator.Zones {
		if err := until(ctx, func(ctx context.Context) error { return r.leadsHere(ctx, "kindred-probe."+zone) }); err != nil {
			return err
		}
	}
	if !r.Webhook {
		return nil
	}
	return until(ctx, r.node.admits)
}

// leadsHere checks that pods find the emulator under a name.
func (r *run) leadsHere(ctx context.Context, name string) error {
	addresses, err := r.container().addresses(ctx)
	if err != nil {
		return err
	}
	return r.node.leadsTo(ctx, name, addresses)
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
