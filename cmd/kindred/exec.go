package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/environ"
)

func (c *cli) exec() *cobra.Command {
	var s setup
	var api, as, via string
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARG...]",
		Short: "Run a program as a workload, unmodified",
		Long: `Runs a program in the environment of a pod with workload identity: its token file
is kept fresh, Azure's names lead to kindred, its certificates are trusted.
Starts an emulator of its own on free ports, or joins the one at --control.
When the program fails, what kindred refused is explained.`,
		Example: `  kindred exec -- python app.py
  kindred exec --fixture team.yaml --as team-a/worker --offline -- ./app
  kindred exec --control 127.0.0.1:8445 -- npm test`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("via", via, string(environ.ViaProxy), string(environ.ViaAuthority)); err != nil {
				return err
			}
			for _, own := range []string{"fixture", "strict", "offline", "state", "seed", "allow-issuer"} {
				if !cmd.Flags().Changed(own) {
					continue
				}
				if cmd.Flags().Changed("control") {
					return fmt.Errorf("--%s is for an emulator that exec starts; the one at --control has its own", own)
				}
				api = ""
			}
			return c.runAs(cmd.Context(), &s, api, as, via, args)
		},
	}
	cmd.Flags().SetInterspersed(false)
	s.flags(cmd.Flags())
	cmd.Flags().StringVar(&api, "control", c.env.get(controlVariable), "join the kindred whose control API is at `ADDRESS` (default: $"+controlVariable+")")
	workloadFlags(cmd, &as, &via)
	return cmd
}

// runAs runs the child and cleans up behind it. The error is the child's exit status.
func (c *cli) runAs(ctx context.Context, s *setup, api, as, via string, args []string) error {
	if api == "" {
		e, err := c.ownEmulator(ctx, s)
		if err != nil {
			return err
		}
		defer func() { _ = e.Close() }() // the child is gone: nothing is under way
		api = e.Info().Control
	}
	dir, err := os.MkdirTemp("", "kindred-exec-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a token that expires by itself
	w, err := c.prepare(ctx, api, as, via, dir)
	if err != nil {
		return err
	}
	last, err := newest(ctx, w.client)
	if err != nil {
		return err
	}
	status, err := c.child(ctx, w, args)
	if err != nil || status == statusDone {
		return err
	}
	c.explainSince(context.WithoutCancel(ctx), w, last)
	return exitStatus(status)
}

func (c *cli) ownEmulator(ctx context.Context, s *setup) (*emulator.Emulator, error) {
	o, err := c.options(s)
	if err != nil {
		return nil, err
	}
	o.Log = slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return emulator.Start(context.WithoutCancel(ctx), o) // it outlives a signal: the child may still need it
}

// child runs the command to its end, its token file kept fresh meanwhile. Signals are the child's to
// answer: a terminal sends an interrupt to it as well, others are passed on.
func (c *cli) child(ctx context.Context, w *workload, args []string) (int, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, beneath(c.stdout), c.stderr
	cmd.Env = c.env.list
	for _, v := range w.vars {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return statusUsage, fmt.Errorf("start %s: %w", args[0], err)
	}
	go c.keepFresh(ctx, w)
	go passOn(ctx, signals, cmd.Process)
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return childStatus(exit), nil
	}
	return statusDone, err
}

// passOn sends the child every signal but interrupts, until the context ends.
func passOn(ctx context.Context, signals <-chan os.Signal, child *os.Process) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			if s != os.Interrupt {
				_ = child.Signal(s) // it may be gone
			}
		}
	}
}

// childStatus is the child's exit status as a shell gives it: 128 and the signal that ended it.
func childStatus(e *exec.ExitError) int {
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return e.ExitCode()
}

// keepFresh renews the token file until the context ends.
func (c *cli) keepFresh(ctx context.Context, w *workload) {
	const retry = 10 * time.Second
	for wait := w.renewIn; ; {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		var err error
		if wait, err = w.renew(ctx); err != nil {
			fmt.Fprintln(c.stderr, "kindred: the token file was not renewed:", err)
			wait = retry
		}
	}
}

// isAfter compares ids of records.
func isAfter(id string, other int) bool {
	n, err := strconv.Atoi(id)
	return err == nil && n > other
}

// explainSince explains what was refused since a record, to standard error; where nothing was, why.
func (c *cli) explainSince(ctx context.Context, w *workload, id int) {
	records, err := w.client.Records(ctx, id)
	if err != nil {
		return // the child's own failure is what counts
	}
	if len(records) == 0 {
		if r, err := w.client.Record(ctx, "last"); err == nil && isAfter(r.ID, id) {
			records = append(records, r)
		}
	}
	seen := make(map[string]bool)
	for _, r := range records {
		if r.Explanation == nil || seen[r.Error.Message] {
			continue
		}
		seen[r.Error.Message] = true
		fmt.Fprintln(c.stderr)
		printRecord(c.stderr, r, c.colour(c.stderr))
	}
}
