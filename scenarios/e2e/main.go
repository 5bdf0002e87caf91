// Command e2e runs every scenario on its targets and prints a line for each.
//
//	go run ./scenarios/e2e --kindred bin/kindred --quickstart bin/quickstart --targets embedded,kind scenarios
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"

	"github.com/kindred-emulator/kindred/scenarios"
	"github.com/kindred-emulator/kindred/scenarios/command"
)

func main() { command.Main("e2e", run) }

// options are the flags.
type options struct {
	kindred, quickstart, targets, work, match string
	dir                                       string // of the scenario files
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("e2e", flag.ContinueOnError)
	flags.StringVar(&o.kindred, "kindred", "bin/kindred", "the program")
	flags.StringVar(&o.quickstart, "quickstart", "bin/quickstart", "the client")
	flags.StringVar(&o.targets, "targets", "", scenarios.TargetsUsage)
	flags.StringVar(&o.work, "work", scenarios.WorkFolder, scenarios.WorkUsage)
	flags.StringVar(&o.match, "run", "", "only the scenarios whose file and name, with a space between, match this regular expression")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.dir = "scenarios"
	if flags.NArg() > 0 {
		o.dir = flags.Arg(0)
	}
	return o, nil
}

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	match, err := regexp.Compile(o.match)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	files, err := scenarios.Load(os.DirFS(o.dir))
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "kindred-e2e-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	cluster, err := scenarios.ClusterName("e2e", o.work)
	if err != nil {
		return err
	}
	targets, err := scenarios.Choose(ctx, o.targets, os.Stdout,
		&scenarios.Embedded{Kindred: o.kindred, Quickstart: o.quickstart, Work: work},
		&scenarios.Kind{Kindred: o.kindred, Quickstart: o.quickstart, Files: o.dir, Work: o.work, Cluster: cluster},
	)
	if err != nil {
		return err
	}
	r := &runner{dir: o.dir, out: os.Stdout, match: match}
	for _, target := range targets {
		for _, f := range files {
			if err := r.file(ctx, target, f); err != nil {
				return fmt.Errorf("%s on %s: %w", f.Name, target.Name(), err)
			}
		}
	}
	fmt.Printf("\n%d passed, %d failed\n", r.passed, r.failed)
	if r.failed > 0 || r.passed == 0 {
		return errors.New("not every scenario has the outcome it must have")
	}
	return nil
}
