package main

import (
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/emulator/keys"
	"github.com/kindred-emulator/kindred/emulator/trust"
	"github.com/kindred-emulator/kindred/fixtures"
	"github.com/kindred-emulator/kindred/kindsetup"
)

// clusterOptions is the flags of `cluster up`.
type clusterOptions struct {
	clusterSetup
	cluster string // the fixture's
	program string
	webhook string
}

func (c *cli) clusterUp() *cobra.Command {
	var o clusterOptions
	var config kindsetup.Config
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Make a kind cluster that trusts and reaches a kindred beside it",
		Long: `Makes a kind cluster, with a kubectl context of its own, and kindred in a container
beside it. Its API server signs tokens as an AKS cluster with the fixture's issuer
does; in it Azure's names lead to kindred, and pods labelled
azure.workload.identity/use get their identity. A second run changes nothing, and
mends what an interrupted one left.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("webhook", o.webhook, "builtin", "none"); err != nil {
				return err
			}
			where, err := c.config(&o.clusterSetup)
			if err != nil {
				return err
			}
			config.Name, config.Dir, config.Out = where.Name, where.Dir, where.Out
			config.Terminal, config.Getenv = where.Terminal, where.Getenv
			config.Webhook = o.webhook == "builtin"
			f, cluster, err := o.fixture()
			if err != nil {
				return err
			}
			config.Prepare = func(state string) (*kindsetup.Emulator, error) { return c.beside(&o, f, cluster, state) }
			if err := kindsetup.Up(cmd.Context(), config); err != nil {
				return err
			}
			return printTutorial(c.stdout, f.Directory, cluster, &o.clusterSetup)
		},
	}
	f := cmd.Flags()
	o.flags(f)
	o.fixtureFlag(f)
	o.behaviourFlags(f)
	f.StringVar(&o.cluster, "cluster", "", "the fixture's cluster that this one plays, by `NAME` (default: the first)")
	f.StringVar(&config.NodeImage, "image", "", "kind's node `IMAGE` (default: $KIND_NODE_IMAGE, else kind's own)")
	f.StringVar(&o.webhook, "webhook", "builtin", "builtin, or none where azure-workload-identity's own will be installed")
	f.StringVar(&o.program, "program", "", "a static Linux build of kindred, for the container (default: this program)")
	f.BoolVar(&config.Retain, "retain", false, "leave what a failed run made, to look at it")
	listenFlags(f, &config.Listen, &config.Proxy, &config.Control)
	return cmd
}

// fixture is what the flags name, and the cluster in it that kind is to play.
func (o *clusterOptions) fixture() (*fixtures.Fixture, *directory.Cluster, error) {
	f, err := o.load()
	if err != nil {
		return nil, nil, err
	}
	cluster, err := clusterNamed(f.Directory, o.cluster)
	return f, cluster, err
}

// beside makes or finds the keys in the state folder and says what the emulator beside the cluster is.
func (c *cli) beside(o *clusterOptions, f *fixtures.Fixture, cluster *directory.Cluster, state string) (*kindsetup.Emulator, error) {
	e := &kindsetup.Emulator{
		Program: o.program,
		Issuer:  cluster.Issuer,
		Cluster: cluster.Name,
		Zones:   f.Directory.Zones(),
		Files:   make(map[string][]byte),
	}
	var err error
	if e.Program == "" {
		if e.Program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	if e.WorkDir, err = os.Getwd(); err != nil {
		return nil, err
	}
	for _, name := range f.Files {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		if e.Files[abs], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	for _, name := range o.fixtures {
		e.Args = append(e.Args, "--fixture="+name)
	}
	if o.strict {
		e.Args = append(e.Args, "--strict")
	}
	if o.offline {
		e.Args = append(e.Args, "--offline")
	}
	for _, host := range o.allowed {
		e.Args = append(e.Args, "--allow-issuer="+host)
	}
	if o.seed != 0 {
		e.Args = append(e.Args, "--seed="+strconv.FormatUint(o.seed, 10))
	}
	store, err := keys.Open(keys.Options{Dir: state}, emulator.ClusterRing(cluster.Name))
	if err != nil {
		return nil, err
	}
	e.CA = store.Authority().PEM()
	if e.Keys, err = serviceAccountKeys(store, cluster.Name); err != nil {
		return nil, err
	}
	e.Trust, err = c.trustContents(e.CA)
	return e, err
}

// serviceAccountKeys are a cluster's keys as the API server reads them.
func serviceAccountKeys(store *keys.Store, cluster string) (k kindsetup.Keys, err error) {
	ring, err := store.Ring(emulator.ClusterRing(cluster))
	if err != nil {
		return k, err
	}
	if k.Private, err = ring.Current().PrivatePEM(); err != nil {
		return k, err
	}
	for _, key := range ring.Published(time.Now()) {
		public, err := key.PublicPEM()
		if err != nil {
			return k, err
		}
		k.Public = append(k.Public, public...)
	}
	return k, nil
}

// trustContents are the trust files by name.
func (c *cli) trustContents(ca []byte) (map[string][]byte, error) {
	roots, err := trust.SystemRoots(c.env.get("SSL_CERT_FILE"))
	if err != nil {
		return nil, err
	}
	bundle := trust.Bundle(roots, ca)
	store, err := trust.Keystore(bundle)
	names := trust.In("")
	return map[string][]byte{names.CA: ca, names.Bundle: bundle, names.Keystore: store}, err
}
