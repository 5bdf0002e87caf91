package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/fixtures"
	"github.com/kindred-emulator/kindred/fixtures/lint"
	"github.com/kindred-emulator/kindred/fixtures/manifest"
)

// lintOptions is the flags of `lint`.
type lintOptions struct {
	setup
	cluster, namespace, format string
}

func (c *cli) lint() *cobra.Command {
	var o lintOptions
	cmd := &cobra.Command{
		Use:   "lint --fixture FILE MANIFEST...",
		Short: "Say whether Kubernetes manifests will federate, before they are deployed",
		Long: `Reads manifests (files, folders, - for standard input) and says of each workload that
is meant to use workload identity whether its token will be taken and its vault will
let it in, and if not, why, with the place and the fix. Exit status 1 if one will not.

An annotation kindred.dev/lint-ignore: "RULE, RULE" on a workload, its pod template
or its service account silences rules for it.`,
		Example: `  kindred lint --fixture team.yaml deploy/
  helm template chart | kindred lint --fixture team.yaml -
  kindred lint --fixture team.yaml --format sarif deploy/ > lint.sarif`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("format", o.format, "text", "json", "sarif"); err != nil {
				return err
			}
			return c.runLint(&o, args)
		},
	}
	o.fixtureFlag(cmd.Flags())
	cmd.Flags().StringVar(&o.cluster, "cluster", "", "the fixture's cluster that the workloads run in, by `NAME` (default: any)")
	cmd.Flags().StringVar(&o.namespace, "namespace", "default", "the namespace of objects that name none")
	cmd.Flags().StringVar(&o.format, "format", "text", "text, json or sarif")
	return cmd
}

func (c *cli) runLint(o *lintOptions, names []string) error {
	f, err := o.load()
	if err != nil {
		return err
	}
	var cluster *directory.Cluster
	if o.cluster != "" {
		if cluster, err = clusterNamed(f.Directory, o.cluster); err != nil {
			return err
		}
	}
	files, err := manifest.Load(os.Stdin, names...)
	if err != nil {
		return err
	}
	set, unread := manifest.Read(o.namespace, files...)
	r := lint.Run(f.Directory, cluster, set)
	switch o.format {
	case "json":
		err = writeJSON(c.stdout, r)
	case "sarif":
		err = writeSARIF(c.stdout, r)
	default:
		c.printLint(r)
	}
	var problems fixtures.Problems
	switch {
	case err != nil:
		return err
	case errors.As(unread, &problems):
		return fmt.Errorf("not everything could be read:\n%w", problems)
	case unread != nil:
		return unread
	case r.Errors() > 0:
		return exitStatus(statusNot)
	}
	return nil
}

func (c *cli) printLint(r *lint.Report) {
	paint := c.colour(c.stdout)
	passed := 0
	for _, v := range r.Workloads {
		switch {
		case v.Federates && v.Identity != "":
			fmt.Fprintf(c.stdout, "✓ %s federates as %s\n", v.Workload, v.Identity)
		case v.Federates:
			fmt.Fprintf(c.stdout, "✓ %s: nothing is wrong as far as the manifests show\n", v.Workload)
		default:
			fmt.Fprintf(c.stdout, "%s %s will not federate\n", paint("✗"), v.Workload)
		}
		if v.Federates {
			passed++
		}
		for _, f := range v.Findings {
			c.printFinding(f)
		}
	}
	for _, f := range r.Fixture {
		fmt.Fprintf(c.stdout, "– %s\n", f.Object)
		c.printFinding(f)
	}
	fmt.Fprintf(c.stdout, "\n%d of %d workloads will federate; %d others show no sign of workload identity\n", passed, len(r.Workloads), r.Passed)
}

func (c *cli) printFinding(f lint.Finding) {
	fmt.Fprintf(c.stdout, "  %s: %s: %s (%s)\n", f.At, f.Severity, f.Text, f.Rule)
	if f.Fix != "" {
		fmt.Fprintf(c.stdout, "    fix  %s\n", f.Fix)
	}
}
