package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/webhook"
)

// besides is the flags of a kindred that runs beside a cluster, in a container.
type besides struct {
	published  []string
	token      string
	kubeconfig string
	cluster    string
	trust      string
}

func (b *besides) flags(f *pflag.FlagSet) {
	f.StringSliceVar(&b.published, "published", nil, "where clients reach the three listeners, if elsewhere: `LISTEN,PROXY,CONTROL`")
	f.StringVar(&b.token, "control-token-file", "", "a `FILE` with the token that callers of the control API must present")
	f.StringVar(&b.kubeconfig, "kubeconfig", "", "turns the admission webhook on: a `FILE` with one cluster and a user who may get ServiceAccounts")
	f.StringVar(&b.cluster, "cluster", "", "the fixture's cluster that the one of --kubeconfig is, by `NAME` (default: the first)")
	f.StringVar(&b.trust, "node-trust", "", "the `FOLDER` of the nodes that has kindred's trust files, for pods to mount")
}

// complete gives the options what the flags say.
func (b *besides) complete(o *emulator.Options) error {
	if b.token != "" {
		token, err := os.ReadFile(b.token)
		if err != nil {
			return err
		}
		if o.ControlToken = strings.TrimSpace(string(token)); o.ControlToken == "" {
			return fmt.Errorf("%s has no token", b.token)
		}
	}
	if len(b.published) > 0 {
		if len(b.published) != 3 {
			return fmt.Errorf("--published %s: say LISTEN,PROXY,CONTROL", strings.Join(b.published, ","))
		}
		o.Published = &emulator.Published{Listen: b.published[0], Proxy: b.published[1], Control: b.published[2]}
	}
	if b.kubeconfig == "" {
		return nil
	}
	cluster, err := clusterNamed(o.Directory, b.cluster)
	if err != nil {
		return err
	}
	accounts, err := webhook.OpenAPIServer(b.kubeconfig)
	if err != nil {
		return err
	}
	o.Webhook = &emulator.Webhook{Accounts: accounts, Cluster: cluster, NodeTrust: b.trust}
	return nil
}

// clusterNamed is the fixture's cluster of that name; the first where it is empty.
func clusterNamed(d *directory.Directory, name string) (*directory.Cluster, error) {
	if len(d.Clusters) == 0 {
		return nil, errors.New("the fixture declares no cluster")
	}
	if name == "" {
		return d.Clusters[0], nil
	}
	i := slices.IndexFunc(d.Clusters, func(c *directory.Cluster) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return nil, fmt.Errorf("--cluster %s: the fixture declares no such cluster", name)
	}
	return d.Clusters[i], nil
}
