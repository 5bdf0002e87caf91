package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kindred-emulator/kindred/emulator/control"
	"github.com/kindred-emulator/kindred/emulator/environ"
	"github.com/kindred-emulator/kindred/kindsetup"
)

func (c *cli) cluster() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "A kind cluster in which manifests written for AKS work",
		Example: `  kindred cluster up
  kindred cluster up --name team --fixture team.yaml
  kindred cluster status
  kindred cluster down`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.clusterUp(), c.clusterDown(), c.clusterStatus(), c.clusterEnv(), c.clusterLoad(), c.clusterRotate())
	return cmd
}

const defaultCluster = "kindred"

// clusterSetup is the flags that say which cluster.
type clusterSetup struct {
	setup
	name string
}

func (s *clusterSetup) flags(f *pflag.FlagSet) {
	f.StringVar(&s.name, "name", defaultCluster, "the cluster's `NAME`")
	s.stateFlag(f)
}

// config is what kindsetup needs to find the cluster.
func (c *cli) config(s *clusterSetup) (kindsetup.Config, error) {
	state := c.stateDir(&s.setup)
	if state == "" {
		return kindsetup.Config{}, errors.New("there is no home directory to keep a cluster's keys in; name one with --state DIR")
	}
	dir, err := filepath.Abs(filepath.Join(c.clustersDir(&s.setup), s.name))
	if err != nil {
		return kindsetup.Config{}, err
	}
	return kindsetup.Config{
		Name: s.name, Dir: dir,
		Out: c.stderr, Terminal: isTerminal(c.stderr), Getenv: c.env.get,
	}, nil
}

func (c *cli) clusterDown() *cobra.Command {
	var s clusterSetup
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove all that up made, and nothing else",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := c.config(&s)
			if err != nil {
				return err
			}
			removed, err := kindsetup.Down(cmd.Context(), config)
			for _, what := range removed {
				fmt.Fprintln(c.stdout, "removed", what)
			}
			return err
		},
	}
	s.flags(cmd.Flags())
	return cmd
}

func (c *cli) clusterStatus() *cobra.Command {
	var s clusterSetup
	var format string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what of a cluster works, and how to mend what does not",
		Long: `Looks at the cluster, the emulator, the issuer, DNS, the webhook and the certificates.
Exit status 1 if one of them does not work.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			config, err := c.config(&s)
			if err != nil {
				return err
			}
			parts, err := kindsetup.Status(cmd.Context(), config)
			if err != nil {
				return err
			}
			return c.printParts(parts, format)
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// printParts prints a line for each part; the error is the exit status.
func (c *cli) printParts(parts []kindsetup.Part, format string) error {
	if format == "json" {
		if err := writeJSON(c.stdout, parts); err != nil {
			return err
		}
	}
	var err error
	paint := c.colour(c.stdout)
	for _, p := range parts {
		mark := "✓"
		if !p.Works {
			mark, err = paint("✗"), exitStatus(statusNot)
		}
		if format == "json" {
			continue
		}
		fmt.Fprintf(c.stdout, "%s %-12s %s\n", mark, p.Name, p.Detail)
		if p.Fix != "" {
			fmt.Fprintf(c.stdout, "  %-12s %s\n", "fix", p.Fix)
		}
	}
	return err
}

func (c *cli) clusterEnv() *cobra.Command {
	var s clusterSetup
	var shell string
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print what programs on this machine need to know of a cluster",
		Example: `  eval "$(kindred cluster env)"
  kindred exec -- python app.py      then joins the cluster's kindred`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := oneOfShells(shell); err != nil {
				return err
			}
			config, err := c.config(&s)
			if err != nil {
				return err
			}
			vars, err := clusterVariables(config.Dir)
			if err != nil {
				return err
			}
			return printVariables(c.stdout, shell, vars)
		},
	}
	s.flags(cmd.Flags())
	shellFlag(cmd.Flags(), &shell)
	return cmd
}

// clusterVariables are where the cluster's kindred is steered, and the issuer under the name that
// tutorials for AKS give it.
func clusterVariables(dir string) ([]environ.Variable, error) {
	r, err := kindsetup.Load(dir)
	if err != nil {
		return nil, err
	}
	token, err := kindsetup.ControlToken(dir)
	if err != nil {
		return nil, err
	}
	return []environ.Variable{
		{Name: controlVariable, Value: r.Control},
		{Name: control.TokenVariable, Value: token},
		{Name: "AKS_OIDC_ISSUER", Value: r.Issuer},
	}, nil
}
