package kindsetup

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The lines around what kindred adds to the Corefile.
const (
	dnsBegin = "# kindred: begin"
	dnsEnd   = "# kindred: end"
)

// dnsBlock is a server block of CoreDNS for the zones: every name in them is answered with the address
// of the emulator's container, which the engine's DNS behind the node's resolver knows, whatever it is
// after a restart. Nothing is cached, for that reason. Pods have IPv4 only, so there is no AAAA.
func dnsBlock(zones []string, emulator string) string {
	if len(zones) == 0 {
		return ""
	}
	return fmt.Sprintf(`%s
%s {
    errors
    template ANY AAAA {
        rcode NOERROR
    }
    rewrite stop {
        name regex .* %s answer auto
    }
    forward . /etc/resolv.conf
}
%s
`, dnsBegin, strings.Join(zones, ":53 ")+":53", emulator, dnsEnd)
}

// withBlock is a Corefile with kindred's block, in the place of an older one.
func withBlock(corefile, block string) string {
	before, rest, found := strings.Cut(corefile, dnsBegin)
	if found {
		_, after, _ := strings.Cut(rest, dnsEnd)
		corefile = before + strings.TrimPrefix(after, "\n")
	}
	return strings.TrimRight(corefile, "\n") + "\n" + block
}

// corefile reads CoreDNS's configuration.
func (n *node) corefile(ctx context.Context) (string, error) {
	return n.kubectl(ctx, "", "--namespace=kube-system", "get", "configmap", "coredns", "--output=jsonpath={.data.Corefile}")
}

// pointDNS makes CoreDNS answer the zones with the emulator. It is started anew where it would look at
// its configuration only after half a minute.
func (n *node) pointDNS(ctx context.Context, zones []string, emulator string) (detail string, err error) {
	present, err := n.corefile(ctx)
	if err != nil {
		return "", err
	}
	wanted := withBlock(present, dnsBlock(zones, emulator))
	detail = strings.Join(zones, ", ")
	if wanted == strings.TrimRight(present, "\n")+"\n" {
		return detail, nil
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"Corefile": wanted}})
	if err != nil {
		return "", err
	}
	if _, err := n.kubectl(ctx, "", "--namespace=kube-system", "patch", "configmap", "coredns", "--patch="+string(patch)); err != nil {
		return "", err
	}
	return detail, n.restartDNS(ctx)
}

// restartDNS starts CoreDNS anew where it runs already.
func (n *node) restartDNS(ctx context.Context) error {
	started, err := n.kubectl(ctx, "", "--namespace=kube-system", "get", "pods", "--selector=k8s-app=kube-dns",
		"--output=jsonpath={.items[*].status.containerStatuses[*].started}")
	if err != nil || !strings.Contains(started, "true") {
		return err
	}
	_, err = n.kubectl(ctx, "", "--namespace=kube-system", "rollout", "restart", "deployment/coredns")
	return err
}

// leadsTo checks that pods find one of the addresses under a name.
func (n *node) leadsTo(ctx context.Context, name string, addresses []string) error {
	found, err := n.resolve(ctx, name)
	if err != nil {
		return err
	}
	if !slices.Contains(addresses, found) {
		return fmt.Errorf("pods find %s at %s; the emulator is at %s", name, found, strings.Join(addresses, ", "))
	}
	return nil
}

// resolve is the address that pods find for a name: the node asks the cluster's DNS in their stead,
// with a resolv.conf that only this one program sees.
func (n *node) resolve(ctx context.Context, name string) (string, error) {
	server, err := n.kubectl(ctx, "", "--namespace=kube-system", "get", "service", "kube-dns", "--output=jsonpath={.spec.clusterIP}")
	if err != nil {
		return "", err
	}
	const script = `echo "nameserver $1" > /run/kindred-resolv.conf && mount --bind /run/kindred-resolv.conf /etc/resolv.conf && getent ahostsv4 "$2"`
	out, err := n.run(ctx, "", "unshare", "--mount", "sh", "-c", script, "sh", server, name)
	if err != nil {
		return "", fmt.Errorf("pods do not find %s: %w", name, err)
	}
	address, _, _ := strings.Cut(out, " ")
	return address, nil
}
