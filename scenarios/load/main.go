// Command load measures a real kindred over TLS on loopback, each figure beside its bound: a bare
// net/http TLS server that does just the cryptography, or answers just the bytes. The rounds of the
// two alternate, so that a change in the machine's speed meets both. Linux only: it reads /proc.
//
//	go run ./scenarios/load --kindred bin/kindred
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	kindred := flags.String("kindred", "bin/kindred", "the program")
	bound := flags.String("bound", "", "serve the bound of a measurement instead of measuring (what load starts itself)")
	answer := flags.String("answer", "", "with --bound: the file that holds the answer")
	rounds := flags.Int("rounds", 5, "rounds of each measurement")
	tokens := flags.Int("tokens", 400, "token requests a round")
	reads := flags.Int("reads", 10000, "secret reads a round")
	connections := flags.Int("connections", 4, "connections")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *bound != "" {
		return serveBound(ctx, *bound, *answer, out)
	}
	work, err := os.MkdirTemp("", "kindred-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	if err := measureStart(ctx, *kindred, work, *rounds, out); err != nil {
		return err
	}
	s, err := startKindred(ctx, *kindred, work)
	if err != nil {
		return err
	}
	defer s.stop()
	rss, err := s.rss()
	if err != nil {
		return err
	}
	binary, err := os.Stat(*kindred)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "idle RSS %.1f MB, binary %.1f MB\n", float64(rss)/1e6, float64(binary.Size())/1e6)
	for _, m := range []struct {
		name    string
		request func(context.Context, *server) (request, error)
		count   int
	}{
		{"federated token", tokenRequest, *tokens},
		{"secret read", readRequest, *reads},
	} {
		if err := compare(ctx, s, m.name, m.request, work, *rounds, m.count, *connections, out); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// compare runs the rounds of one measurement and prints the medians.
func compare(ctx context.Context, s *server, name string, prepare func(context.Context, *server) (request, error), work string, rounds, count, connections int, out io.Writer) error {
	q, err := prepare(ctx, s)
	if err != nil {
		return err
	}
	b, err := startBound(ctx, name, q, work)
	if err != nil {
		return err
	}
	defer b.stop()
	var ratios []float64
	var ours, theirs []sample
	for i := range rounds + 1 {
		x, err := s.load(ctx, q, count, connections)
		if err != nil {
			return err
		}
		y, err := b.load(ctx, q, count, connections)
		if err != nil {
			return err
		}
		if i == 0 {
			continue // warms up
		}
		ours, theirs = append(ours, x), append(theirs, y)
		ratios = append(ratios, float64(x.cpu)/float64(y.cpu))
	}
	fmt.Fprintf(out, "%s, %d connections, %d × %d requests:\n", name, connections, rounds, count)
	fmt.Fprintf(out, "  kindred  %s\n  bound    %s\n", summary(ours), summary(theirs))
	fmt.Fprintf(out, "  server CPU per request, kindred / bound: median %.2f (%.2f to %.2f)\n",
		median(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

// sample is one round: each a request.
type sample struct {
	cpu, p50, p99 time.Duration
}

func summary(samples []sample) string {
	pick := func(f func(sample) time.Duration) time.Duration {
		var all []time.Duration
		for _, s := range samples {
			all = append(all, f(s))
		}
		return median(all).Round(100 * time.Nanosecond)
	}
	return fmt.Sprintf("CPU %-9v p50 %-9v p99 %v",
		pick(func(s sample) time.Duration { return s.cpu }),
		pick(func(s sample) time.Duration { return s.p50 }),
		pick(func(s sample) time.Duration { return s.p99 }))
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

var errAnswer = errors.New("not the answer that was measured at first")
