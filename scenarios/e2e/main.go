// Command e2e runs every scenario on a target and prints a line for each.
//
//	go run ./scenarios/e2e --kindred bin/kindred --quickstart bin/quickstart scenarios
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
	"time"

	"github.com/kindred-emulator/kindred/scenarios"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("e2e", flag.ContinueOnError)
	kindred := flags.String("kindred", "bin/kindred", "the program")
	quickstart := flags.String("quickstart", "bin/quickstart", "the client")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir := "scenarios"
	if flags.NArg() > 0 {
		dir = flags.Arg(0)
	}
	files, err := scenarios.Load(os.DirFS(dir))
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "kindred-e2e-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	r := runner{dir: dir, out: out, target: &scenarios.Embedded{Kindred: *kindred, Quickstart: *quickstart, Work: work}}
	for _, f := range files {
		if err := r.file(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	fmt.Fprintf(out, "\n%d passed, %d failed\n", r.passed, r.failed)
	if r.failed > 0 || r.passed == 0 {
		return errors.New("not every scenario has the outcome it must have")
	}
	return nil
}

type runner struct {
	dir            string
	out            io.Writer
	target         *scenarios.Embedded
	passed, failed int
}

// file runs the scenarios of one file on one kindred.
func (r *runner) file(ctx context.Context, f scenarios.File) (err error) {
	fixture := f.Fixture
	if fixture != "" {
		fixture = filepath.Join(r.dir, fixture)
	}
	if err := r.target.Up(ctx, fixture); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.target.Down()) }()
	for _, s := range f.Scenarios {
		begin := time.Now()
		err := r.target.Run(ctx, s)
		took := time.Since(begin).Round(time.Millisecond)
		if err != nil {
			r.failed++
			fmt.Fprintf(r.out, "✗ embedded  %-9s %s (%s)\n  %v\n", f.Name, s.Name, took, err)
			continue
		}
		r.passed++
		fmt.Fprintf(r.out, "✓ embedded  %-9s %s (%s)\n", f.Name, s.Name, took)
	}
	return nil
}
