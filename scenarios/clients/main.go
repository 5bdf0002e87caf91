// Command clients runs the real, unmodified Azure clients against kindred: each reads a secret as a
// user's program for Azure would, and must print it.
//
//	go run ./scenarios/clients --kindred bin/kindred --quickstart bin/quickstart
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/scenarios"
	"github.com/kindred-emulator/kindred/scenarios/command"
)

// The tutorial's names, which the shipped fixture has.
const (
	account  = "default/workload-identity-sa"
	vault    = "https://lgurret-demo-aks-wi.vault.azure.net/"
	secret   = "my-secret"
	expected = "Hello!"
)

func main() { command.Main("clients", run) }

// options are the flags.
type options struct {
	kindred, quickstart, sources, cache, targets, work string
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("clients", flag.ContinueOnError)
	var o options
	flags.StringVar(&o.kindred, "kindred", "bin/kindred", "the program")
	flags.StringVar(&o.quickstart, "quickstart", "bin/quickstart", "the client in Go")
	flags.StringVar(&o.sources, "sources", "scenarios/clients", "where the other clients are")
	flags.StringVar(&o.cache, "cache", ".cache/clients", "where their libraries are put")
	flags.StringVar(&o.targets, "targets", "", scenarios.TargetsUsage)
	flags.StringVar(&o.work, "work", scenarios.WorkFolder, scenarios.WorkUsage)
	if err := flags.Parse(args); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "kindred-clients-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	cluster, err := scenarios.ClusterName("clients", o.work)
	if err != nil {
		return err
	}
	embedded := &scenarios.Embedded{Kindred: o.kindred, Work: work}
	kind := &scenarios.Kind{Kindred: o.kindred, Quickstart: o.quickstart, Files: "scenarios", Work: o.work, Cluster: cluster}
	targets, err := scenarios.Choose(ctx, o.targets, os.Stdout, embedded, kind)
	if err != nil {
		return err
	}
	r := &report{out: os.Stdout}
	for _, target := range targets {
		if err := o.onTarget(ctx, r, target); err != nil {
			return fmt.Errorf("on %s: %w", target.Name(), err)
		}
	}
	return r.close()
}

// onTarget runs every client against a kindred of one target.
func (o *options) onTarget(ctx context.Context, r *report, target scenarios.Target) (err error) {
	defer func() { err = errors.Join(err, target.Down()) }()
	if err := target.Up(ctx, ""); err != nil {
		return err
	}
	clients := o.installed(ctx, r)
	switch t := target.(type) {
	case *scenarios.Embedded:
		for _, c := range clients {
			r.line("via proxy", c.name, c.run(ctx, o.kindred, vault, nil, "exec", "--state", t.Work, "--as", account, "--offline"))
			o.viaAuthority(ctx, r, c, t)
		}
	case *scenarios.Kind:
		token, err := t.ControlToken()
		if err != nil {
			return err
		}
		for _, c := range clients {
			r.line("beside kind", c.name, c.run(ctx, o.kindred, vault, []string{token}, "exec", "--control", t.Info.Control, "--as", account))
		}
		r.line("as a pod", "vals, a program of others", o.vals(ctx, t))
	}
	return nil
}

// installed are the clients that can run here, with their libraries.
func (o *options) installed(ctx context.Context, r *report) (ready []client) {
	for _, c := range all(o.quickstart, o.sources, o.cache) {
		if program := c.missing(); program != "" {
			r.skip(c.name, program+" is missing")
		} else if err := c.ready(ctx); err != nil {
			r.line("installing", c.name, err)
		} else {
			ready = append(ready, c)
		}
	}
	return ready
}

// viaAuthority runs a client with AZURE_AUTHORITY_HOST at kindred, if it works so.
func (o *options) viaAuthority(ctx context.Context, r *report, c client, t *scenarios.Embedded) {
	switch {
	case !c.authority:
	case c.resolves && !resolvesLocalhost(ctx):
		r.skip("via authority  "+c.name, "this system does not resolve *.localhost (on Debian, install libnss-myhostname)")
	default:
		r.line("via authority", c.name, c.run(ctx, o.kindred, t.Info.Vaults[0].Local, nil,
			"exec", "--control", t.Info.Control, "--as", account, "--via", "authority"))
	}
}

// run runs the client under kindred and compares what it prints.
func (c client) run(ctx context.Context, kindred, vault string, env []string, args ...string) error {
	command := append(append(args, "--"), c.command...)
	cmd := exec.CommandContext(ctx, kindred, command...)
	cmd.Env = append(append(os.Environ(), "KEYVAULT_URL="+vault, "SECRET_NAME="+secret), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	err := cmd.Run()
	if got := strings.TrimSpace(stdout.String()); err == nil && got != expected {
		err = fmt.Errorf("it printed %q instead of %q", got, expected)
	}
	if err != nil {
		return fmt.Errorf("%w after %s\n%s", err, time.Since(begin).Round(time.Millisecond), &stderr)
	}
	return nil
}

// resolvesLocalhost says whether the system's resolver, which the clients use, knows *.localhost.
func resolvesLocalhost(ctx context.Context) bool {
	if _, err := exec.LookPath("getent"); err != nil {
		return true // not a system with glibc; the client will tell
	}
	return exec.CommandContext(ctx, "getent", "ahosts", "kindred.vault.localhost").Run() == nil
}

// report prints a line for each client and counts.
type report struct {
	out                     io.Writer
	passed, failed, skipped int
}

func (r *report) line(way, name string, err error) {
	if err != nil {
		r.failed++
		fmt.Fprintf(r.out, "✗ %-13s  %s: %v\n", way, name, err)
		return
	}
	r.passed++
	fmt.Fprintf(r.out, "✓ %-13s  %s\n", way, name)
}

func (r *report) skip(name, reason string) {
	r.skipped++
	fmt.Fprintf(r.out, "– not run: %s: %s\n", name, reason)
}

func (r *report) close() error {
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	switch {
	case r.failed > 0 || r.passed == 0:
		return errors.New("not every client reads the secret")
	case r.skipped > 0 && os.Getenv("CI") != "":
		return errors.New("in CI every client must run")
	}
	return nil
}
