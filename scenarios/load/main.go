// Command load measures a real kindred over TLS on loopback, each figure beside its bound: a bare
// net/http TLS server that does just the cryptography, and answers just the bytes. Then it measures
// kindreds that hold ever more beside one that holds little. The rounds of two alternate, so that a
// change in the machine's speed meets both. Linux only: it reads /proc.
//
//	go run ./scenarios/load --kindred bin/kindred
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/kindred-emulator/kindred/scenarios/command"
)

func main() { command.Main("load", run) }

// settings are the flags.
type settings struct {
	kindred               string
	rounds, tokens, reads int
	connections           counts
	bound, answers        string
	skipBounds, skipScale bool
}

func (o *settings) flags(f *flag.FlagSet) {
	o.connections = counts{1, 16, 64}
	f.StringVar(&o.kindred, "kindred", "bin/kindred", "the program")
	f.IntVar(&o.rounds, "rounds", 5, "rounds of each measurement")
	f.IntVar(&o.tokens, "tokens", 400, "token requests a round")
	f.IntVar(&o.reads, "reads", 6000, "other requests a round")
	f.Var(&o.connections, "connections", "numbers of connections, with commas between")
	f.BoolVar(&o.skipBounds, "skip-bounds", false, "do not compare with bounds")
	f.BoolVar(&o.skipScale, "skip-scale", false, "do not compare with what holds more")
	f.StringVar(&o.bound, "bound", "", "serve the bound of a measurement instead of measuring (what load starts itself)")
	f.StringVar(&o.answers, "answers", "", "with --bound: the file that holds the answers")
}

func run(ctx context.Context, args []string) error {
	var o settings
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	o.flags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.bound != "" {
		return serveBound(ctx, o.answers, os.Stdout)
	}
	work, err := os.MkdirTemp("", "kindred-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	m := &meter{settings: o, work: work, out: os.Stdout}
	if err := m.start(ctx); err != nil {
		return err
	}
	if !o.skipBounds {
		if err := m.bounds(ctx); err != nil {
			return err
		}
	}
	if o.skipScale {
		return nil
	}
	return m.scale(ctx)
}

// counts is a flag of numbers with commas between.
type counts []int

func (c *counts) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*c)), " ", ","), "[]")
}

func (c *counts) Set(text string) error {
	*c = nil
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of connections", word)
		}
		*c = append(*c, n)
	}
	return nil
}
