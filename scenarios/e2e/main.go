// Command e2e runs every scenario on its targets and prints a line for each.
//
//	go run ./scenarios/e2e --kindred bin/kindred --quickstart bin/quickstart --targets embedded,kind scenarios
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/kindred-emulator/kindred/kindsetup"
	"github.com/kindred-emulator/kindred/scenarios"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	kindred, quickstart, targets, work, match string
	dir                                       string // of the scenario files
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("e2e", flag.ContinueOnError)
	flags.StringVar(&o.kindred, "kindred", "bin/kindred", "the program")
	flags.StringVar(&o.quickstart, "quickstart", "bin/quickstart", "the client")
	flags.StringVar(&o.targets, "targets", "", "embedded, kind, or both with a comma (default: both, kind only where there is a container engine)")
	flags.StringVar(&o.work, "work", ".cache/e2e", "a folder for the clusters' keys, by which the next run finds what an interrupted one left")
	flags.StringVar(&o.match, "run", "", "only the scenarios whose file and name, with a space between, match this regular expression")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.dir = "scenarios"
	if flags.NArg() > 0 {
		o.dir = flags.Arg(0)
	}
	o.work, err = filepath.Abs(o.work)
	return o, err
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
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
	targets, err := o.chosen(ctx, out, work)
	if err != nil {
		return err
	}
	r := &runner{dir: o.dir, out: out, match: match}
	for _, target := range targets {
		for _, f := range files {
			if err := r.file(ctx, target, f); err != nil {
				return fmt.Errorf("%s on %s: %w", f.Name, target.Name(), err)
			}
		}
	}
	fmt.Fprintf(out, "\n%d passed, %d failed\n", r.passed, r.failed)
	if r.failed > 0 || r.passed == 0 {
		return errors.New("not every scenario has the outcome it must have")
	}
	return nil
}

// chosen are the targets. One that the flags name must be there.
func (o *options) chosen(ctx context.Context, out io.Writer, work string) ([]scenarios.Target, error) {
	embedded := &scenarios.Embedded{Kindred: o.kindred, Quickstart: o.quickstart, Work: work}
	kind := &scenarios.Kind{Kindred: o.kindred, Quickstart: o.quickstart, Files: o.dir, Work: o.work, Cluster: "kindred-e2e"}
	if o.targets == "" {
		if err := kindsetup.Usable(ctx, os.Getenv); err != nil {
			fmt.Fprintf(out, "– not run: kind: %v\n", err)
			return []scenarios.Target{embedded}, nil
		}
		return []scenarios.Target{embedded, kind}, nil
	}
	var targets []scenarios.Target
	for _, name := range strings.Split(o.targets, ",") {
		i := slices.IndexFunc([]scenarios.Target{embedded, kind}, func(t scenarios.Target) bool { return t.Name() == name })
		if i < 0 {
			return nil, fmt.Errorf("--targets %s: there are embedded and kind", o.targets)
		}
		targets = append(targets, []scenarios.Target{embedded, kind}[i])
	}
	return targets, nil
}
