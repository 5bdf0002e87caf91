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
	"os/signal"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/scenarios"
)

// The tutorial's names, which the shipped fixture has.
const (
	account  = "default/workload-identity-sa"
	vault    = "https://lgurret-demo-aks-wi.vault.azure.net/"
	secret   = "my-secret"
	expected = "Hello!"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("clients", flag.ContinueOnError)
	kindred := flags.String("kindred", "bin/kindred", "the program")
	quickstart := flags.String("quickstart", "bin/quickstart", "the client in Go")
	sources := flags.String("sources", "scenarios/clients", "where the other clients are")
	cache := flags.String("cache", ".cache/clients", "where their libraries are put")
	if err := flags.Parse(args); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "kindred-clients-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	target := &scenarios.Embedded{Kindred: *kindred, Work: work}
	if err := target.Up(ctx, ""); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Down()) }()

	r := &report{out: out}
	for _, c := range all(*quickstart, *sources, *cache) {
		if program := c.missing(); program != "" {
			r.skip(c.name, program+" is missing")
			continue
		}
		if err := c.ready(ctx); err != nil {
			r.line("installing", c.name, err)
			continue
		}
		r.line("via proxy", c.name, c.run(ctx, *kindred, vault, "exec", "--state", work, "--as", account, "--offline"))
		if !c.authority {
			continue
		}
		if c.resolves && !resolvesLocalhost(ctx) {
			r.skip("via authority  "+c.name, "this system does not resolve *.localhost (on Debian, install libnss-myhostname)")
			continue
		}
		r.line("via authority", c.name, c.run(ctx, *kindred, target.Info.Vaults[0].Local,
			"exec", "--control", target.Info.Control, "--as", account, "--via", "authority"))
	}
	return r.close()
}

// run runs the client under kindred and compares what it prints.
func (c client) run(ctx context.Context, kindred, vault string, args ...string) error {
	command := append(append(args, "--"), c.command...)
	cmd := exec.CommandContext(ctx, kindred, command...)
	cmd.Env = append(os.Environ(), "KEYVAULT_URL="+vault, "SECRET_NAME="+secret)
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
