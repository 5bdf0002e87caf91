// Command soak loads a kindred built with the race detector for some minutes, while faults are injected,
// keys are rotated and rude clients come and go. Every answer is compared with a model's. At the end
// nothing may be left: no data race, no goroutine, no file, no memory. Linux only: it reads /proc.
//
//	go run ./scenarios/soak --kindred bin/kindred-race --time 5m
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kindred-emulator/kindred/scenarios/command"
)

func main() { command.Main("soak", run) }

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	program := flags.String("kindred", "bin/kindred-race", "the program, built with -race")
	took := flags.Duration("time", 5*time.Minute, "how long it is under load")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "of what clients do, and of kindred's faults")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "kindred-soak-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Setenv("GODEBUG", "gctrace=1"); err != nil { // kindred says what is alive after each collection
		return err
	}
	fmt.Printf("seed %d\n", *seed)
	r := &runner{program: *program, fixture: filepath.Join(dir, "fixture.yaml"), seed: *seed}
	if err := os.WriteFile(r.fixture, fixture, 0o600); err != nil {
		return err
	}
	const least = 3 * time.Second
	if _, err := r.soak(ctx, filepath.Join(dir, "brief"), least, 0); err != nil {
		return fmt.Errorf("a brief run to compare with: %w", err)
	}
	brief := r.left
	dump, err := r.soak(ctx, filepath.Join(dir, "long"), *took/warmUp, *took)
	if err != nil {
		return err
	}
	const more = 3 // such as a connection that is just being closed
	if r.left > brief+more {
		return fmt.Errorf("%d goroutines are left, %d after a brief run:\n%s", r.left, brief, dump)
	}
	fmt.Printf("%d goroutines are left, %d after a brief run\n", r.left, brief)
	return nil
}

// warmUp is the part of the time after which what is kept, such as the journal, has its full size.
const warmUp = 5
